#pragma once

#include "plugins/media/music.hpp"

namespace parkway::media {

/// The built-in tune: 25.6 s of soft chords and bells that begin again without a seam. Composed
/// here and computed, always to the same samples: nobody has rights in it.
sound play_tune();

}  // namespace parkway::media
