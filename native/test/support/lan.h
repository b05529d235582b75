// Member: a switch of its own with one transport port and one fake port behind it. All on the loopback
// interface.
#pragma once

#include <unistd.h>

#include <random>
#include <string>

#include "core/config.h"
#include "ports/registry.h"
#include "test/support/engine_box.h"

namespace ethercast::test {

struct Group {
  std::string address;
  uint16_t port;
};

// A group of the organization-local scope (RFC 2365) and a port that no other test is likely to have.
inline Group random_group() {
  static std::mt19937 random(std::random_device{}());
  return {"239.192." + std::to_string(1 + random() % 250) + "." + std::to_string(1 + random() % 250),
          static_cast<uint16_t>(20000 + random() % 40000)};
}

// Never anything but lo: tests must not send on a network.
inline Config mcast_config(const Group& group) {
  Config config;
  config.set("group", group.address);
  config.set("port", int64_t{group.port});
  config.set("ttl", int64_t{1});
  config.set("loop", true);
  config.set("interface", std::string("lo"));
  return config;
}

inline Config ucast_config(const std::string& remote, uint16_t listen_port, uint16_t remote_port) {
  Config config;
  config.set("remote", remote);
  config.set("listenPort", int64_t{listen_port});
  config.set("remotePort", int64_t{remote_port});
  return config;
}

class Member {
 public:
  Member(const std::string& transport, const Config& config)
      : inside(std::make_shared<FakeState>(Caps{.max_frame = 65535})) {
    auto made = make_port(transport, config);
    REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().message));
    port = box.add(std::move(made.value()), transport);
    box.add(inside);
  }
  explicit Member(const Group& group) : Member("mcast", mcast_config(group)) {}

  bool open() const { return port != kNoPort; }
  // Why it did not open.
  Error error() const { return box.recorder.failed().at(0).second; }

  void send(const Octets& frame) {
    inside->give(frame);
    while (inside->taken < inside->inbox.size()) box.engine.breathe(0);
  }
  bool hears(size_t frames) {
    return box.breathe_until([&] { return inside->sent.size() >= frames; });
  }
  const std::vector<Octets>& heard() const { return inside->sent; }
  PortCounters& counters() { return *box.counters(port); }

  EngineBox box;
  std::shared_ptr<FakeState> inside;
  PortId port = kNoPort;
};

}  // namespace ethercast::test
