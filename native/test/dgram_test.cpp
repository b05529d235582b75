// The dgram port: two paths of this host whose other end comes, goes, does not read and is not who it says;
// and two UDP addresses.
#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "test/support/listener_rig.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

Config between(const std::string& local, const std::string& remote) {
  Config config;
  config.set("local", local);
  config.set("remote", remote);
  return config;
}

// The other end, by hand: a socket with a name of its own.
struct End {
  Fd fd = std::move(unix_socket(SOCK_DGRAM).value());
  UnixName name;

  explicit End(const std::string& path)
      : name(std::move(
            UnixName::bind(fd.get(), SOCK_DGRAM, path, UnixAccess{.mode = 0600, .group = {}}).value())) {}
  bool say(const std::string& to, const Octets& octets) const {
    const auto address = unix_address(to).value();
    return sendto(fd.get(), octets.data(), octets.size(), 0, address.get(), address.length) ==
           static_cast<ssize_t>(octets.size());
  }
};

void check_sent(Member& lan) {
  uint64_t drops = 0;
  for (const Counter& each : lan.counters().tx_drops) drops += each.get();
  CHECK(lan.counters().picked.get() == lan.counters().tx_frames.get() + lan.counters().queued.get() + drops);
}

}  // namespace

TEST_CASE("dgram: a frame a datagram both ways, and nobody else's") {
  const Folder folder;
  const End peer(folder / "b"), other(folder / "c");
  Member lan("dgram", between(folder / "a", folder / "b"));
  REQUIRE(lan.open());
  CHECK(lan.box.recorder.opened(1).state == PortState::up);
  CHECK(lan.box.recorder.note(lan.port, "listens_on") == (folder / "a"));
  REQUIRE(other.say(folder / "a", kHello));
  const Fd nameless(std::move(unix_socket(SOCK_DGRAM).value()));
  REQUIRE(unix_connect(nameless.get(), folder / "a").ok());
  REQUIRE(give(nameless, kHello));
  REQUIRE(peer.say(folder / "a", kHello));
  REQUIRE(lan.hears(1));
  CHECK(lan.heard()[0] == kHello);
  CHECK(lan.box.dropped(lan.port, RxDrop::not_peer) == 2);
  lan.send(kAnswer);
  CHECK(receive(peer.fd.get()) == kAnswer);
  check_sent(lan);
}

TEST_CASE("dgram: empty, short and long datagrams") {
  const Folder folder;
  const End peer(folder / "b");
  const int large = 1 << 20;
  setsockopt(peer.fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof large);
  Config config = between(folder / "a", folder / "b");
  config.set("mtu", int64_t{1000});
  Member lan("dgram", config);
  REQUIRE(lan.open());
  REQUIRE(peer.say(folder / "a", {}));
  REQUIRE(peer.say(folder / "a", Octets(13, 0xff)));
  REQUIRE(peer.say(folder / "a", make_frame(kBroadcastMac, station(1), 1019)));
  const uint64_t absurd = peer.say(folder / "a", Octets(100'000, 0xff)) ? 1 : 0;
  REQUIRE(peer.say(folder / "a", make_frame(kBroadcastMac, station(1), 1018)));
  REQUIRE(lan.hears(1));
  CHECK(lan.heard()[0].size() == 1018);
  CHECK(lan.box.dropped(lan.port, RxDrop::runt) == 2);
  CHECK(lan.box.dropped(lan.port, RxDrop::oversize) == 1 + absurd);
  CHECK(lan.counters().rx_frames.get() == 4 + absurd);
  CHECK(lan.counters().forwarded.get() == 1);
  lan.send(make_frame(kBroadcastMac, station(2), 1019));
  CHECK(lan.box.dropped(lan.port, TxDrop::oversize) == 1);
  check_sent(lan);
}

TEST_CASE("dgram: a peer that is not there yet, comes, goes and comes back") {
  const Folder folder;
  Member lan("dgram", between(folder / "a", folder / "b"));
  REQUIRE(lan.open());
  CHECK(lan.box.recorder.opened(1).state == PortState::reconnecting);
  lan.send(kAnswer);
  CHECK(lan.box.dropped(lan.port, TxDrop::no_peer) == 1);
  std::optional<End> peer(folder / "b");
  REQUIRE(lan.box.breathe_until([&] { return state_of(lan, lan.port) == PortState::up; }));
  CHECK(lan.counters().reconnects.get() == 0);
  lan.send(kAnswer);
  CHECK(receive(peer->fd.get()) == kAnswer);
  peer.reset();
  lan.send(kAnswer);
  REQUIRE(lan.box.breathe_until([&] { return state_of(lan, lan.port) == PortState::reconnecting; }));
  CHECK(lan.box.dropped(lan.port, TxDrop::no_peer) == 2);
  // Somebody else at the same path, who speaks first.
  peer.emplace(folder / "b");
  REQUIRE(peer->say(folder / "a", kHello));
  REQUIRE(lan.hears(1));
  CHECK(state_of(lan, lan.port) == PortState::up);
  CHECK(lan.counters().reconnects.get() == 1);
  lan.send(kAnswer);
  CHECK(receive(peer->fd.get()) == kAnswer);
  check_sent(lan);
}

TEST_CASE("dgram: a peer that reads late gets what was queued, in order, and the accounts balance") {
  const Folder folder;
  const End peer(folder / "b");
  Member lan("dgram", between(folder / "a", folder / "b"));
  REQUIRE(lan.open());
  uint32_t sent = 0;
  while (lan.box.dropped(lan.port, TxDrop::queue_full) < 50 && sent < 20'000) {
    lan.send(make_frame(kBroadcastMac, station(2), 1514, sent));
    ++sent;
  }
  const uint64_t full = lan.box.dropped(lan.port, TxDrop::queue_full);
  CHECK(full >= 50);
  CHECK(lan.counters().queued.get() > 0);
  check_sent(lan);
  std::vector<Octets> heard;
  const auto read_on = [&] {
    while (auto got = receive(peer.fd.get(), 0)) heard.push_back(std::move(*got));
  };
  CHECK(lan.box.breathe_until([&] {
    read_on();
    return lan.counters().queued.get() == 0;
  }));
  read_on();
  check_sent(lan);
  CHECK(heard.size() == sent - full);
  for (uint32_t i = 0; i < heard.size() && i + full < sent; i += 37) {
    CHECK(heard[i] == make_frame(kBroadcastMac, station(2), 1514, i));
  }
}

TEST_CASE("dgram: two ports with each other, also over UDP") {
  const Folder folder;
  const std::string one = "127.0.0.1:" + std::to_string(free_port());
  const std::string two = "127.0.0.1:" + std::to_string(free_port());
  for (const auto& [a, b] : {std::pair(folder / "a", folder / "b"), std::pair(one, two)}) {
    CAPTURE(a);
    Member left("dgram", between(a, b)), right("dgram", between(b, a));
    REQUIRE(left.open());
    REQUIRE(right.open());
    REQUIRE(left.box.breathe_until([&] { return state_of(left, left.port) == PortState::up; }));
    left.send(kHello);
    REQUIRE(right.hears(1));
    CHECK(right.heard()[0] == kHello);
    right.send(kAnswer);
    REQUIRE(left.hears(1));
    CHECK(left.heard()[0] == kAnswer);
  }
}

TEST_CASE("dgram: configurations that make no sense are refused by the field's name") {
  const auto field = [](const std::string& local, const std::string& remote) {
    const auto made = make_port("dgram", between(local, remote));
    return made ? std::string() : made.error().field;
  };
  CHECK(field("/a", "127.0.0.1:1") == "remote");
  CHECK(field("127.0.0.1:1", "[::1]:1") == "remote");
  CHECK(field("127.0.0.1:1", "0.0.0.0:1") == "remote");
  CHECK(field("nowhere", "/b") == "local");
  CHECK(field("127.0.0.1:1", "127.0.0.1:2").empty());
  Config narrow = between("/a", "/b");
  narrow.set("mtu", int64_t{67});
  CHECK(make_port("dgram", narrow).error().field == "mtu");
}
