// The tap port and its device: MTU, addresses, states, owners of queues; in a network namespace of the test's
// own.
#include <doctest/doctest.h>

#include "test/support/engine_box.h"
#include "test/support/tap_rig.h"

using namespace ethercast;
using namespace ethercast::test;

TEST_CASE("tap: down is told and counted, up again too; deleted, the port asks to be closed") {
  const Namespace own;
  if (no_taps(own)) return;
  TapRig rig(tap_config("t0"));
  const auto until = [&](size_t events) {
    for (int i = 0; i < 300 && rig.host.events.size() < events; ++i) rig.host.breathe(*rig.port, 10);
    REQUIRE(rig.host.events.size() == events);
    return rig.host.events.back();
  };
  const auto frames = tcp_run(2, 100);
  REQUIRE(std::system("ip link set t0 down") == 0);
  CHECK(rig.send(frames).dropped == 2);  // the write is told sooner than the watch
  CHECK(rig.host.dropped(TxDrop::refused) == 2);
  CHECK(rig.host.counters().last_errno.get() == EIO);
  CHECK(until(1).state == PortState::degraded);
  REQUIRE(std::system("ip link set t0 up") == 0);
  CHECK(until(2).state == PortState::up);
  CHECK(rig.send(frames).sent == 2);
  REQUIRE(std::system("ip link del t0") == 0);
  const PortEvent last = until(3);
  CHECK(last.state == PortState::closed);
  CHECK(last.reason == "deleted");
  CHECK(rig.send(frames).dropped == 2);
  CHECK(rig.host.events.size() == 3);
}

TEST_CASE("tap: moved to another namespace it carries on") {
  const Namespace far;
  if (no_taps(far)) return;
  const Fd there(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  const Namespace own;
  REQUIRE(own.ok());
  TapRig rig(tap_config("t0"));
  const std::string to = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(there.get());
  REQUIRE(std::system(("ip link set t0 netns " + to).c_str()) == 0);
  for (int i = 0; i < 300 && rig.host.notes["device"] == "t0"; ++i) rig.host.breathe(*rig.port, 10);
  CHECK(rig.host.notes["device"] == "t0 in another namespace");
  CHECK(rig.send(tcp_run(1, 100)).dropped == 1);  // it went down by that
  REQUIRE(std::system(("nsenter --net=" + to + " ip link set t0 up").c_str()) == 0);
  CHECK(rig.send(tcp_run(1, 100)).sent == 1);
  CHECK(rig.host.events.back().state == PortState::up);
}

TEST_CASE("tap: a device that leaves a bridge is not gone") {
  const Namespace own;
  if (no_taps(own)) return;
  TapRig rig(tap_config("t0"));
  REQUIRE(std::system(
              "ip link add br0 type bridge && ip link set t0 master br0 && ip link set t0 nomaster") == 0);
  while (rig.host.breathe(*rig.port, 100)) {
  }
  CHECK(rig.host.events.empty());
  CHECK(rig.host.notes["device"] == "t0");
}

TEST_CASE("tap: news of how it was set up is old by the time it is read, and is not told as a fault") {
  const Namespace own;
  if (no_taps(own)) return;
  Config config = tap_config("t0");
  config.set("mtu", int64_t{1400});
  config.set("hostIp", std::string("198.18.0.1"));
  TapRig rig(config);
  while (rig.host.breathe(*rig.port, 100)) {
  }
  CHECK(rig.host.events.empty());
  CHECK(rig.host.notes["mtu"] == "1400");
  REQUIRE(std::system("ip link set t0 down; ip link set t0 mtu 1300") == 0);
  while (rig.host.breathe(*rig.port, 100)) {
  }
  REQUIRE(rig.host.events.size() == 1);
  CHECK(rig.host.events[0].os_errno == ENETDOWN);
  CHECK(rig.host.notes["mtu"] == "1300");
}

TEST_CASE("tap: an MTU of its own bounds what passes") {
  const Namespace own;
  if (no_taps(own)) return;
  Config config = tap_config("t0");
  config.set("mtu", int64_t{900});
  const TapRig rig(config);
  CHECK(look_up_link("t0").value()->mtu == 900);
  CHECK(rig.port->caps().max_frame == 918);
  rig.port->on_lan_mtu(600);
  CHECK(look_up_link("t0").value()->mtu == 900);
}

TEST_CASE("tap: the MTU follows the LAN for a tap that is made here, at most 1500") {
  const Namespace own;
  if (no_taps(own)) return;
  hush();
  EngineBox box;
  box.add(std::move(make_port("tuntap", tap_config("t0")).value()));
  const auto mtu = [] { return look_up_link("t0").value()->mtu; };
  CHECK(mtu() == 1500);
  const auto lan = std::make_shared<FakeState>();
  lan->on_open = [](PortHost& host) { host.tell_path_mtu(1458); };
  const PortId port = box.add(lan);
  CHECK(mtu() == 1458);
  lan->host->tell_path_mtu(8958);
  CHECK(mtu() == 1500);
  lan->host->tell_path_mtu(1438);
  CHECK(mtu() == 1438);
  box.engine.remove_port(port);
  CHECK(mtu() == 1500);
}

TEST_CASE("tap: one that was there keeps its MTU, and it is told when the LAN carries less") {
  const Namespace own;
  if (no_taps(own)) return;
  REQUIRE(std::system("ip tuntap add t0 mode tap") == 0);
  TapRig rig(tap_config("t0"));
  CHECK(rig.host.notes["device_by"] == "was there");
  rig.port->on_lan_mtu(1458);
  CHECK(look_up_link("t0").value()->mtu == 1500);
  CHECK(rig.host.notes["mtu_advice"].find("mtu 1458") != std::string::npos);
  REQUIRE(std::system("ip link set t0 mtu 1458") == 0);
  for (int i = 0; i < 300 && rig.host.notes["mtu"] != "1458"; ++i) rig.host.breathe(*rig.port, 10);
  CHECK(rig.host.notes["mtu"] == "1458");
  CHECK(rig.host.notes["mtu_advice"] == "none, the LAN carries it");
}

TEST_CASE("tap: several queues: where others have theirs, header and offloads stay as they are") {
  const Namespace own;
  if (no_taps(own)) return;
  {
    const Fd plain = make_raw_tap("t0", IFF_NO_PI | IFF_MULTI_QUEUE);
    TapRig rig(tap_config("t0"));
    CHECK(rig.host.notes["offload"] == "off: other programs use this tap without");
    CHECK(rig.port->caps().takes == 0);
    CHECK_FALSE(look_up_link("t0").value()->has_vnet_header);
    CHECK(look_up_link("t0").value()->queues == 2);
  }
  {
    const Fd with = make_raw_tap("t1", IFF_NO_PI | IFF_MULTI_QUEUE | IFF_VNET_HDR);
    Config config = tap_config("t1");
    config.set("offload", std::string("off"));
    const TapRig rig(config);
    CHECK(rig.port->caps().takes == 0);
    CHECK(look_up_link("t1").value()->has_vnet_header);
  }
  const Fd information = make_raw_tap("t2", IFF_MULTI_QUEUE);
  FakeHost host;
  auto port = std::move(make_port("tuntap", tap_config("t2")).value());
  const auto refused = port->open(host);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Errc::unsupported);
  port->close();
}

TEST_CASE("tap: what can't be had is refused with what to do") {
  const Namespace own;
  if (no_taps(own)) return;
  REQUIRE(std::system("ip link add br0 type bridge; ip tuntap add tun7 mode tun") == 0);
  const Fd held = make_raw_tap("t0", IFF_NO_PI);
  const auto error = [](const char* device) {
    FakeHost host;
    auto port = std::move(make_port("tuntap", tap_config(device)).value());
    const auto opened = port->open(host);
    port->close();
    REQUIRE_FALSE(opened.ok());
    return opened.error();
  };
  CHECK(error("br0").field == "device");
  CHECK(error("br0").message.find("bridge") != std::string::npos);
  CHECK(error("lo").field == "device");
  CHECK(error("tun7").message.find("without Ethernet") != std::string::npos);
  const Error busy = error("t0");
  CHECK(busy.os_errno == EBUSY);
  CHECK(busy.message.find("multi_queue") != std::string::npos);
}

TEST_CASE("tap: what a tap that stays is left with does no harm to the next program") {
  const Namespace own;
  if (no_taps(own)) return;
  Config config = tap_config("t0");
  config.set("persist", true);
  { const TapRig rig(config); }
  const Fd plain = make_raw_tap("t0", IFF_NO_PI);
  const PacketSocket kernel(index_of("t0"));
  Wire wire;
  wire.payload = pattern(3000, 5);
  const Built built = build_parts(wire, false);
  REQUIRE(kernel.send(built.frame, {1, 1, static_cast<uint16_t>(built.payload), 1000,
                                    static_cast<uint16_t>(built.transport), 16}));
  // Cut by the kernel, for a program that knows of no super-frames.
  pollfd wanted{plain.get(), POLLIN, 0};
  REQUIRE(::poll(&wanted, 1, kPatience_ms) == 1);
  Octets got(65536);
  CHECK(::read(plain.get(), got.data(), got.size()) == static_cast<ssize_t>(built.payload + 1000));
}

TEST_CASE("tap: addresses, also with a length and of IPv6") {
  const Namespace own;
  if (no_taps(own)) return;
  for (const auto& [text, wanted] : {std::pair{"198.18.0.1", "198.18.0.1/24"},
                                     {"198.18.0.1/16", "198.18.0.1/16"},
                                     {"2001:db8::1", "2001:db8::1/64"},
                                     {"2001:db8::1/48", "2001:db8::1/48"}}) {
    CAPTURE(text);
    Config config = tap_config("t0");
    config.set("hostIp", std::string(text));
    auto port = std::move(make_port("tuntap", config).value());
    FakeHost host;
    REQUIRE(port->open(host).ok());
    CHECK(host.notes["host_ip"] == wanted);
    CHECK(std::system((std::string("ip addr show dev t0 up | grep -qF ") + wanted).c_str()) == 0);
    port->close();
  }
}
