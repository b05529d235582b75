// EchoFilter, alone on 127.0.0.1, and in a group port: every echo is counted as the frames that left, and
// nobody else's datagrams are touched.
#include "engine/echo_filter.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "engine/interfaces.h"
#include "engine/link_setup.h"
#include "test/support/lan.h"
#include "test/support/namespace.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

// A socket that sends to a group from an address of this host, from a port of our choice.
Fd sender_from(const std::string& from, uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const SockAddr own = address(from, port);
  REQUIRE(::bind(fd.get(), &own.any, own.length) == 0);
  ip_mreqn request{};
  request.imr_ifindex = find_interface("lo").value().index;
  request.imr_address = own.v4.sin_addr;
  REQUIRE(setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) == 0);
  return fd;
}

uint16_t source_port(Member& member) {
  const std::string note = member.box.recorder.note(member.port, "source");
  return static_cast<uint16_t>(std::stoi(note.substr(note.find(" port ") + 6)));
}

// Runs of equal frames and single ones of these lengths; each echo is that of the frames that left.
void check_echoes(Member& a, Member& b) {
  const PortCounters& counters = a.counters();
  std::vector<Octets> sent;
  for (const size_t length :
       {14, 60, 61, 1514, 1586, 1587, 1599, 1600, 1601, 1613, 1614, 1615, 1628, 9014, 65507}) {
    for (const uint32_t count : {1, 2, 3, 7, 44, 128}) {
      if (length > 14 && count * length > 1'000'000) continue;
      for (uint32_t i = 0; i < count; ++i) {
        sent.push_back(make_frame(kBroadcastMac, station(1), length, i));
        a.inside->give(sent.back());
      }
      // A short last one of every kind: a run's number of frames hangs on it.
      const size_t last = 14 + (length * count) % 29;
      sent.push_back(make_frame(kBroadcastMac, station(1), std::min(last, length), 99));
      a.inside->give(sent.back());
      INFO("length ", length, ", ", count, " frames and one");
      REQUIRE(a.box.breathe_until([&] { return counters.rx_frames.get() == sent.size(); }));
      REQUIRE(counters.tx_frames.get() == sent.size());
      REQUIRE(a.box.dropped(a.port, RxDrop::own_echo) == sent.size());
      REQUIRE(b.hears(sent.size()));
    }
  }
  CHECK(b.heard() == sent);
  CHECK(counters.forwarded.get() == 0);
  for (Member* const member : {&a, &b}) CHECK(member->counters().kernel_drops.get() == 0);
  // That of ordinary frames to the octet; of long runs up to 13 octets a message are not known.
  CHECK(counters.rx_octets.get() <= counters.tx_octets.get());
  CHECK(counters.rx_octets.get() > counters.tx_octets.get() - 14 * sent.size());
}

}  // namespace

TEST_CASE("echo filter: echoes of frames and runs of all sizes are counted exactly") {
  const Group group = random_group();
  Member a(group), b(group);
  check_echoes(a, b);
  CHECK(a.counters().tx_super_frames.get() > 20);
  CHECK(a.counters().rx_super_frames.get() > 20);
}

TEST_CASE("echo filter: without runs too") {
  const Group group = random_group();
  Config config = mcast_config(group);
  config.set("offload", std::string("off"));
  Member a("mcast", config), b("mcast", config);
  check_echoes(a, b);
  CHECK(a.counters().tx_super_frames.get() == 0);
  CHECK(a.counters().rx_super_frames.get() == 0);
}

TEST_CASE("echo filter: over IPv6") {
  const Namespace own;
  if (!own.ok()) {
    MESSAGE("skipped: no network namespace of its own; run as root");
    return;
  }
  REQUIRE(set_link_up(find_interface("lo").value().index).ok());
  REQUIRE(std::system("ip -6 route add local ff00::/8 dev lo table local") == 0);
  Group group = random_group();
  group.address = "ff15::1234";
  Member a(group), b(group);
  REQUIRE(a.open());
  check_echoes(a, b);
  CHECK(a.counters().rx_super_frames.get() > 20);
}

TEST_CASE(
    "echo filter: nobody else's datagrams are shortened, not even from the same port of another address") {
  const Group group = random_group();
  Member a(group);
  const uint16_t port = source_port(a);
  const SockAddr to = address(group.address, group.port);
  const Fd same_port = sender_from("127.0.0.2", port), same_address = sender_from("127.0.0.1", 0);
  std::vector<Octets> sent;
  for (const size_t length : {60, 1600, 1601, 1700, 9000, 65507}) {
    for (const Fd* const from : {&same_port, &same_address}) {
      sent.push_back(make_frame(kBroadcastMac, station(7), length, static_cast<uint32_t>(sent.size())));
      REQUIRE(send_to(*from, to, sent.back()));
      REQUIRE(a.hears(sent.size()));
    }
  }
  CHECK(a.heard() == sent);
  CHECK(a.box.dropped(a.port, RxDrop::own_echo) == 0);
}

TEST_CASE("echo filter: attached anew for another source, and taken off when there is none") {
  const Fd in = loopback_socket(), first = loopback_socket(), second = loopback_socket();
  const SockAddr to = local_address(in.get());
  EchoFilter filter;
  // How much of 5000 octets comes, and how much there was as far as the filter knows.
  const auto comes = [&](const Fd& from) {
    REQUIRE(send_to(from, to, pattern(5000, 1)));
    const auto got = receive(in.get());
    REQUIRE(got);
    return std::pair(got->size(),
                     filter.original(local_address(from.get()), static_cast<uint32_t>(got->size())));
  };
  const auto whole = std::pair(size_t{5000}, uint32_t{5000});
  CHECK(comes(first) == whole);
  REQUIRE(filter.attach(in.get(), local_address(first.get())));
  CHECK(comes(first) == std::pair(size_t{1600 + 3400 / 14}, uint32_t{1600 + 3400 / 14 * 14}));
  CHECK(comes(second) == whole);
  REQUIRE(filter.attach(in.get(), local_address(second.get())));
  CHECK(comes(first) == whole);
  CHECK(comes(second).first < 2000);
  // A source of 0.0.0.0 can't be told: nothing is shortened, and not for the one before either.
  CHECK_FALSE(filter.attach(in.get(), SockAddr::wildcard(AF_INET, 5)));
  CHECK(comes(first) == whole);
  CHECK(comes(second) == whole);
}
