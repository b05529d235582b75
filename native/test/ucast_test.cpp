// The ucast port, on 127.0.0.1 and ::1.
#include <doctest/doctest.h>

#include <fstream>

#include "engine/udp_socket.h"
#include "test/support/faults.h"
#include "test/support/lan.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {
const Octets kHello = make_frame(kBroadcastMac, station(1), 60, 1);
const Octets kAnswer = make_frame(station(1), station(2), 1514, 2);
}  // namespace

TEST_CASE("ucast: both ends") {
  for (const std::string host : {"127.0.0.1", "::1"}) {
    CAPTURE(host);
    const uint16_t one = free_port(), two = free_port();
    Member a("ucast", ucast_config(host, one, two));
    if (!a.open() && host == "::1") {
      MESSAGE("skipped: no IPv6 here: " << a.error().message);
      continue;
    }
    Member b("ucast", ucast_config(host, two, one));
    REQUIRE(a.open());
    REQUIRE(b.open());
    a.send(kHello);
    REQUIRE(b.hears(1));
    CHECK(b.heard()[0] == kHello);
    b.send(kAnswer);
    REQUIRE(a.hears(1));
    CHECK(a.heard()[0] == kAnswer);
    CHECK(a.box.recorder.note(a.port, "listens_on") == host + " port " + std::to_string(one));
  }
}

TEST_CASE("ucast and mcast: a receive buffer that the system cuts down is told, one that is whole is not") {
  const FaultScope scope;
  int limit = 0;
  std::ifstream("/proc/sys/net/core/rmem_max") >> limit;
  REQUIRE(limit > 0);
  Faults::refuse_forced_buffers();
  for (const bool mcast : {true, false}) {
    for (const int asked : {limit, limit + 4096}) {
      CAPTURE(mcast);
      CAPTURE(asked);
      Config config =
          mcast ? mcast_config(random_group()) : ucast_config("127.0.0.1", free_port(), free_port());
      config.set("buffer", int64_t{asked});
      Member member(mcast ? "mcast" : "ucast", config);
      REQUIRE(member.open());
      const auto note = [&](const char* key) { return member.box.recorder.note(member.port, key); };
      CHECK(note("receive_buffer") == std::to_string(2 * limit));
      CHECK(note("receive_buffer_short").empty() == (asked == limit));
    }
  }
}

// The fragments of one long datagram have to fit in at once, or it is never sent, and blocks all that come
// behind it.
TEST_CASE("ucast and mcast: a small buffer is for receiving; the one for sending stays large enough") {
  const FaultScope scope;
  for (const bool mcast : {true, false}) {
    Config config =
        mcast ? mcast_config(random_group()) : ucast_config("127.0.0.1", free_port(), free_port());
    config.set("buffer", int64_t{4096});
    Faults::record_options();
    Member member(mcast ? "mcast" : "ucast", config);
    REQUIRE(member.open());
    CHECK(Faults::was_set(SOL_SOCKET, SO_RCVBUFFORCE, 4096));
    CHECK(Faults::was_set(SOL_SOCKET, SO_SNDBUFFORCE, kLeastSendBuffer));
  }
}

TEST_CASE("ucast: only the remote is taken, others are counted") {
  const uint16_t one = free_port();
  const Fd peer = loopback_socket(), stranger = loopback_socket();
  Member a("ucast", ucast_config("127.0.0.1", one, local_address(peer.get()).port()));
  const SockAddr to = address("127.0.0.1", one);
  REQUIRE(send_to(stranger, to, kHello));
  REQUIRE(send_to(peer, to, kAnswer));
  REQUIRE(a.hears(1));
  CHECK(a.heard()[0] == kAnswer);
  CHECK(a.box.dropped(a.port, RxDrop::not_peer) == 1);
  CHECK(a.counters().rx_frames.get() == 2);
  a.send(kHello);
  CHECK(receive(peer.get()) == kHello);
}

TEST_CASE("ucast: a remote that is not there yet does no harm") {
  const uint16_t one = free_port(), two = free_port();
  Member a("ucast", ucast_config("127.0.0.1", one, two));
  for (int i = 0; i < 20; ++i) {
    a.send(kHello);
    a.box.settle(2);
  }
  CHECK(a.counters().tx_frames.get() == 20);
  CHECK(a.counters().last_errno.get() == 0);
  const Fd peer = loopback_socket(two);
  const Octets late = make_frame(kBroadcastMac, station(1), 60, 9);
  a.send(late);
  CHECK(receive(peer.get()) == late);
}

TEST_CASE("ucast: a port that somebody has is refused") {
  const Fd taken = loopback_socket();
  Member a("ucast", ucast_config("127.0.0.1", local_address(taken.get()).port(), 9));
  REQUIRE_FALSE(a.open());
  CHECK(a.error().os_errno == EADDRINUSE);
}

TEST_CASE("ucast: an interface of its own") {
  const uint16_t one = free_port(), two = free_port();
  Config config = ucast_config("127.0.0.1", one, two);
  config.set("interface", std::string("lo"));
  Member a("ucast", config);
  if (!a.open()) {
    CHECK(a.error().os_errno == EPERM);  // binding to a device once needed CAP_NET_RAW
    return;
  }
  CHECK(a.box.recorder.note(a.port, "interface") == "lo");
  Member b("ucast", ucast_config("127.0.0.1", two, one));
  a.send(kHello);
  CHECK(b.hears(1));

  Config unknown = ucast_config("127.0.0.1", free_port(), two);
  unknown.set("interface", std::string("nope0"));
  Member c("ucast", unknown);
  REQUIRE_FALSE(c.open());
  CHECK(c.error().field == "interface");
}
