// The switch transport: we are the switch daemon that UML (`eth0=daemon,…`), vde_plug and our own `daemon`
// ports join. A listener: each client becomes a port. See codec/daemon_control.h for the protocol and its
// sources.
#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

// Config: socket (path), clients (most at once), and where given mode (octal, or "umask": what bind(2)
// gives), group, buffer (octets), mtu.
Result<std::unique_ptr<Port>> make_switch_port(const Config& config);

}  // namespace ethercast
