// Data sockets of AF_UNIX whose addresses are told over another way: names that nobody chose, taken as the
// 110 octets that they are. unix(7).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>

#include "core/port.h"
#include "core/result.h"
#include "engine/fd.h"
#include "engine/frame_options.h"

namespace ethercast {

// A datagram socket with its buffers sized and noted.
Result<Fd> message_socket(PortHost& host, const FrameOptions& options);

// Binds to an abstract name of the full length (struct sockaddr_un, 110 octets) that is `name`, a dash, and
// 32 random digits. Returns the name without its leading NUL.
Result<std::string> bind_abstract(int socket, const std::string& name);

// Connects to an address as its owner has told it: all of it counts when it is abstract. Then the kernel lets
// nobody else send here, and says when there is room in the other's queue. 0, or an errno.
int connect_whole(int socket, std::span<const uint8_t> address) noexcept;

// Connects to the socket at `path`, if it is `owner`'s (root may name anybody's): else a client could point
// us at sockets that it must not write to itself. 0, or an errno: EPERM for one of another user's.
int connect_owned(int socket, const std::string& path, uid_t owner) noexcept;

}  // namespace ethercast
