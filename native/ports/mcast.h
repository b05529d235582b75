// The multicast transport of User-Mode Linux: each frame one UDP datagram to a group, no header, no switch in
// between (kernel 6.1: arch/um/drivers/umcast_user.c; QEMU's `-netdev socket,mcast=` speaks the same).
#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

// Config: group (address), port, ttl (0-255), loop (flag), and where given interface (name, index or
// address), source (address), buffer (octets), mtu (octets of the largest IP packet).
Result<std::unique_ptr<Port>> make_mcast_port(const Config& config);

}  // namespace ethercast
