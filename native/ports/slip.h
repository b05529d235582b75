// The slip port: an IPv4-only peer at the end of a line that speaks SLIP (RFC 1055), as UML's `slip` and
// `slirp` transports do; or this host itself, by a TUN device, since today's kernels have no SLIP.
#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_slip_port(const Config& config);

}  // namespace ethercast
