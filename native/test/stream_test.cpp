// The stream port against peers that do as they like with the stream: cut it anywhere, leave in the middle,
// never read, come back. On a path and over TCP.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "ports/codec/length_prefix.h"
#include "test/support/listener_rig.h"
#include "test/support/tcp.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

Octets record(const Octets& frame) {
  Octets octets(kLengthPrefix);
  write_length_prefix(octets.data(), static_cast<uint32_t>(frame.size()));
  octets.insert(octets.end(), frame.begin(), frame.end());
  return octets;
}

Octets operator+(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Whole frames; what is left at the end is a test's failure.
std::vector<Octets> frames_of(const Octets& stream) {
  std::vector<Octets> frames;
  size_t at = 0;
  while (at + kLengthPrefix <= stream.size()) {
    const size_t length = read_length_prefix(stream.data() + at);
    at += kLengthPrefix;
    REQUIRE(at + length <= stream.size());
    frames.emplace_back(stream.begin() + static_cast<ptrdiff_t>(at),
                        stream.begin() + static_cast<ptrdiff_t>(at + length));
    at += length;
  }
  CHECK(at == stream.size());
  return frames;
}

// A listener, and how to get at it.
struct Place {
  Folder folder;
  bool tcp;
  std::string where = tcp ? free_tcp() : folder / "lan";
  explicit Place(bool over_tcp) : tcp(over_tcp) {}
  Fd connect() const { return tcp ? tcp_guest(where) : guest(where, SOCK_STREAM); }
};

// Everything that a port counts as received became one thing or another.
void check_balance(const Opened& port) {
  uint64_t drops = 0;
  for (const Counter& each : port.counters->rx_drops) drops += each.get();
  CHECK(port.counters->rx_frames.get() == port.counters->forwarded.get() + drops);
}

void write_all(Member& lan, const Fd& to, const Octets& octets) {
  size_t done = 0;
  REQUIRE(lan.box.breathe_until([&] {
    const ssize_t sent = send(to.get(), octets.data() + done, octets.size() - done, MSG_NOSIGNAL);
    if (sent > 0) done += static_cast<size_t>(sent);
    return done == octets.size();
  }));
}

}  // namespace

TEST_CASE("stream: a stream cut anywhere holds the same frames") {
  for (const bool tcp : {false, true}) {
    CAPTURE(tcp);
    const Place place(tcp);
    Member lan("stream", listening(place.where));
    REQUIRE(lan.open());
    CHECK(lan.box.recorder.note(lan.port, "listens_on") == place.where);
    const Fd one = place.connect();
    const Opened client = client_of(lan);
    CHECK(client.parent == lan.port);
    CHECK(client.name.starts_with("stream,listen=" + place.where + " client 1 ("));
    std::vector<Octets> sent{kHello, kAnswer, make_frame(kBroadcastMac, station(1), 65535, 3),
                             make_frame(kBroadcastMac, station(1), 14, 4)};
    // An octet at a time, prefix and all.
    for (const uint8_t octet : record(kHello)) {
      REQUIRE(give(one, Octets{octet}));
      lan.box.engine.breathe(0);
    }
    REQUIRE(lan.hears(1));
    // All in one, and the start of the next with it.
    const Octets last = record(make_frame(kBroadcastMac, station(1), 900, 5));
    write_all(lan, one,
              record(sent[1]) + record(sent[2]) + record(sent[3]) + Octets(last.begin(), last.begin() + 3));
    REQUIRE(lan.hears(4));
    CHECK(lan.heard() == sent);
    REQUIRE(give(one, Octets(last.begin() + 3, last.end())));
    REQUIRE(lan.hears(5));
    check_balance(client);
    CHECK(client.counters->rx_frames.get() == 5);
    lan.send(kAnswer);
    CHECK(receive(one.get()) == record(kAnswer));
  }
}

TEST_CASE("stream: half a frame at the end, and what is no frame's length, end their connection alone") {
  for (const bool tcp : {false, true}) {
    const Place place(tcp);
    Member lan("stream", listening(place.where));
    REQUIRE(lan.open());
    const Octets whole = record(kAnswer);
    const struct {
      Octets said;
      bool leaves;
      uint64_t frames;
      int os_errno;
    } ends[] = {
        {Octets(whole.begin(), whole.begin() + 700), true, 0, 0},
        {record(kHello) + Octets{0, 0}, true, 1, 0},
        {record(kHello) + Octets{0x7f, 0xff, 0xff, 0xff} + kHello, false, 1, EPROTO},
        {Octets{'G', 'E', 'T', ' ', '/'}, false, 0, EPROTO},
    };
    size_t index = 2;  // the two ports of the rig came first
    for (const auto& end : ends) {
      CAPTURE(tcp);
      CAPTURE(index);
      Fd one = place.connect();
      REQUIRE(lan.box.breathe_until([&] { return lan.box.recorder.opened_count() > index; }));
      const Opened client = lan.box.recorder.opened_at(index++);
      REQUIRE(give(one, end.said));
      if (end.leaves) one.reset();
      REQUIRE(is_gone(lan, client.port));
      CHECK(dropped(client, RxDrop::bad_framing) == 1);
      CHECK(client.counters->forwarded.get() == end.frames);
      check_balance(client);
      const PortEvent last = lan.box.recorder.events().back().second;
      CHECK(last.state == PortState::closed);
      CHECK(last.reason == "peer");
      CHECK(last.os_errno == end.os_errno);
    }
    CHECK(lan.counters().refused_clients.get() == 0);
  }
}

TEST_CASE("stream: what is too short or longer than mtu= allows is skipped, and the next frame found") {
  const Place place(false);
  Config config = listening(place.where);
  config.set("mtu", int64_t{1000});
  Member lan("stream", config);
  REQUIRE(lan.open());
  const Fd one = place.connect();
  const Opened client = client_of(lan);
  write_all(lan, one,
            record(Octets(kLongestPrefixed, 0xff)) + record(make_frame(kBroadcastMac, station(1), 1019)) +
                record({}) + record(Octets(13, 0xff)) + record(kHello));
  REQUIRE(lan.hears(1));
  CHECK(lan.heard()[0] == kHello);
  CHECK(dropped(client, RxDrop::oversize) == 2);
  CHECK(dropped(client, RxDrop::runt) == 2);
  CHECK(client.counters->rx_frames.get() == 5);
  check_balance(client);
  lan.send(make_frame(kBroadcastMac, station(2), 1019));
  CHECK(dropped(client, TxDrop::oversize) == 1);
}

TEST_CASE("stream: a peer that reads late finds whole frames in order, and the accounts balance") {
  for (const bool tcp : {false, true}) {
    CAPTURE(tcp);
    const Place place(tcp);
    Config config = listening(place.where);
    config.set("buffer", int64_t{64 << 10});
    Member lan("stream", config);
    REQUIRE(lan.open());
    const Fd deaf = place.connect();
    const Opened client = client_of(lan);
    constexpr uint32_t kMostSent = 20'000, kDropped = 50;
    uint32_t sent = 0;
    for (; dropped(client, TxDrop::queue_full) < kDropped && sent < kMostSent; ++sent) {
      lan.send(make_frame(kBroadcastMac, station(2), 1000 + sent % 500, sent));
    }
    const uint64_t full = dropped(client, TxDrop::queue_full);
    CHECK(full >= kDropped);
    const auto picked = [&] { return client.counters->picked.get(); };
    CHECK(client.counters->queued.get() > 0);
    CHECK(picked() == client.counters->tx_frames.get() + client.counters->queued.get() + full);
    Octets heard;
    const auto read_on = [&] {
      while (const auto got = receive(deaf.get(), 0)) heard.insert(heard.end(), got->begin(), got->end());
    };
    CHECK(lan.box.breathe_until([&] {
      read_on();
      return client.counters->queued.get() == 0;
    }));
    CHECK(picked() == client.counters->tx_frames.get() + full);
    REQUIRE(lan.box.breathe_until([&] {
      read_on();
      return heard.size() ==
             client.counters->tx_octets.get() + kLengthPrefix * client.counters->tx_frames.get();
    }));
    const auto frames = frames_of(heard);
    CHECK(frames.size() == sent - full);
    // Those that were sent before the first was dropped, and none twice or changed.
    for (size_t i = 0; i + kDropped < frames.size(); i += 97) {
      CHECK(frames[i] == make_frame(kBroadcastMac, station(2), 1000 + i % 500, static_cast<uint32_t>(i)));
    }
  }
}

TEST_CASE("stream: what is queued for a guest that leaves is dropped, and its end closes the port") {
  const Place place(false);
  Member lan("stream", listening(place.where));
  REQUIRE(lan.open());
  Fd deaf = place.connect();
  const Opened client = client_of(lan);
  for (int i = 0; i < 20'000 && client.counters->queued.get() == 0; ++i) lan.send(kAnswer);
  REQUIRE(client.counters->queued.get() > 0);
  deaf.reset();
  REQUIRE(is_gone(lan, client.port));
  CHECK(client.counters->queued.get() == 0);
  CHECK(dropped(client, TxDrop::no_peer) > 0);
  uint64_t drops = 0;
  for (const Counter& each : client.counters->tx_drops) drops += each.get();
  CHECK(client.counters->picked.get() == client.counters->tx_frames.get() + drops);
}

TEST_CASE("stream: a server that goes is looked for again, and what is sent meanwhile is counted") {
  for (const bool tcp : {false, true}) {
    CAPTURE(tcp);
    const Place place(tcp);
    const auto serve = [&] {
      auto made = stream_listen(tcp ? tcp_address(place.where) : StreamAddress{place.where, place.where, {}},
                                UnixAccess{.mode = 0600, .group = {}});
      REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().message));
      return std::move(made.value());
    };
    std::optional<Listening> server(serve());
    Member lan("stream", connecting(place.where));
    REQUIRE(lan.open());
    Fd peer;
    const auto meet = [&] {
      return lan.box.breathe_until([&] {
        peer.reset(accept4(server->fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
        return static_cast<bool>(peer);
      });
    };
    REQUIRE(meet());
    for (uint64_t times = 1; times <= 2; ++times) {
      REQUIRE(give(peer, record(kHello)));
      REQUIRE(lan.hears(times));
      // Half a frame is lost with it.
      REQUIRE(give(peer, Octets{0, 0, 1}));
      lan.box.settle(2);
      server.reset();
      peer.reset();
      REQUIRE(lan.box.breathe_until([&] { return state_of(lan, lan.port) == PortState::reconnecting; }));
      lan.send(kAnswer);
      CHECK(dropped(lan.box.recorder.opened(1), TxDrop::no_peer) == times);
      server.emplace(serve());
      REQUIRE(meet());
      REQUIRE(lan.box.breathe_until([&] { return state_of(lan, lan.port) == PortState::up; }));
      CHECK(lan.counters().reconnects.get() == times);
    }
    lan.send(kAnswer);
    CHECK(receive(peer.get()) == record(kAnswer));
  }
}

TEST_CASE("stream: wait=on waits for the first time, reconnect=off does not wait for a second") {
  const Place place(false);
  CHECK_FALSE(Member("stream", connecting(place.where)).open());
  Member lan("stream", connecting(place.where, true, false));
  REQUIRE(lan.open());
  CHECK(lan.box.recorder.opened(1).state == PortState::opening);
  lan.send(kAnswer);
  CHECK(dropped(lan.box.recorder.opened(1), TxDrop::no_peer) == 1);
  auto server = unix_listen(SOCK_STREAM, place.where, UnixAccess{.mode = 0600, .group = {}});
  REQUIRE(server.ok());
  REQUIRE(lan.box.breathe_until([&] { return state_of(lan, lan.port) == PortState::up; }));
  CHECK(lan.counters().reconnects.get() == 0);
  Fd peer(accept4(server.value().fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(give(peer, record(kHello)));
  REQUIRE(lan.hears(1));
  peer.reset();
  CHECK(is_gone(lan, lan.port));
}

TEST_CASE("stream: configurations that make no sense are refused by the field's name") {
  const auto field = [](const Config& config) {
    const auto made = make_port("stream", config);
    return made ? std::string() : made.error().field;
  };
  const auto with = [](Config config, const char* key, Config::Value value) {
    config.set(key, std::move(value));
    return config;
  };
  CHECK(field(Config()) == "listen");
  CHECK(field(with(listening("/x"), "connect", std::string("/y"))) == "connect");
  CHECK(field(listening("nowhere")) == "listen");
  CHECK(field(listening("127.0.0.1:0")) == "listen");
  CHECK(field(listening("239.192.1.1:1")) == "listen");
  CHECK(field(listening("::1:80")) == "listen");
  CHECK(field(listening("[::1]:80")).empty());
  CHECK(field(with(listening("/x"), "clients", int64_t{0})) == "clients");
  CHECK(field(with(listening("/x"), "mode", std::string("rw"))) == "mode");
  CHECK(field(with(listening("/x"), "mtu", int64_t{65522})) == "mtu");
  CHECK(field(with(listening("/x"), "buffer", int64_t{4095})) == "buffer");
}
