// The fd port: a new pair, a descriptor that was there, a tap among them.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "test/support/lan.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

const Octets kHello = make_frame(kBroadcastMac, station(1), 60, 1);
const Octets kAnswer = make_frame(kBroadcastMac, station(2), 65535, 2);

Config inherited(int number) {
  Config config;
  config.set("fd", int64_t{number});
  return config;
}
Config pair_of(const std::string& type) {
  Config config;
  config.set("type", type);
  return config;
}

struct Pair {
  Fd one, two;
  explicit Pair(int type) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, type, 0, ends) == 0);
    one.reset(ends[0]);
    two.reset(ends[1]);
  }
};

int peer_of(const Member& member) {
  return std::stoi(member.box.recorder.note(member.port, "peer_descriptor"));
}
bool is_gone(Member& member) {
  return member.box.breathe_until([&] { return !member.box.recorder.closed().empty(); });
}
Error refusal(int number) {
  Member member("fd", inherited(number));
  REQUIRE_FALSE(member.open());
  return member.error();
}

}  // namespace

TEST_CASE("fd: a new pair, and the program at the other end ends") {
  for (const std::string type : {"seqpacket", "dgram"}) {
    CAPTURE(type);
    Member member("fd", pair_of(type));
    REQUIRE(member.open());
    const int peer = peer_of(member);
    CHECK((fcntl(peer, F_GETFD) & FD_CLOEXEC) != 0);
    Fd program(dup(peer));
    REQUIRE(send(program.get(), kHello.data(), kHello.size(), 0) == 60);
    REQUIRE(member.hears(1));
    CHECK(member.heard()[0] == kHello);
    member.send(kAnswer);
    CHECK(receive(program.get()) == kAnswer);

    member.box.engine.release_peer(member.port);
    CHECK(fcntl(peer, F_GETFD) == -1);
    CHECK(member.box.recorder.note(member.port, "peer_descriptor") == "handed over");
    // The number may be somebody else's by now: it is not closed again.
    Fd reused(fcntl(program.get(), F_DUPFD_CLOEXEC, peer));
    CHECK(reused.get() == peer);
    member.box.engine.release_peer(member.port);
    CHECK(fcntl(peer, F_GETFD) != -1);
    CHECK(member.box.recorder.closed().empty());
    reused.reset();
    program.reset();
    // Datagrams have no end: it shows with the next frame.
    if (type == "dgram") member.send(kHello);
    CHECK(is_gone(member));
    const auto events = member.box.recorder.events();
    CHECK(std::count_if(events.begin(), events.end(),
                        [](const auto& event) { return event.second.state == PortState::closed; }) == 1);
  }
}

TEST_CASE("fd: a descriptor that was there stays its holder's") {
  for (const int type : {SOCK_SEQPACKET, SOCK_DGRAM}) {
    CAPTURE(type);
    Pair pair(type);
    {
      Member member("fd", inherited(pair.one.get()));
      REQUIRE(member.open());
      // Programs that are started from now on do not get it.
      CHECK((fcntl(pair.one.get(), F_GETFD) & FD_CLOEXEC) != 0);
      // Its flags are shared with whoever has the same socket, and left alone.
      CHECK((fcntl(pair.one.get(), F_GETFL) & O_NONBLOCK) == 0);
      CHECK(member.box.recorder.note(member.port, "peer_descriptor").empty());
      REQUIRE(send(pair.two.get(), kHello.data(), kHello.size(), 0) == 60);
      REQUIRE(member.hears(1));
      member.send(kAnswer);
      CHECK(receive(pair.two.get()) == kAnswer);
    }
    CHECK(fcntl(pair.one.get(), F_GETFD) != -1);
    Member again("fd", inherited(pair.one.get()));
    REQUIRE(again.open());
    again.send(kHello);
    CHECK(receive(pair.two.get()) == kHello);
  }
}

TEST_CASE("fd: a descriptor that its holder shuts down is at its end: it would be ready for ever") {
  for (const int type : {SOCK_SEQPACKET, SOCK_DGRAM}) {
    for (const int how : {SHUT_RD, SHUT_RDWR}) {
      CAPTURE(type);
      CAPTURE(how);
      Pair pair(type);
      Member member("fd", inherited(pair.one.get()));
      REQUIRE(member.open());
      REQUIRE(send(pair.two.get(), kHello.data(), kHello.size(), 0) == 60);
      REQUIRE(shutdown(pair.one.get(), how) == 0);
      CHECK(is_gone(member));
      CHECK(member.counters().rx_frames.get() == 1);
    }
  }
}

TEST_CASE("fd: both ends of one pair in two switches") {
  Member one("fd", Config());
  REQUIRE(one.open());
  Member two("fd", inherited(peer_of(one)));
  REQUIRE(two.open());
  one.box.engine.release_peer(one.port);
  one.send(kHello);
  REQUIRE(two.hears(1));
  two.send(kAnswer);
  REQUIRE(one.hears(1));
  CHECK(one.heard()[0] == kAnswer);
  two.box.engine.remove_port(two.port);
  CHECK(is_gone(one));
}

TEST_CASE("fd: what can't carry frames is refused, and says what it is") {
  CHECK(refusal(1 << 19).os_errno == EBADF);
  Fd folder(open("/tmp", O_RDONLY | O_DIRECTORY));
  CHECK(refusal(folder.get()).message.find("a folder") != std::string::npos);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const Fd reader(ends[0]), writer(ends[1]);
  CHECK(refusal(reader.get()).message.find("a pipe") != std::string::npos);
  const Fd null(open("/dev/null", O_RDWR));
  CHECK(refusal(null.get()).message.find("a device") != std::string::npos);
  Pair stream(SOCK_STREAM);
  CHECK(refusal(stream.one.get()).message.find("transport stream") != std::string::npos);
  const Fd lonely(socket(AF_UNIX, SOCK_DGRAM, 0));
  CHECK(refusal(lonely.get()).message.find("without a peer") != std::string::npos);
  const Fd listener(socket(AF_UNIX, SOCK_SEQPACKET, 0));
  const sockaddr_un nameless{AF_UNIX, {}};
  REQUIRE(bind(listener.get(), reinterpret_cast<const sockaddr*>(&nameless), sizeof(sa_family_t)) == 0);
  REQUIRE(listen(listener.get(), 1) == 0);
  CHECK(refusal(listener.get()).message.find("listens") != std::string::npos);
  CHECK(make_port("fd", pair_of("stream")).error().field == "type");
}

TEST_CASE("fd: a datagram peer that is full, and then gone, is accounted for") {
  Pair pair(SOCK_DGRAM);
  Member member("fd", inherited(pair.one.get()));
  REQUIRE(member.open());
  const PortCounters& counters = member.counters();
  const auto full = [&] { return member.box.dropped(member.port, TxDrop::queue_full); };
  for (int i = 0; i < 3000 && full() == 0; ++i) member.send(make_frame(kBroadcastMac, station(1), 1514, 3));
  CHECK(full() != 0);
  CHECK(counters.queued.get() != 0);
  pair.two.reset();
  REQUIRE(is_gone(member));
  uint64_t drops = 0;
  for (const Counter& each : counters.tx_drops) drops += each.get();
  CHECK(counters.picked.get() == counters.tx_frames.get() + drops);
}
