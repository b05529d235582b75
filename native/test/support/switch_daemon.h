// Our switch daemon in an engine that a test breathes for, and clients of it as they should be.
#pragma once

#include <algorithm>
#include <string>

#include "test/support/daemon_ends.h"
#include "test/support/engine_box.h"
#include "test/support/folder.h"
#include "test/support/lan.h"

namespace ethercast::test {

inline Config switch_config(const std::string& socket, int64_t clients = 1000) {
  Config config;
  config.set("socket", socket);
  config.set("mode", std::string("0600"));
  config.set("clients", clients);
  return config;
}

// A client as it should be.
struct SwitchClient {
  DataSocket data;
  Fd control;
  DaemonAddress port{};  // where its frames go

  explicit SwitchClient(const std::string& path) : control(connected(path, request_of(data.address))) {}
  // Once the switch has breathed.
  bool answered() {
    const auto reply = receive(control.get(), 0);
    if (!reply || reply->size() != kDaemonAddress) return false;
    std::copy(reply->begin(), reply->end(), port.begin());
    return true;
  }
  int send(const Octets& frame) const { return data.send(port, frame); }
  std::optional<Octets> heard(int timeout_ms = 0) const { return receive(data.fd.get(), timeout_ms); }
};

struct SwitchDaemon {
  Folder folder;
  std::string path = folder / "ctl";
  EngineBox box;
  PortId port;

  explicit SwitchDaemon(int64_t clients = 1000) {
    auto made = make_port("switch", switch_config(path, clients));
    REQUIRE(made.ok());
    port = box.add(std::move(made.value()), "switch");
    REQUIRE(port != kNoPort);
  }
  void join(SwitchClient& client) {
    REQUIRE(box.breathe_until([&] { return client.answered(); }));
  }
  // That are open; what closed may never have opened.
  size_t ports() const {
    const auto closed = box.recorder.closed();
    size_t count = 0;
    for (size_t i = 0; i < box.recorder.opened_count(); ++i) {
      if (std::find(closed.begin(), closed.end(), box.recorder.opened_at(i).port) == closed.end()) ++count;
    }
    return count;
  }
  uint64_t refused() const { return box.counters(port)->refused_clients.get(); }
  std::string last_refusal() const { return box.recorder.note(port, "refused_last"); }
  PortState state() const {
    PortState state = PortState::up;
    for (const auto& [id, event] : box.recorder.events()) {
      if (id == port) state = event.state;
    }
    return state;
  }
  bool says(const std::string& reason) const {
    const auto events = box.recorder.events();
    return std::any_of(events.begin(), events.end(),
                       [&](const auto& each) { return each.second.reason == reason; });
  }
};

inline bool is_closed(const Fd& fd) { return receive(fd.get()) == Octets{}; }

}  // namespace ethercast::test
