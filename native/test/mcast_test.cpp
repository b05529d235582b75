// The mcast port, on the loopback interface alone.
#include <doctest/doctest.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <cstring>

#include "engine/interfaces.h"
#include "test/support/faults.h"
#include "test/support/lan.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

const Octets kHello = make_frame(kBroadcastMac, station(1), 60, 1);
const Octets kAnswer = make_frame(station(1), station(2), 1514, 2);

// Any other program on the LAN: a socket bound to the group, joined on lo, as UML and QEMU make it.
Fd plain_member(const Group& group, bool shared = true) {
  Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (shared) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd.get(), IPPROTO_IP, IP_RECVTTL, &on, sizeof on);
  const SockAddr to = address(group.address, group.port);
  REQUIRE(::bind(fd.get(), &to.any, to.length) == 0);
  ip_mreqn request{};
  request.imr_multiaddr = to.v4.sin_addr;
  request.imr_ifindex = find_interface("lo").value().index;
  REQUIRE(setsockopt(fd.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) == 0);
  REQUIRE(setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) == 0);
  return fd;
}

int received_ttl(int fd) {
  pollfd wanted{fd, POLLIN, 0};
  if (::poll(&wanted, 1, kPatience_ms) != 1) return -1;
  char octets[2048];
  alignas(cmsghdr) char control[256];
  iovec piece{octets, sizeof octets};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(fd, &message, 0) < 0) return -1;
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
    int ttl;
    std::memcpy(&ttl, CMSG_DATA(each), sizeof ttl);
    if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_TTL) return ttl;
  }
  return -1;
}

Config with(Config config, const std::string& key, Config::Value value) {
  Config changed;
  changed.set(key, std::move(value));  // the first of a name counts
  for (const char* name : {"group", "interface", "source"}) {
    if (config.has(name)) changed.set(name, config.text(name).value());
  }
  for (const char* name : {"port", "ttl"}) changed.set(name, config.integer(name, 0, 65535).value());
  changed.set("loop", config.flag("loop").value());
  return changed;
}

}  // namespace

TEST_CASE("mcast: two members exchange frames") {
  const Group group = random_group();
  Member a(group), b(group);
  REQUIRE(a.open());
  REQUIRE(b.open());
  a.send(kHello);
  REQUIRE(b.hears(1));
  CHECK(b.heard()[0] == kHello);
  b.send(kAnswer);
  REQUIRE(a.hears(1));
  CHECK(a.heard()[0] == kAnswer);
  CHECK(a.counters().tx_frames.get() == 1);
  CHECK(a.counters().tx_octets.get() == kHello.size());
}

TEST_CASE("mcast: the own echo is dropped and counted, and nothing of it reaches the switch") {
  const Group group = random_group();
  Member a(group), b(group);
  for (uint32_t i = 0; i < 100; ++i) a.send(make_frame(kBroadcastMac, station(1), 200, i));
  REQUIRE(b.hears(100));
  REQUIRE(a.box.breathe_until([&] { return a.counters().rx_frames.get() == 100; }));
  CHECK(a.box.dropped(a.port, RxDrop::own_echo) == 100);
  CHECK(a.counters().forwarded.get() == 0);
  CHECK(a.heard().empty());
  CHECK(b.box.dropped(b.port, RxDrop::own_echo) == 0);
}

TEST_CASE("mcast: plain programs on the LAN are heard and hear") {
  const Group group = random_group();
  Member a(group);
  const Fd plain = plain_member(group);
  REQUIRE(send_to(plain, address(group.address, group.port), kHello));
  REQUIRE(a.hears(1));
  CHECK(a.heard()[0] == kHello);
  receive(plain.get());  // its own
  a.send(kAnswer);
  CHECK(receive(plain.get()) == kAnswer);
}

TEST_CASE("mcast: groups don't mix, neither by address nor by port") {
  const Group group = random_group();
  Group other_group = random_group(), other_port = group;
  other_group.port = group.port;
  other_port.port = static_cast<uint16_t>(group.port + 1);
  if (other_group.address == group.address) other_group.address = "239.192.251.1";
  Member a(group), b(other_group), c(other_port), same(group);
  a.send(kHello);
  REQUIRE(same.hears(1));
  b.box.settle();
  c.box.settle();
  CHECK(b.heard().empty());
  CHECK(c.heard().empty());
  CHECK(b.counters().rx_frames.get() == 0);
}

TEST_CASE("mcast: one switch that joins two groups joins them, without a storm") {
  const Group one = random_group(), two = random_group();
  Member hub(one);
  const PortId second = hub.box.add(std::move(make_port("mcast", mcast_config(two)).value()), "mcast");
  Member a(one), b(two);
  a.send(kHello);
  REQUIRE(hub.hears(1));
  REQUIRE(b.hears(1));
  hub.box.settle();
  a.box.settle();
  CHECK(hub.heard().size() == 1);
  CHECK(a.heard().empty());
  CHECK(hub.box.dropped(second, RxDrop::own_echo) == 1);
}

TEST_CASE("mcast: empty datagrams and runts are counted, and never sent") {
  const Group group = random_group();
  Member a(group);
  const Fd plain = plain_member(group);
  for (const size_t length : {0, 1, 13})
    REQUIRE(send_to(plain, address(group.address, group.port), Octets(length)));
  REQUIRE(send_to(plain, address(group.address, group.port), kHello));
  REQUIRE(a.hears(1));
  CHECK(a.box.dropped(a.port, RxDrop::runt) == 3);
  while (receive(plain.get(), 0)) continue;
  a.send(Octets(5));
  a.send(kAnswer);
  CHECK(receive(plain.get()) == kAnswer);
}

TEST_CASE("mcast: the largest frame passes, a longer one is dropped where it would leave") {
  const Group group = random_group();
  Member a(group), b(group);
  const Octets largest = make_frame(kBroadcastMac, station(1), 65507, 3);
  a.send(make_frame(kBroadcastMac, station(1), 65508, 2));
  a.send(largest);
  REQUIRE(b.hears(1));
  CHECK(b.heard()[0] == largest);
  CHECK(a.box.dropped(a.port, TxDrop::oversize) == 1);
}

TEST_CASE("mcast: a thousand frames keep their order") {
  const Group group = random_group();
  Member a(group), b(group);
  for (uint32_t i = 0; i < 1000; ++i) {
    a.send(make_frame(kBroadcastMac, station(1), 60 + i, i));
    if (i % 50 == 49) REQUIRE(b.hears(i + 1));
  }
  for (uint32_t i = 0; i < 1000; ++i)
    REQUIRE(b.heard()[i] == make_frame(kBroadcastMac, station(1), 60 + i, i));
  CHECK(b.counters().kernel_drops.get() == 0);
}

TEST_CASE("mcast: ttl, loop and the rest reach the kernel") {
  const FaultScope scope;
  const Group group = random_group();
  Faults::record_options();
  Member a("mcast", with(with(mcast_config(group), "ttl", int64_t{7}), "loop", false));
  REQUIRE(a.open());
  CHECK(Faults::was_set(IPPROTO_IP, IP_MULTICAST_TTL, 7));
  CHECK(Faults::was_set(IPPROTO_IP, IP_MULTICAST_LOOP, 0));
  CHECK(Faults::was_set(IPPROTO_IP, IP_MULTICAST_ALL, 0));
  CHECK(Faults::was_set(SOL_SOCKET, SO_REUSEADDR, 1));
  Faults::record_options();
  Member b(group);
  CHECK(Faults::was_set(IPPROTO_IP, IP_MULTICAST_LOOP, 1));
  CHECK(Faults::was_set(IPPROTO_IP, IP_MULTICAST_TTL, 1));

  const Fd plain = plain_member(group);
  b.send(kHello);
  CHECK(received_ttl(plain.get()) == 1);
  Member c("mcast", with(mcast_config(group), "ttl", int64_t{7}));
  c.send(kHello);
  CHECK(received_ttl(plain.get()) == 7);
}

TEST_CASE("mcast: one source alone, when it is named") {
  const Group group = random_group();
  Member from_here("mcast", with(mcast_config(group), "source", std::string("127.0.0.1")));
  Member from_elsewhere("mcast", with(mcast_config(group), "source", std::string("127.0.0.9")));
  Member any(group), a(group);
  REQUIRE(from_here.open());
  REQUIRE(from_elsewhere.open());
  a.send(kHello);
  REQUIRE(any.hears(1));
  CHECK(from_here.hears(1));
  from_elsewhere.box.settle();
  CHECK(from_elsewhere.heard().empty());
}

TEST_CASE("mcast: what was chosen is noted") {
  const Group group = random_group();
  Member a(group);
  const auto note = [&](const char* key) { return a.box.recorder.note(a.port, key); };
  CHECK(note("interface") == "lo");
  CHECK(note("interface_by") == "as configured");
  CHECK(note("source").find("127.0.0.1 port ") == 0);
  CHECK(note("lan_mtu") == std::to_string(find_interface("lo").value().mtu));
  CHECK(std::stoi(note("receive_buffer")) > 0);
}

TEST_CASE("mcast: errors name what is wrong") {
  const Group group = random_group();
  Member unknown("mcast", with(mcast_config(group), "interface", std::string("nope0")));
  CHECK_FALSE(unknown.open());
  CHECK(unknown.error().field == "interface");

  const Fd greedy = plain_member(group, false);
  Member late(group);
  CHECK_FALSE(late.open());
  CHECK(late.error().os_errno == EADDRINUSE);
  CHECK(std::string(late.error().syscall) == "bind");
  CHECK(late.error().message.find(std::to_string(group.port)) != std::string::npos);
}

TEST_CASE("mcast: after a reopening the former source is still own") {
  const FaultScope scope;
  const Group group = random_group();
  Member a(group), b(group);
  const std::string before = a.box.recorder.note(a.port, "source");
  // The echo of the first frame is still in the socket when the second is refused and a fresh socket sends
  // it.
  a.inside->give(kHello);
  a.inside->on_ready = [&](PortHost& host, uint32_t) {
    a.inside->bell.clear();
    for (uint32_t i = 0; i < 2; ++i) {
      BatchPtr batch = host.lease();
      REQUIRE(batch->append(make_frame(kBroadcastMac, station(1), 60, i), 0));
      if (i == 1) Faults::fail_sendmmsg(ENETUNREACH, 1);
      host.deliver(*batch);
    }
  };
  REQUIRE(a.box.breathe_until([&] { return a.counters().tx_frames.get() == 2; }));
  CHECK(a.counters().reopened.get() == 1);
  CHECK(a.box.recorder.note(a.port, "source") != before);
  REQUIRE(a.box.breathe_until([&] { return a.counters().rx_frames.get() == 2; }));
  CHECK(a.box.dropped(a.port, RxDrop::own_echo) == 2);
  CHECK(a.counters().forwarded.get() == 0);
  REQUIRE(b.hears(2));
  CHECK(b.heard()[1] == make_frame(kBroadcastMac, station(1), 60, 1));
}

TEST_CASE("mcast: closing leaves nothing behind, and the group can be joined again at once") {
  const Group group = random_group();
  for (int i = 0; i < 20; ++i) {
    Member a(group);
    REQUIRE(a.open());
    a.box.engine.remove_port(a.port);
    a.send(kHello);
    CHECK(a.box.counters(a.port)->tx_frames.get() == 0);
  }
}

TEST_CASE("mcast: an IPv6 group, where loopback has a multicast route") {
  Group group = random_group();
  group.address = "ff12::" + std::to_string(1000 + group.port % 9000);
  Member a(group);
  if (!a.open()) {
    MESSAGE("skipped: no IPv6 multicast on lo here: " << a.error().message);
    CHECK(a.error().code == Errc::os);
    return;
  }
  Member b(group);
  a.send(kHello);
  REQUIRE(b.hears(1));
  CHECK(b.heard()[0] == kHello);
  REQUIRE(a.box.breathe_until([&] { return a.counters().rx_frames.get() == 1; }));
  CHECK(a.box.dropped(a.port, RxDrop::own_echo) == 1);
}
