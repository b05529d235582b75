#include "engine/socket_buffers.h"

#include <sys/socket.h>

#include <algorithm>
#include <string>

namespace ethercast {

int set_buffer(int fd, int option, int octets) noexcept {
  const int force = option == SO_RCVBUF ? SO_RCVBUFFORCE : SO_SNDBUFFORCE;
  if (setsockopt(fd, SOL_SOCKET, force, &octets, sizeof octets) != 0) {
    setsockopt(fd, SOL_SOCKET, option, &octets, sizeof octets);
  }
  int given = 0;
  socklen_t length = sizeof given;
  getsockopt(fd, SOL_SOCKET, option, &given, &length);
  return given;
}

void size_receive_buffer(PortHost& host, int fd, int asked) {
  const int given = set_buffer(fd, SO_RCVBUF, asked != 0 ? asked : kDefaultBuffer);
  host.note("receive_buffer", std::to_string(given));
  // Twice what is asked for is the whole of it; a default that is not reached was nobody's wish.
  if (asked == 0 || given / 2 >= asked) return;
  host.note("receive_buffer_short",
            "the system's limit: sysctl -w net.core.rmem_max=" + std::to_string(asked));
}

void size_send_buffer(int fd, int asked) noexcept {
  set_buffer(fd, SO_SNDBUF, asked != 0 ? std::max(asked, kLeastSendBuffer) : kDefaultBuffer);
}

}  // namespace ethercast
