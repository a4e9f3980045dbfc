#pragma once

#include "kernel/plugin/plugin.hpp"

namespace parkway::media {

/// The media engines as a built-in plugin: one actor a worker, in the order of context::media.
extern const plugin_manifest manifest;

}  // namespace parkway::media
