// `bess`: the wire of the UML `vector` device of that name, and of slirp4netns --target-type=bess: a raw
// frame a packet of an AF_UNIX SOCK_SEQPACKET connection, nothing before it (kernel 6.1:
// arch/um/drivers/vector_user.c, user_init_unix_fds). Guests connect; so `listen` is the side for them, each
// client a port of its own.
#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

// Config: listen or connect (path), and where given mtu (octets of the largest IP packet), buffer (octets);
// with listen: mode, group, clients (how many at most); with connect: reconnect, wait.
Result<std::unique_ptr<Port>> make_bess_port(const Config& config);

}  // namespace ethercast
