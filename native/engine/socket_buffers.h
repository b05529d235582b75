// The buffers of sockets: asked for, past the system's limit where privilege allows, and noted as the kernel
// gives them. socket(7).
#pragma once

#include "core/port.h"

namespace ethercast {

// Asked for when the spec gives no `buffer`: at 1514 octets some 1700 frames with the kernel's bookkeeping.
constexpr int kDefaultBuffer = 4 << 20;
// No send buffer is asked to be smaller: the fragments of one long datagram have to fit in at once, with the
// kernel's bookkeeping, or it could never leave (ENOBUFS for ever).
constexpr int kLeastSendBuffer = 256 << 10;

// Asks for `octets` of SO_RCVBUF or SO_SNDBUF, past the system's limit where privilege allows. Returns what
// the kernel gives, in octets of payload and bookkeeping as it counts them (socket(7): it doubles what is
// asked for).
int set_buffer(int fd, int option, int octets) noexcept;
// What a port does with its `buffer` (0: not given, then kDefaultBuffer). The receive buffer that the kernel
// gives is noted, and when it is less than was asked for, how to get more.
void size_receive_buffer(PortHost& host, int fd, int asked);
// The send buffer is kLeastSendBuffer at least.
void size_send_buffer(int fd, int asked) noexcept;

}  // namespace ethercast
