// TCP on the loopback interface: an address that nobody listens on, and guests.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "engine/stream_socket.h"
#include "test/support/sockets.h"

namespace ethercast::test {

// An address that nobody has at this moment.
inline std::string free_tcp() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SockAddr any = address("127.0.0.1", 0);
  REQUIRE(::bind(fd.get(), &any.any, any.length) == 0);
  return "127.0.0.1:" + std::to_string(local_address(fd.get()).port());
}

inline StreamAddress tcp_address(const std::string& text) {
  Config config;
  config.set("at", text);
  return read_stream_address(config, "at").value();
}

// Connected, non-blocking. Precondition: somebody listens.
inline Fd tcp_guest(const std::string& text) {
  auto attempt = stream_connect(tcp_address(text));
  REQUIRE(attempt.ok());
  pollfd wanted{attempt.value().fd.get(), POLLOUT, 0};
  REQUIRE(::poll(&wanted, 1, kPatience_ms) == 1);
  return std::move(attempt.value().fd);
}

}  // namespace ethercast::test
