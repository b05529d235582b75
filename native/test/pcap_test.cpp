// The pcap port on real interfaces, in a network namespace of the test's own: what a tap's other side writes
// comes in on the interface, what a packet socket sends goes out of it.
#include <doctest/doctest.h>
#include <linux/if_tun.h>

#include <cstdlib>

#include "ports/registry.h"
#include "test/support/engine_box.h"
#include "test/support/tap_rig.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

Config pcap_config(const char* interface, const char* filter = "", bool promisc = true) {
  Config config;
  config.set("interface", std::string(interface));
  if (*filter != 0) config.set("filter", std::string(filter));
  config.set("promisc", promisc);
  config.set("optimize", false);
  return config;
}

// An interface whose cable is in the test's hand.
struct Cable {
  explicit Cable(const char* name = "cap0", bool up = true)
      : far(make_raw_tap(name, IFF_NO_PI | IFF_VNET_HDR)) {
    // Else only whole super-frames of a plain kind are taken.
    REQUIRE(ioctl(far.get(), TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) == 0);
    if (up) REQUIRE(set_link_up(index_of(name)).ok());
  }
  // Comes in on the interface.
  void in(const Octets& frame, RawVnetHeader header = {}) const {
    const std::array<iovec, 2> pieces{iovec{&header, sizeof header},
                                      iovec{const_cast<uint8_t*>(frame.data()), frame.size()}};
    REQUIRE(::writev(far.get(), pieces.data(), 2) == static_cast<ssize_t>(sizeof header + frame.size()));
  }
  Fd far;
};

struct PcapRig {
  explicit PcapRig(const Config& config) : port(std::move(make_port("pcap", config).value())) {
    auto opened = port->open(host);
    REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.error().message));
  }
  ~PcapRig() { port->close(); }
  bool hears(size_t count) {
    for (int i = 0; i < 300 && host.frames.size() < count; ++i) host.breathe(*port, 10);
    return host.frames.size() >= count;
  }
  bool reports(PortState state, const std::string& reason) {
    for (int i = 0; i < 300; ++i) {
      if (!host.events.empty() && host.events.back().state == state && host.events.back().reason == reason)
        return true;
      host.breathe(*port, 10);
    }
    return false;
  }
  FakeHost host;
  std::unique_ptr<Port> port;
};

Error refusal(const Config& config) {
  FakeHost host;
  const auto port = std::move(make_port("pcap", config).value());
  const auto opened = port->open(host);
  port->close();
  REQUIRE(!opened.ok());
  return opened.error();
}

Octets tagged(std::vector<uint16_t> tags, uint32_t seed = 1) {
  return build({.udp = true, .tags = std::move(tags), .payload = pattern(60, seed)});
}

void shell(const char* command) { REQUIRE(std::system(command) == 0); }

}  // namespace

TEST_CASE("pcap: both directions are heard, octet for octet, tags in their places") {
  const Namespace own;
  if (no_taps(own)) return;
  hush();
  const Cable cable;
  PcapRig rig(pcap_config("cap0"));
  const PacketSocket near(index_of("cap0"));
  std::vector<Octets> sent;
  for (const auto& tags : std::vector<std::vector<uint16_t>>{
           {}, {0x8100}, {0x88a8}, {0x88a8, 0x8100}, {0x8100, 0x8100}, {0x9100}}) {
    sent.push_back(tagged(tags));
    cable.in(sent.back());
    // One after the other: the two ways of the interface have no common order.
    REQUIRE(rig.hears(sent.size()));
    sent.push_back(tagged(tags, 2));
    REQUIRE(near.send(sent.back()));
    REQUIRE(rig.hears(sent.size()));
  }
  Octets priority = tagged({0x8100});
  set16(priority, 14, 0xe000);
  for (const uint32_t tci : {0xe000u, 0u, 0xffffu}) {
    set16(priority, 14, tci);
    sent.push_back(priority);
    cable.in(priority);
    REQUIRE(rig.hears(sent.size()));
  }
  CHECK(rig.host.frames == sent);
  CHECK(rig.host.counters().rx_frames.get() == sent.size());
}

TEST_CASE("pcap: the kernel runs the filter, on tags beside the octets as on those among them") {
  const Namespace own;
  if (no_taps(own)) return;
  hush();
  const Cable cable;
  const PacketSocket near(index_of("cap0"));
  struct {
    const char* filter;
    std::vector<uint16_t> wanted, other;
  } const cases[] = {
      {"vlan", {0x8100}, {}},           {"vlan 7", {0x8100}, {}},
      {"vlan 7 and udp", {0x8100}, {}}, {"vlan 7 and vlan 8 and udp", {0x88a8, 0x8100}, {0x8100}},
      {"not vlan", {}, {0x8100}},       {"udp port 5201 and not vlan", {}, {0x88a8}},
  };
  for (const auto& each : cases) {
    for (const bool optimize : {false, true}) {
      CAPTURE(each.filter);
      CAPTURE(optimize);
      Config config = pcap_config("cap0", each.filter);
      if (optimize) {
        config = Config();
        config.set("interface", std::string("cap0"));
        config.set("filter", std::string(each.filter));
        config.set("promisc", true);
        config.set("optimize", true);
      }
      PcapRig rig(config);
      cable.in(tagged(each.other, 3));
      REQUIRE(near.send(tagged(each.other, 4)));
      cable.in(tagged(each.wanted, 5));
      REQUIRE(rig.hears(1));
      REQUIRE(near.send(tagged(each.wanted, 6)));
      REQUIRE(rig.hears(2));
      CHECK(rig.host.frames == std::vector<Octets>{tagged(each.wanted, 5), tagged(each.wanted, 6)});
    }
  }
}

TEST_CASE("pcap: a super-frame comes whole and is described") {
  const Namespace own;
  if (no_taps(own)) return;
  hush();
  const Cable cable;
  PcapRig rig(pcap_config("cap0"));
  uint64_t frames = 0;
  size_t packets = 0;
  for (const auto& tags : std::vector<std::vector<uint16_t>>{{}, {0x8100}, {0x88a8, 0x8100}}) {
    for (const bool v6 : {false, true}) {
      for (const size_t payload : {size_t{3000}, size_t{60000}}) {
        CAPTURE(payload);
        const Wire wire{.v6 = v6, .tags = tags, .payload = pattern(payload, 9)};
        const Built built = build_parts(wire, false);
        const RawVnetHeader header{
            1,    static_cast<uint8_t>(v6 ? 4 : 1),       static_cast<uint16_t>(built.payload),
            1000, static_cast<uint16_t>(built.transport), 16};
        // In: on its way out, the kernel cuts before anybody listens what the device would not take.
        cable.in(built.frame, header);
        REQUIRE(rig.hears(++packets));
        CHECK(rig.host.frames.back() == built.frame);
        frames += payload / 1000;
        CHECK(rig.host.counters().rx_frames.get() == frames);
        CHECK(rig.host.counters().rx_super_frames.get() == packets);
      }
    }
  }
}

TEST_CASE("pcap: long packets behind short ones, of which slots were made") {
  const Namespace own;
  if (no_taps(own)) return;
  hush();
  const Cable cable;
  PcapRig rig(pcap_config("cap0"));
  std::vector<Octets> sent;
  for (int round = 0; round < 3; ++round) {
    for (const size_t length : {60, 1983, 1984, 1985, 9014, 14, 2048, 65000, 1514, 65535}) {
      sent.push_back(make_frame(station(1), station(2), length, static_cast<uint32_t>(sent.size())));
      cable.in(sent.back());
    }
    REQUIRE(rig.hears(sent.size()));
  }
  CHECK(rig.host.frames == sent);
}

TEST_CASE("pcap: what the buffer has no room for is counted") {
  const Namespace own;
  if (no_taps(own)) return;
  hush();
  const Cable cable;
  Config config = pcap_config("cap0");
  config.set("buffer", int64_t{65536});
  PcapRig rig(config);
  CHECK(rig.host.notes["receive_buffer"] == "131072");
  constexpr uint64_t kSent = 2000;
  for (uint64_t i = 0; i < kSent; ++i) cable.in(make_frame(station(1), station(2), 1000));
  while (rig.host.breathe(*rig.port, 20)) {
  }
  CHECK(rig.host.counters().kernel_drops.get() > 0);
  CHECK(rig.host.counters().rx_frames.get() > 0);
  CHECK(rig.host.counters().rx_frames.get() + rig.host.counters().kernel_drops.get() == kSent);
}

TEST_CASE("pcap: on loopback each packet is heard once, filtered or not") {
  const Namespace own;
  if (no_taps(own)) return;
  REQUIRE(set_link_up(index_of("lo")).ok());
  const PacketSocket near(index_of("lo"));
  for (const char* filter : {"", "udp"}) {
    CAPTURE(filter);
    PcapRig rig(pcap_config("lo", filter));
    REQUIRE(near.send(build({.udp = true, .payload = pattern(50, 1)})));
    REQUIRE(near.send(build({.udp = true, .payload = pattern(50, 2)})));
    REQUIRE(rig.hears(2));
    rig.host.breathe(*rig.port, 50);
    CHECK(rig.host.frames.size() == 2);
  }
}

TEST_CASE("pcap: an interface that is down, comes up, goes, is renamed and comes back") {
  const Namespace own;
  if (no_taps(own)) return;
  hush();
  auto cable = std::make_unique<Cable>("cap0", false);
  PcapRig rig(pcap_config("cap0", "udp"));
  REQUIRE(rig.host.events.size() == 1);  // told from within open()
  CHECK(rig.host.events[0].state == PortState::degraded);
  CHECK(rig.host.events[0].os_errno == ENETDOWN);
  const auto passes = [&] {
    rig.host.frames.clear();
    cable->in(build({.payload = pattern(50, 1)}));  // TCP
    cable->in(tagged({}));
    return rig.hears(1) && rig.host.frames == std::vector<Octets>{tagged({})};
  };
  REQUIRE(set_link_up(index_of("cap0")).ok());
  REQUIRE(rig.reports(PortState::up, "up"));
  CHECK(passes());
  for (int round = 0; round < 2; ++round) {
    shell("ip link set cap0 down");
    REQUIRE(rig.reports(PortState::degraded, "down"));
    shell("ip link set cap0 up");
    REQUIRE(rig.reports(PortState::up, "up"));
    CHECK(passes());
  }
  shell("ip link set cap0 down; ip link set cap0 name cap1; ip link set cap1 up");
  for (int i = 0; i < 300 && rig.host.notes["interface"] != "cap1"; ++i) rig.host.breathe(*rig.port, 10);
  REQUIRE(rig.reports(PortState::up, "up"));
  CHECK(passes());

  cable.reset();
  REQUIRE(rig.reports(PortState::degraded, "gone"));
  CHECK(rig.host.events.back().os_errno == ENODEV);
  // One of another name is none; nor is one that carries no Ethernet of any use, but that ends it.
  const Cable other("cap0");
  cable = std::make_unique<Cable>("cap1");
  REQUIRE(rig.reports(PortState::up, "up"));
  CHECK(passes());
  CHECK(rig.host.counters().reopened.get() == 2);

  cable.reset();
  REQUIRE(rig.reports(PortState::degraded, "gone"));
  shell("ip tuntap add dev cap1 mode tun; ip link set cap1 up");
  REQUIRE(rig.reports(PortState::closed, "interface"));
  CHECK(rig.host.events.back().message.find("no Ethernet") != std::string::npos);
}

TEST_CASE("pcap: refusals say what is allowed") {
  const Namespace own;
  if (no_taps(own)) return;
  hush();
  const Cable cable;
  const Error missing = refusal(pcap_config("eth0"));
  CHECK(missing.field == "interface");
  CHECK(missing.message.find("cap0") != std::string::npos);

  const Fd tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  ifreq request{};
  std::strncpy(request.ifr_name, "ip0", IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  REQUIRE(ioctl(tun.get(), TUNSETIFF, &request) == 0);
  const Error bare = refusal(pcap_config("ip0"));
  CHECK(bare.field == "interface");
  CHECK(bare.message.find("carries no Ethernet (link type 65534)") != std::string::npos);

  for (const char* name : {"cap0", "lo"}) {  // lo is down here
    CAPTURE(name);
    const Error syntax = refusal(pcap_config(name, "tcp porto 80"));
    CHECK(syntax.code == Errc::field);
    CHECK(syntax.field == "filter");
    CHECK(syntax.message.find("syntax error") != std::string::npos);
  }
  const Error host = refusal(pcap_config("cap0", "host nobody.example"));
  CHECK(host.field == "filter");
  CHECK(host.message.find("give the address") != std::string::npos);

  std::string longest = "udp port 1";
  for (int i = 2; i < 1200; ++i) longest += " or udp port " + std::to_string(i);
  const Error too_long = refusal(pcap_config("cap0", longest.c_str()));
  CHECK(too_long.field == "filter");
}

TEST_CASE("pcap: what is for it is dropped and counted, and nothing is learned from it") {
  const Namespace own;
  if (no_taps(own)) return;
  hush();
  const Cable cable;
  EngineBox box;
  auto made = make_port("pcap", pcap_config("cap0"));
  REQUIRE(made.ok());
  const PortId port = box.add(std::move(made.value()), "pcap,cap0");
  REQUIRE(port != kNoPort);
  auto state = std::make_shared<FakeState>();
  const PortId fake = box.add(state);
  // Both ends of a talk are heard on the one port: neither is thereby known to be there.
  for (int i = 0; i < 4; ++i) {
    cable.in(make_frame(station(1), station(2)));
    cable.in(make_frame(station(2), station(1)));
  }
  REQUIRE(box.breathe_until([&] { return state->sent.size() == 8; }));
  CHECK(box.engine.fabric().table().size() == 0);
  CHECK(box.dropped(port, RxDrop::filtered) == 0);
  CHECK(box.counters(port)->forwarded.get() == 8);
  // What others send is flooded there, as to anybody, and goes no further.
  const PacketSocket near(index_of("cap0"));
  for (int i = 0; i < 3; ++i) state->give(make_frame(kBroadcastMac, station(3)));
  REQUIRE(box.breathe_until([&] { return box.dropped(port, TxDrop::read_only) == 3; }));
  CHECK(box.counters(port)->picked.get() == 3);
  CHECK(box.counters(port)->tx_frames.get() == 0);
  CHECK(box.counters(fake)->picked.get() == 8);
}
