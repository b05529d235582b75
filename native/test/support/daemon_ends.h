// Both ends of the switch daemons' protocol, by hand, so that they can lie: a switch for our client, and a
// client for our switch.
#pragma once

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "engine/unix_datagram.h"
#include "engine/unix_socket.h"
#include "ports/codec/daemon_control.h"
#include "test/support/sockets.h"

namespace ethercast::test {

// A datagram socket with an abstract name of the full length.
struct DataSocket {
  Fd fd;
  DaemonAddress address{};

  DataSocket() : fd(std::move(unix_socket(SOCK_DGRAM).value())) {
    address = abstract_daemon_address(bind_abstract(fd.get(), "test").value());
  }
  // 0, or an errno.
  int send(const DaemonAddress& to, const Octets& octets) const {
    const auto* const name = reinterpret_cast<const sockaddr*>(to.data());
    return sendto(fd.get(), octets.data(), octets.size(), 0, name, to.size()) < 0 ? errno : 0;
  }
};

struct FakeSwitch {
  Fd listener, control;
  DataSocket data;
  DaemonAddress client{};

  explicit FakeSwitch(const std::string& path) : listener(std::move(unix_socket(SOCK_STREAM).value())) {
    const auto address = unix_address(path).value();
    REQUIRE(bind(listener.get(), address.get(), address.length) == 0);
    REQUIRE(listen(listener.get(), 4) == 0);
  }
  // Takes the client that waits, and its request.
  void meet() {
    pollfd wanted{listener.get(), POLLIN, 0};
    REQUIRE(poll(&wanted, 1, kPatience_ms) == 1);
    control.reset(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(control);
    const auto request = receive(control.get());
    REQUIRE(request.has_value());
    CHECK(request->size() == kDaemonRequest);
    const auto parsed = parse_daemon_request(*request);
    REQUIRE(parsed.fault == DaemonFault::none);
    CHECK(parsed.request.version == 3);
    CHECK_FALSE(daemon_path(parsed.request.address).has_value());
    client = parsed.request.address;
  }
  void reply(size_t from = 0, size_t length = kDaemonAddress) const {
    CHECK(::send(control.get(), data.address.data() + from, length, MSG_NOSIGNAL) ==
          static_cast<ssize_t>(length));
  }
};

// What connects to `path` and says `octets`.
inline Fd connected(const std::string& path, const Octets& octets = {}) {
  Fd fd(std::move(unix_socket(SOCK_STREAM).value()));
  REQUIRE(unix_connect(fd.get(), path).ok());
  if (!octets.empty()) {
    REQUIRE(::send(fd.get(), octets.data(), octets.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(octets.size()));
  }
  return fd;
}
inline Octets request_of(const DaemonAddress& address) {
  const auto request = build_daemon_request(address);
  return {request.begin(), request.end()};
}

}  // namespace ethercast::test
