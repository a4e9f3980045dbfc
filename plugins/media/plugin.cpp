#include "plugins/media/plugin.hpp"

#include "plugins/media/engine_actor.hpp"

namespace parkway::media {

const plugin_manifest manifest{
  plugin_abi, "media", PARKWAY_VERSION, "Relays RTP and plays music to who waits.",
  [](const plugin_context& lent) { return start_engines(*lent.kernel->system, lent.node); }};

}  // namespace parkway::media
