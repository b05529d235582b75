// `fd`: one end of a pair of sockets, a raw frame a packet, as the UML `vector` device of that name has it
// (kernel 6.1: arch/um/drivers/vector_user.c, user_init_fd_fds). Either a descriptor that this process was
// given, or a new pair whose other end is handed to a program that is started.
#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

// Config: where given fd (a number; none: a new pair), type (of a new pair: seqpacket, dgram), mtu (octets of
// the largest IP packet), buffer (octets). A new pair's other end is the fact `peer_descriptor`, and this
// port's until release_peer().
Result<std::unique_ptr<Port>> make_fd_port(const Config& config);

}  // namespace ethercast
