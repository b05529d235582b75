// The transports that a configuration can name. Adding one is one line in registry.cpp.
#pragma once

#include <memory>
#include <string>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

// A port of the named transport, not yet open. Errors: an unknown transport, a field out of range.
Result<std::unique_ptr<Port>> make_port(const std::string& transport, const Config& config);

}  // namespace ethercast
