// What the tests of ports that listen share: configurations, guests, and what became of them.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "engine/unix_socket.h"
#include "test/support/folder.h"
#include "test/support/lan.h"

namespace ethercast::test {

inline const Octets kHello = make_frame(kBroadcastMac, station(1), 60, 1);
inline const Octets kAnswer = make_frame(kBroadcastMac, station(2), 1514, 2);

inline Config listening(const std::string& path) {
  Config config;
  config.set("listen", path);
  return config;
}
inline Config connecting(const std::string& path, bool wait = false, bool reconnect = true) {
  Config config;
  config.set("connect", path);
  config.set("wait", wait);
  config.set("reconnect", reconnect);
  return config;
}

// A guest: a connected socket, non-blocking.
inline Fd guest(const std::string& path, int type = SOCK_SEQPACKET) {
  auto made = unix_socket(type);
  REQUIRE(made.ok());
  if (auto connected = unix_connect(made.value().get(), path); !connected) FAIL(connected.error().message);
  return std::move(made.value());
}

inline bool give(const Fd& to, const Octets& frame) {
  return send(to.get(), frame.data(), frame.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(frame.size());
}

using Opened = Recorder::Opened;

// The listener's first client.
inline Opened client_of(Member& lan) {
  CHECK(lan.box.breathe_until([&] { return lan.box.recorder.opened(0).port != kNoPort; }));
  return lan.box.recorder.opened(0);
}

inline uint64_t dropped(const Opened& port, RxDrop why) {
  return port.counters->rx_drops[static_cast<size_t>(why)].get();
}
inline uint64_t dropped(const Opened& port, TxDrop why) {
  return port.counters->tx_drops[static_cast<size_t>(why)].get();
}

inline PortState state_of(Member& lan, PortId port) {
  PortState state = PortState::up;
  for (const auto& [id, event] : lan.box.recorder.events()) {
    if (id == port) state = event.state;
  }
  return state;
}

inline bool is_gone(Member& lan, PortId port) {
  return lan.box.breathe_until([&] {
    const auto closed = lan.box.recorder.closed();
    return std::find(closed.begin(), closed.end(), port) != closed.end();
  });
}

}  // namespace ethercast::test
