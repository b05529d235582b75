// The tap transport: this host's own network stack (or a guest, a bridge, whatever holds the other side of
// the device) as a port. UML's `tuntap` (kernel 6.1: arch/um/drivers/tuntap_kern.c), with a virtio-net header
// in between, so that TCP and UDP runs pass in one piece.
#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

// Config, all optional: device (name; none: the next free tapN), hostIp (address, /LENGTH), mtu ("auto" or
// octets of the largest IP packet), offload ("auto" or "off"), owner and group (names or numbers), persist
// (flag).
Result<std::unique_ptr<Port>> make_tap_port(const Config& config);

}  // namespace ethercast
