// Plain sockets for the far side of a test. Loopback only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "engine/address.h"
#include "engine/fd.h"
#include "test/support/frames.h"

namespace ethercast::test {

constexpr int kPatience_ms = 3000;  // for what must come

inline SockAddr address(const std::string& text, uint16_t port) {
  return SockAddr::parse("address", text, port).value();
}

// A UDP socket on 127.0.0.1 with a port of the kernel's choice.
inline Fd loopback_socket(uint16_t port = 0) {
  Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const SockAddr own = address("127.0.0.1", port);
  if (::bind(fd.get(), &own.any, own.length) != 0) return Fd();
  return fd;
}

// A UDP port of 127.0.0.1 that nobody has at this moment.
inline uint16_t free_port() { return local_address(loopback_socket().get()).port(); }

inline bool send_to(const Fd& fd, const SockAddr& to, const Octets& octets) {
  return ::sendto(fd.get(), octets.data(), octets.size(), 0, &to.any, to.length) ==
         static_cast<ssize_t>(octets.size());
}

inline std::optional<Octets> receive(int fd, int timeout_ms = kPatience_ms) {
  pollfd wanted{fd, POLLIN, 0};
  if (::poll(&wanted, 1, timeout_ms) <= 0) return std::nullopt;
  Octets octets(65536);
  const ssize_t got = ::recv(fd, octets.data(), octets.size(), MSG_DONTWAIT);
  if (got < 0) return std::nullopt;
  octets.resize(static_cast<size_t>(got));
  return octets;
}

}  // namespace ethercast::test
