// The options of a switch, from the flat names and values of lib/switch_options.ts.
#pragma once

#include "core/config.h"
#include "core/fabric.h"

namespace ethercast {

// Every option must be there: the defaults are JavaScript's. Ranges are checked again, since table sizes
// become memory here. `hash_seed` is left alone.
Result<FabricOptions> fabric_options(const Config& config);

}  // namespace ethercast
