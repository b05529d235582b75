// Where a line of IPv4 packets meets an Ethernet: what is asked, answered, sent on and dropped.
#include "core/ip_edge.h"

#include <doctest/doctest.h>

#include <set>

#include "test/support/edge_bench.h"
#include "test/support/random.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

constexpr Mac kOwn = EdgeBench::kOwn;
constexpr uint32_t kGuest = net_host(7), kHost = net_host(1), kOther = net_host(2);
constexpr Mac kHostMac = station(1), kOtherMac = station(2);
constexpr uint64_t kSecond = 1'000'000'000;

// The guest is known and the host has answered: nothing but packets goes on.
void introduce(EdgeBench& bench, uint32_t host = kHost, Mac mac = kHostMac) {
  bench.send(ip_packet(kGuest, host));
  bench.hear_arp({false, mac, host, kOwn, net_host(254)}, kOwn);
}

}  // namespace

TEST_CASE("ip edge: the first packet asks, the answer lets it go, and the next go at once") {
  EdgeBench bench;
  const Octets first = ip_packet(kGuest, kHost, 100, 1);
  const auto asked = bench.send(first);
  REQUIRE(asked.size() == 2);
  const auto probe = arp_of(asked[0]), question = arp_of(asked[1]);
  REQUIRE((probe && question));
  CHECK(probe->sender_ip == 0);  // it says nothing that a host would remember
  CHECK(probe->target_ip == kGuest);
  CHECK(question->request);
  CHECK(question->sender_ip == net_host(254));
  CHECK(question->sender_mac == kOwn);
  CHECK(question->target_ip == kHost);
  CHECK(destination_mac(asked[1].data()) == kBroadcastMac);

  const auto released = bench.hear_arp({false, kHostMac, kHost, kOwn, net_host(254)}, kOwn);
  REQUIRE(released.size() == 1);
  CHECK(released[0] == ether(kHostMac, kOwn, kEtherTypeIpv4, first));
  const Octets second = ip_packet(kGuest, kHost, 3, 2);
  CHECK(bench.send(second) == std::vector<Octets>{ether(kHostMac, kOwn, kEtherTypeIpv4, second)});
  CHECK(bench.drops.empty());
}

TEST_CASE("ip edge: only what can be IPv4 leaves the line, without what follows it") {
  EdgeBench bench;
  introduce(bench);
  const Octets good = ip_packet(kGuest, kHost, 20);
  Octets longer = good;
  longer.resize(longer.size() + 9, 0xee);
  CHECK(bench.send(longer) == std::vector<Octets>{ether(kHostMac, kOwn, kEtherTypeIpv4, good)});

  std::vector<Octets> bad(8, good);
  bad[0].resize(19);
  bad[1][0] = 0x65;                                   // version 6
  bad[2][0] = 0x44;                                   // a header of 16 octets
  bad[3][0] = 0x4f;                                   // one of 60, in a packet of 40
  bad[4][3] = static_cast<uint8_t>(good.size() + 1);  // longer than there is
  bad[5][3] = 19;                                     // shorter than its header
  bad[6][10] ^= 1;                                    // its sum
  bad[7].clear();
  for (const Octets& each : bad) CHECK(bench.send(each).empty());
  CHECK(bench.drops == std::map<RxDrop, uint32_t>{{RxDrop::bad_packet, 8}});
}

TEST_CASE("ip edge: broadcasts and groups have their own MACs") {
  EdgeBench bench;
  introduce(bench);
  const auto to = [&](uint32_t address) {
    const auto frames = bench.send(ip_packet(kGuest, address));
    REQUIRE(frames.size() == 1);
    return destination_mac(frames[0].data());
  };
  CHECK(to(0xffffffff) == kBroadcastMac);
  CHECK(to(net_host(255)) == kBroadcastMac);
  CHECK(to(ip4(224, 0, 0, 251)) == 0x0100'5e00'00fbULL);
  CHECK(to(ip4(239, 192, 168, 1)) == 0x0100'5e40'a801ULL);
  // DHCP's discover comes from nobody.
  const auto discover = bench.send(ip_packet(0, 0xffffffff));
  REQUIRE(discover.size() == 1);
  CHECK(bench.edge.learned().size() == 1);
}

TEST_CASE("ip edge: where nobody can be, nobody is asked for") {
  EdgeBench bench;
  introduce(bench);
  for (const uint32_t address :
       {0u, ip4(0, 1, 2, 3), ip4(127, 0, 0, 1), ip4(240, 0, 0, 1), kGuest, net_host(254)})
    CHECK(bench.send(ip_packet(kGuest, address)).empty());
  CHECK(bench.drops[RxDrop::unresolved] == 6);
}

TEST_CASE("ip edge: beyond the net goes to the gateway; without one the host itself is asked for") {
  EdgeBench plain;
  introduce(plain);
  auto asked = plain.send(ip_packet(kGuest, ip4(203, 0, 113, 5)));
  REQUIRE(asked.size() == 1);
  CHECK(arp_of(asked[0])->target_ip == ip4(203, 0, 113, 5));

  EdgeBench routed({.mac = kOwn, .address = {net_host(254), 24}, .gateway = net_host(3)});
  introduce(routed);
  asked = routed.send(ip_packet(kGuest, ip4(203, 0, 113, 5)));
  REQUIRE(asked.size() == 1);
  CHECK(arp_of(asked[0])->target_ip == net_host(3));
  asked = routed.send(ip_packet(kGuest, net_host(9)));
  REQUIRE(asked.size() == 1);
  CHECK(arp_of(asked[0])->target_ip == net_host(9));
}

TEST_CASE("ip edge: without an address of its own, questions bear the guest's, if that is undisputed") {
  EdgeBench bench({.mac = kOwn});
  const auto asked = bench.send(ip_packet(kGuest, kHost));
  REQUIRE(asked.size() == 2);
  CHECK(arp_of(asked[1])->sender_ip == kGuest);
  bench.hear_arp({false, kOtherMac, kGuest, kOwn, 0}, kOwn);
  const auto again = bench.send(ip_packet(kGuest, kOther));
  REQUIRE(again.size() == 1);
  CHECK(arp_of(again[0])->sender_ip == 0);
}

TEST_CASE("ip edge: who does not answer is asked three times, and what waited is dropped") {
  EdgeBench bench;
  CHECK(bench.send(ip_packet(kGuest, kHost)).size() == 2);
  CHECK(bench.send(ip_packet(kGuest, kHost)).empty());
  CHECK(bench.wait(kSecond).size() == 1);
  CHECK(bench.wait(kSecond).size() == 1);
  CHECK(bench.drops.empty());
  CHECK(bench.wait(kSecond).empty());
  CHECK(bench.drops[RxDrop::unresolved] == 2);
  CHECK(bench.edge.neighbours().size() == 0);
  CHECK(bench.edge.deadline_ns() == 0);
}

TEST_CASE("ip edge: of many packets for a silent host the newest wait") {
  EdgeBench bench;
  for (uint32_t i = 0; i < 10; ++i) bench.send(ip_packet(kGuest, kHost, 8, i));
  CHECK(bench.drops[RxDrop::unresolved] == 10 - Neighbours::kMostWaiting);
  const auto released = bench.hear_arp({false, kHostMac, kHost, kOwn, net_host(254)}, kOwn);
  REQUIRE(released.size() == Neighbours::kMostWaiting);
  CHECK(released.back() == ether(kHostMac, kOwn, kEtherTypeIpv4, ip_packet(kGuest, kHost, 8, 9)));
}

TEST_CASE("ip edge: ARP is answered for the far end's addresses and its own, and for nothing else") {
  EdgeBench bench;
  CHECK(bench.hear_arp({true, kHostMac, kHost, 0, kGuest}).empty());
  bench.send(ip_packet(kGuest, kHost));
  for (const uint32_t address : {kGuest, net_host(254)}) {
    const auto answers = bench.hear_arp({true, kOtherMac, kOther, 0, address});
    REQUIRE(answers.size() == 1);
    const auto reply = arp_of(answers[0]);
    CHECK_FALSE(reply->request);
    CHECK(reply->sender_mac == kOwn);
    CHECK(reply->sender_ip == address);
    CHECK(reply->target_mac == kOtherMac);
    CHECK(reply->target_ip == kOther);
    CHECK(destination_mac(answers[0].data()) == kOtherMac);
  }
  CHECK(bench.hear_arp({true, kOtherMac, kOther, 0, net_host(77)}).empty());
  // A probe for an address that is in use must not stay unanswered; one for a free address must.
  CHECK(bench.hear_arp({true, kOtherMac, 0, 0, kGuest}).size() == 1);
  CHECK(bench.hear_arp({true, kOtherMac, 0, 0, net_host(77)}).empty());
  // An announcement is no question, and a reply neither.
  CHECK(bench.hear_arp({true, kOtherMac, kOther, 0, kOther}).empty());
  CHECK(bench.hear_arp({false, kOtherMac, kOther, kOwn, net_host(254)}, kOwn).empty());
}

TEST_CASE("ip edge: a station that owns the address wins over what was learned, for five minutes") {
  EdgeBench bench;
  introduce(bench);
  CHECK(bench.edge.answers_for(kGuest, bench.now));
  CHECK(bench.hear_arp({false, kOtherMac, kGuest, kOwn, 0}, kOwn).empty());
  CHECK(bench.disputes == std::vector<std::pair<uint32_t, Mac>>{{kGuest, kOtherMac}});
  CHECK(bench.hear_arp({true, kHostMac, kHost, 0, kGuest}).empty());
  bench.now += 200 * kSecond;
  introduce(bench);
  CHECK_FALSE(bench.edge.answers_for(kGuest, bench.now));
  bench.now += 101 * kSecond;
  bool probed = false;
  for (const Octets& frame : bench.send(ip_packet(kGuest, kHost))) {
    const auto arp = arp_of(frame);
    probed |= arp && arp->sender_ip == 0 && arp->target_ip == kGuest;
  }
  CHECK(probed);
  CHECK(bench.edge.answers_for(kGuest, bench.now));
}

TEST_CASE("ip edge: what is configured is not learned, and nobody takes it away") {
  EdgeBench bench({.mac = kOwn, .address = {net_host(254), 24}, .peer = {net_host(4), 30}, .has_peer = true});
  introduce(bench);  // the guest's 198.18.1.7 is in 198.18.1.4/30
  for (uint32_t each = 4; each < 8; ++each) CHECK(bench.edge.answers_for(net_host(each), bench.now));
  CHECK_FALSE(bench.edge.answers_for(net_host(8), bench.now));
  bench.hear_arp({false, kOtherMac, kGuest, kOwn, 0}, kOwn);
  bench.hear_arp({true, kOtherMac, net_host(254), 0, net_host(254)});
  CHECK(bench.edge.answers_for(kGuest, bench.now));
  CHECK(bench.edge.answers_for(net_host(254), bench.now));
  bench.send(ip_packet(net_host(9), kHost));
  CHECK_FALSE(bench.edge.answers_for(net_host(9), bench.now));
  CHECK(bench.disputes.empty());
}

TEST_CASE("ip edge: the far end can't have the address of a host that it talks to, nor one off the net") {
  EdgeBench bench({.mac = kOwn, .address = {net_host(254), 24}, .gateway = net_host(3)});
  introduce(bench);
  for (const uint32_t source : {kHost, net_host(3), net_host(255), ip4(203, 0, 113, 5), ip4(127, 0, 0, 1)}) {
    bench.send(ip_packet(source, kOther));
    CHECK_FALSE(bench.edge.answers_for(source, bench.now));
  }
}

TEST_CASE("ip edge: an address moves only when its old owner no longer answers") {
  EdgeBench bench;
  introduce(bench);
  const auto goes_to = [&] {
    const auto frames = bench.send(ip_packet(kGuest, kHost));
    REQUIRE(!frames.empty());
    return destination_mac(frames.back().data());
  };
  // Somebody else claims it: the owner is asked, and answers.
  auto asked = bench.hear_arp({true, kOtherMac, kHost, 0, kHost});
  REQUIRE(asked.size() == 1);
  CHECK(destination_mac(asked[0].data()) == kHostMac);
  CHECK(goes_to() == kHostMac);
  bench.hear_arp({false, kHostMac, kHost, kOwn, net_host(254)}, kOwn);
  for (int i = 0; i < 4; ++i) bench.wait(kSecond);
  CHECK(goes_to() == kHostMac);
  // It claims again, a hundred times, and now the owner is silent.
  size_t questions = 0;
  for (int i = 0; i < 100; ++i) questions += bench.hear_arp({true, kOtherMac, kHost, 0, kHost}).size();
  CHECK(questions == 1);
  bench.wait(kSecond);
  CHECK(goes_to() == kHostMac);
  bench.wait(kSecond);
  CHECK(goes_to() == kOtherMac);
}

TEST_CASE("ip edge: an answer is believed for a minute, then checked in use, without loss") {
  EdgeBench bench;
  introduce(bench);
  bench.now += 61 * kSecond;
  auto frames = bench.send(ip_packet(kGuest, kHost));
  REQUIRE(frames.size() == 2);
  CHECK(destination_mac(frames[0].data()) == kHostMac);
  CHECK(arp_of(frames[0]));
  CHECK(ether_type(frames[1].data()) == kEtherTypeIpv4);
  bench.hear_arp({false, kHostMac, kHost, kOwn, net_host(254)}, kOwn);
  CHECK(bench.send(ip_packet(kGuest, kHost)).size() == 1);
  // Not used, not asked.
  CHECK(bench.wait(600 * kSecond).empty());
  frames = bench.send(ip_packet(kGuest, kHost));
  CHECK(bench.wait(kSecond).size() == 1);
  CHECK(bench.wait(kSecond).empty());
  CHECK_FALSE(bench.edge.neighbours().knows(kHost));
  CHECK(bench.drops.empty());
}

TEST_CASE("ip edge: from the LAN come IPv4 packets for the station or for all, trimmed") {
  EdgeBench bench;
  const Octets packet = ip_packet(kHost, kGuest, 10);
  Octets frame = ether(kOwn, kHostMac, kEtherTypeIpv4, packet);
  frame.resize(60);
  CHECK(bench.hear(frame) == FromLan::packet);
  CHECK(copy(bench.packet) == packet);
  CHECK(bench.hear(ether(kBroadcastMac, kHostMac, kEtherTypeIpv4, packet)) == FromLan::packet);
  CHECK(bench.hear(ether(0x0100'5e00'0001ULL, kHostMac, kEtherTypeIpv4, packet)) == FromLan::packet);
  CHECK(bench.hear(ether(kOtherMac, kHostMac, kEtherTypeIpv4, packet)) == FromLan::other_station);
  CHECK(bench.hear(ether(kOwn, kHostMac, 0x86dd, packet)) == FromLan::not_ip);
  CHECK(bench.hear(ether(kOwn, kHostMac, kEtherTypeVlan, packet)) == FromLan::not_ip);
  Octets lying = packet;
  lying[3] = 200;
  CHECK(bench.hear(ether(kOwn, kHostMac, kEtherTypeIpv4, lying)) == FromLan::not_ip);
  lying[0] = 0x55;
  CHECK(bench.hear(ether(kOwn, kHostMac, kEtherTypeIpv4, lying)) == FromLan::not_ip);
  CHECK(bench.hear(Octets(13)) == FromLan::not_ip);
}

TEST_CASE("ip edge: floods of ARP make nothing grow, and its own ARP come back is nothing") {
  EdgeBench bench;
  introduce(bench);
  for (uint32_t i = 0; i < 100'000; ++i) {
    const auto arp = arp_frame(kBroadcastMac, {i % 2 == 0, station(i), ip4(198, 18, i >> 8 & 0xff, i & 0xff),
                                               0, net_host(i & 0xff)});
    bench.hear(Octets(arp.begin(), arp.end()));
  }
  CHECK(bench.edge.neighbours().size() == 1);
  CHECK(bench.edge.learned().size() == 1);
  bench.edge.answer(bench.now, bench);
  CHECK(bench.frames.size() <= 65);
  bench.frames.clear();
  CHECK(bench.hear_arp({true, kOwn, kHost, 0, kGuest}).empty());
}

TEST_CASE("ip edge: a far end that scans and lies makes nothing grow, and all is accounted for") {
  EdgeBench bench({.mac = kOwn});
  Random random(4);
  uint64_t sent = 0, frames = 0;
  for (int i = 0; i < 50'000; ++i) {
    ++sent;
    for (const Octets& frame :
         bench.send(ip_packet(ip4(10, random.below(4), random.below(256), 1 + random.below(200)),
                              ip4(172, 16, random.below(256), random.below(256)))))
      frames += !arp_of(frame);
    if (random.one_in(20)) {
      for (const Octets& frame : bench.hear_arp({false, station(random.word() & 0xff),
                                                 ip4(172, 16, random.below(256), random.below(256)), kOwn, 0},
                                                kOwn))
        frames += !arp_of(frame);
    }
    if (random.one_in(50)) {
      for (const Octets& frame : bench.wait(random.below(2'000'000'000))) frames += !arp_of(frame);
    }
    CHECK(bench.edge.neighbours().size() <= Neighbours::kMost);
    CHECK(bench.edge.neighbours().unresolved() <= Neighbours::kMostUnresolved);
    CHECK(bench.edge.learned().size() <= PeerAddresses::kMost);
  }
  CHECK(bench.unlearned > 0);
  const uint32_t waiting = bench.edge.reset();
  CHECK(sent == frames + bench.drops[RxDrop::unresolved] + waiting);
  CHECK(bench.edge.neighbours().size() == 0);
}

TEST_CASE("neighbours: when the table is full, the one unused for longest goes") {
  EdgeBench bench({.mac = kOwn});
  const auto host = [](uint32_t i) { return ip4(172, 16, i >> 8, i & 0xff); };
  for (uint32_t i = 1; i <= Neighbours::kMost + 1; ++i) {
    bench.now += 1000;
    bench.send(ip_packet(kGuest, host(i)));
    bench.hear_arp({false, station(i), host(i), kOwn, 0}, kOwn);
    bench.send(ip_packet(kGuest, host(1)));
  }
  CHECK(bench.edge.neighbours().size() == Neighbours::kMost);
  CHECK(bench.edge.neighbours().knows(host(1)));
  CHECK_FALSE(bench.edge.neighbours().knows(host(2)));
  CHECK(bench.edge.neighbours().knows(host(3)));
}

TEST_CASE("arp: what is read is what was written, and nothing else is read") {
  const ArpMessage message{true, kHostMac, kHost, kOtherMac, kOther};
  const auto octets = arp_frame(kBroadcastMac, message);
  Octets frame(octets.begin(), octets.end());
  const auto read = read_arp(frame);
  REQUIRE(read);
  CHECK(read->request);
  CHECK(read->sender_mac == kHostMac);
  CHECK(read->sender_ip == kHost);
  CHECK(read->target_mac == kOtherMac);
  CHECK(read->target_ip == kOther);
  for (size_t length = 0; length < frame.size(); ++length)
    CHECK_FALSE(read_arp(std::span(frame).first(length)));
  for (const size_t at : {12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22}) {
    Octets other = frame;
    other[at] ^= 0x41;
    CHECK_FALSE(read_arp(other));
  }
}
