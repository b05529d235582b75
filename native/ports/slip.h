#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_slip_port(const Config& config);

}  // namespace ethercast
