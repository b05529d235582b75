// The bess port as listener: guests that connect, and peers that send what nobody should.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "test/support/listener_rig.h"

using namespace ethercast;
using namespace ethercast::test;

TEST_CASE("bess: a guest connects, and is a port of its own with a name that says who it is") {
  const Folder folder;
  Member lan("bess", listening(folder / "lan"));
  REQUIRE(lan.open());
  struct stat status {};
  REQUIRE(lstat((folder / "lan").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const Fd one = guest(folder / "lan");
  const Opened client = client_of(lan);
  CHECK(client.parent == lan.port);
  CHECK(client.name == "bess,listen=" + (folder / "lan") + " client 1 (pid " + std::to_string(getpid()) +
                           ", uid " + std::to_string(getuid()) + ")");
  REQUIRE(give(one, kHello));
  REQUIRE(lan.hears(1));
  CHECK(lan.heard()[0] == kHello);
  lan.send(kAnswer);
  CHECK(receive(one.get()) == kAnswer);
  CHECK(client.counters->tx_octets.get() == kAnswer.size());
}

TEST_CASE("bess: every length, and a burst of mixed ones in order") {
  const Folder folder;
  Member lan("bess", listening(folder / "lan"));
  REQUIRE(lan.open());
  const Fd one = guest(folder / "lan");
  const Opened client = client_of(lan);
  std::vector<Octets> sent;
  for (const size_t length :
       {14u, 1983u, 1984u, 1985u, 60u, 9014u, 14u, 65535u, 60u, 40000u, 1514u, 65535u}) {
    sent.push_back(make_frame(kBroadcastMac, station(1), length, static_cast<uint32_t>(sent.size())));
    // Non-blocking: what is longer than the socket's own buffer allows at once has to be taken in between.
    REQUIRE(lan.box.breathe_until([&] { return give(one, sent.back()); }));
  }
  REQUIRE(lan.hears(sent.size()));
  CHECK(lan.heard() == sent);
  for (const Octets& frame : sent) {
    lan.send(frame);
    CHECK(receive(one.get()) == frame);
  }
  CHECK(client.counters->rx_frames.get() == sent.size());
  CHECK(client.counters->forwarded.get() == sent.size());
}

TEST_CASE("bess: what was sent before the end arrives, the end is no frame, and the port goes") {
  const Folder folder;
  for (const bool unread : {false, true}) {
    CAPTURE(unread);
    Member lan("bess", listening(folder / "lan"));
    REQUIRE(lan.open());
    Fd one = guest(folder / "lan");
    const Opened client = client_of(lan);
    // Closed with something unread, the kernel says ECONNRESET first.
    if (unread) lan.send(kAnswer);
    constexpr size_t kFrames = 300;
    for (size_t i = 0; i < kFrames; ++i) {
      REQUIRE(lan.box.breathe_until([&] { return give(one, make_frame(kBroadcastMac, station(1), 60, i)); }));
    }
    one.reset();
    REQUIRE(is_gone(lan, client.port));
    CHECK(lan.heard().size() == kFrames);
    CHECK(client.counters->rx_frames.get() == kFrames);
    const auto events = lan.box.recorder.events();
    REQUIRE_FALSE(events.empty());
    CHECK(events.back().second.state == PortState::closed);
    CHECK(events.back().second.reason == "peer");
    // The listener is still there for the next.
    const Fd two = guest(folder / "lan");
    CHECK(lan.box.breathe_until([&] { return lan.box.recorder.opened_count() == 4; }));
  }
}

TEST_CASE("bess: empty, short and absurdly long packets are counted, and nobody dies of them") {
  const Folder folder;
  Member lan("bess", listening(folder / "lan"));
  REQUIRE(lan.open());
  const Fd one = guest(folder / "lan");
  const Opened client = client_of(lan);
  const int large = 1 << 20;
  setsockopt(one.get(), SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof large);
  const Octets absurd(200'000, 0xff);
  constexpr size_t kRounds = 40;
  size_t longs = 0;
  for (size_t i = 0; i < kRounds; ++i) {
    REQUIRE(lan.box.breathe_until([&] { return give(one, {}); }));
    REQUIRE(lan.box.breathe_until([&] { return give(one, Octets(13, 0xff)); }));
    REQUIRE(lan.box.breathe_until([&] { return give(one, kHello); }));
    if (give(one, absurd)) ++longs;
  }
  REQUIRE(lan.hears(kRounds));
  // The last thing is an empty packet, and still not the end.
  REQUIRE(lan.box.breathe_until([&] { return give(one, {}); }));
  REQUIRE(lan.box.breathe_until([&] { return dropped(client, RxDrop::runt) == 2 * kRounds + 1; }));
  if (geteuid() == 0) CHECK(longs != 0);
  CHECK(dropped(client, RxDrop::oversize) == longs);
  CHECK(client.counters->rx_frames.get() == 3 * kRounds + 1 + longs);
  CHECK(client.counters->forwarded.get() == kRounds);
  CHECK(lan.box.recorder.closed().empty());
}

TEST_CASE("bess: a flood of empty packets keeps nobody from the others") {
  const Folder folder;
  Member lan("bess", listening(folder / "lan"));
  REQUIRE(lan.open());
  const Fd bad = guest(folder / "lan"), good = guest(folder / "lan");
  REQUIRE(lan.box.breathe_until([&] { return lan.box.recorder.opened_count() == 4; }));
  size_t empties = 0;
  for (size_t i = 0; i < 50; ++i) {
    while (give(bad, {})) ++empties;
    REQUIRE(give(good, kHello));
    lan.box.engine.breathe(0);
    lan.box.engine.breathe(0);
    CHECK(lan.heard().size() == i + 1);
  }
  CHECK(empties > 50);
}

TEST_CASE("bess: a peer that never reads loses its own frames, after a bounded queue") {
  const Folder folder;
  Member lan("bess", listening(folder / "lan"));
  REQUIRE(lan.open());
  const Fd deaf = guest(folder / "lan");
  const Opened client = client_of(lan);
  size_t sent = 0;
  while (dropped(client, TxDrop::queue_full) < 100 && sent < 20'000) {
    lan.send(kAnswer);
    ++sent;
  }
  CHECK(dropped(client, TxDrop::queue_full) == 100);
  CHECK(client.counters->queued.get() > 600);
  CHECK(client.counters->picked.get() ==
        client.counters->tx_frames.get() + client.counters->queued.get() + 100);
  // It has not gone unnoticed that there is no room: nothing spins.
  const auto idle = lan.box.recorder.opened_count();
  lan.box.settle();
  CHECK(lan.box.recorder.opened_count() == idle);
  // It reads at last: what was queued comes, in order of sending, and the queue is empty.
  size_t got = 0;
  CHECK(lan.box.breathe_until([&] {
    while (receive(deaf.get(), 0)) ++got;
    return client.counters->queued.get() == 0;
  }));
  while (receive(deaf.get(), 0)) ++got;
  CHECK(got == sent - 100);
}

TEST_CASE("bess: hundreds of clients up to the limit, and the others are told at once") {
  const Folder folder;
  Config config = listening(folder / "lan");
  config.set("clients", int64_t{200});
  Member lan("bess", config);
  REQUIRE(lan.open());
  std::vector<Fd> guests;
  for (int i = 0; i < 230; ++i) {
    auto made = unix_socket(SOCK_SEQPACKET);
    REQUIRE(made.ok());
    REQUIRE(lan.box.breathe_until([&] { return unix_connect(made.value().get(), folder / "lan").ok(); }));
    guests.push_back(std::move(made.value()));
  }
  REQUIRE(lan.box.breathe_until([&] { return lan.counters().refused_clients.get() == 30; }));
  CHECK(lan.box.recorder.opened_count() == 202);
  CHECK(receive(guests.back().get())->empty());
  REQUIRE(give(guests[0], kHello));
  REQUIRE(lan.hears(1));
  for (int i = 1; i < 200; ++i) CHECK(receive(guests[static_cast<size_t>(i)].get()) == kHello);
  // Whoever leaves makes room.
  guests.erase(guests.begin(), guests.begin() + 50);
  CHECK(lan.box.breathe_until([&] { return lan.box.recorder.closed().size() == 50; }));
  const Fd late = guest(folder / "lan");
  CHECK(lan.box.breathe_until([&] { return lan.box.recorder.opened_count() == 203; }));
}

TEST_CASE("bess: without descriptors clients wait, nothing spins, and it goes on by itself") {
  const Folder folder;
  Member lan("bess", listening(folder / "lan"));
  REQUIRE(lan.open());
  const Fd one = guest(folder / "lan");
  client_of(lan);
  const Fd two = guest(folder / "lan");
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int next = dup(one.get());
  close(next);
  const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  lan.box.settle(30);
  const auto events = lan.box.recorder.events();
  const bool gave_up = lan.box.recorder.opened_count() == 3;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(gave_up);
  REQUIRE_FALSE(events.empty());
  CHECK(events.back().first == lan.port);
  CHECK(events.back().second.state == PortState::degraded);
  CHECK(events.back().second.os_errno == EMFILE);
  CHECK(lan.box.breathe_until([&] { return lan.box.recorder.opened_count() == 4; }));
  CHECK(
      lan.box.breathe_until([&] { return lan.box.recorder.events().back().second.state == PortState::up; }));
  REQUIRE(give(two, kHello));
  CHECK(lan.hears(1));
}

TEST_CASE("bess: mtu= bounds frames both ways, and configurations that make no sense are refused") {
  const Folder folder;
  Config config = listening(folder / "lan");
  config.set("mtu", int64_t{1000});
  Member lan("bess", config);
  REQUIRE(lan.open());
  const Fd one = guest(folder / "lan");
  const Opened client = client_of(lan);
  REQUIRE(give(one, make_frame(kBroadcastMac, station(1), 1019)));
  REQUIRE(give(one, make_frame(kBroadcastMac, station(1), 1018)));
  REQUIRE(lan.hears(1));
  CHECK(dropped(client, RxDrop::oversize) == 1);
  lan.send(make_frame(kBroadcastMac, station(2), 1019));
  CHECK(dropped(client, TxDrop::oversize) == 1);

  CHECK(make_port("bess", Config()).error().field == "listen");
  Config both = listening(folder / "lan");
  both.set("connect", folder / "lan");
  CHECK(make_port("bess", both).error().field == "listen");
  Config absurd = listening(folder / "lan");
  absurd.set("clients", int64_t{0});
  CHECK(make_port("bess", absurd).error().field == "clients");
  CHECK_FALSE(make_port("bess", listening(std::string(108, 'x'))).ok());
}

TEST_CASE("bess: descriptors that a peer sends along are not kept") {
  const Folder folder;
  Member lan("bess", listening(folder / "lan"));
  REQUIRE(lan.open());
  const Fd one = guest(folder / "lan");
  client_of(lan);
  const int next = dup(one.get());
  close(next);
  alignas(cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))] = {};
  iovec piece{const_cast<uint8_t*>(kHello.data()), kHello.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int any = one.get();
  std::memcpy(CMSG_DATA(header), &any, sizeof any);
  REQUIRE(sendmsg(one.get(), &message, 0) == static_cast<ssize_t>(kHello.size()));
  REQUIRE(lan.hears(1));
  CHECK(fcntl(next, F_GETFD) == -1);
}
