// A frame a datagram between two fixed ends: QEMU's `dgram` netdev (net/dgram.c in QEMU 7.2), over two paths
// or two UDP addresses.
#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

// Config: local and remote, both a path with a slash or both HOST:PORT; where given buffer (octets), mtu
// (octets of the largest IP packet); between paths mode and group; between addresses mss and offload.
Result<std::unique_ptr<Port>> make_dgram_port(const Config& config);

}  // namespace ethercast
