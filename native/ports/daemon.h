// The daemon transport: a port of somebody's switch daemon (uml_switch, vde_switch, or our own `switch`
// port), as User-Mode Linux joins one. Source: Linux 6.1 arch/um/drivers/daemon_user.c; see
// codec/daemon_control.h.
#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

// Config: socket (path of the control socket, or a folder that has it as `ctl`; none: the first that is there
// of those that UML kernels have built in), reconnect and wait (flags), and where given buffer (octets), mtu.
Result<std::unique_ptr<Port>> make_daemon_port(const Config& config);

}  // namespace ethercast
