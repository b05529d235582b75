// The slirp port: a program of UML's `slirp` kind, which takes and gives IPv4 packets in SLIP on its standard
// input and output (arch/um/drivers/slirp_user.c). To the LAN it is a router; Debian's slirp reaches through
// it whatever this user's programs reach.
#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_slirp_port(const Config& config);

}  // namespace ethercast
