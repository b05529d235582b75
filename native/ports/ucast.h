// The unicast sibling of the multicast transport: a frame a datagram between two UDP ports (kernel 6.1:
// arch/um/drivers/umcast_user.c, `ucast`).
#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

// Config: remote (address), listenPort, remotePort, and where given interface (name, index or address),
// buffer (octets), mtu (octets of the largest IP packet).
Result<std::unique_ptr<Port>> make_ucast_port(const Config& config);

}  // namespace ethercast
