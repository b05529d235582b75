// The fd port with a tap that somebody else has opened.
#include <doctest/doctest.h>

#include "test/support/tap_rig.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {
Config inherited(const Fd& tap) {
  Config config;
  config.set("fd", int64_t{tap.get()});
  return config;
}
}  // namespace

TEST_CASE("fd: an inherited tap is used as it was opened, with and without offload headers") {
  const Namespace own;
  if (no_taps(own)) return;
  for (const int flags : {IFF_NO_PI, IFF_NO_PI | IFF_VNET_HDR}) {
    CAPTURE(flags);
    const Fd tap = make_raw_tap("given0", flags);
    int octets = 12;
    if ((flags & IFF_VNET_HDR) != 0) REQUIRE(ioctl(tap.get(), TUNSETVNETHDRSZ, &octets) == 0);
    {
      TapRig rig(inherited(tap), "fd");
      CHECK(rig.host.notes["device"] == "given0");
      CHECK(rig.host.notes["device_by"] == "was there");
      const Octets out = make_frame(kBroadcastMac, station(1), 1514, 1);
      CHECK(rig.send({out}).sent == 1);
      const auto packet = rig.kernel->receive();
      REQUIRE(packet.has_value());
      CHECK(packet->frame == out);
      const Octets in = make_frame(station(1), station(2), 60, 2);
      REQUIRE(rig.kernel->send(in));
      REQUIRE(rig.hears(1));
      CHECK(rig.host.frames[0] == in);
      if ((flags & IFF_VNET_HDR) == 0) continue;
      const auto run = tcp_run(8, 1400);
      CHECK(rig.send(run).sent == run.size());
    }
    // It is its holder's still.
    ifreq request{};
    CHECK(ioctl(tap.get(), TUNGETIFF, &request) == 0);
  }
}

TEST_CASE("fd: a tap with packet information is refused") {
  const Namespace own;
  if (no_taps(own)) return;
  const Fd tap = make_raw_tap("given0", 0);
  FakeHost host;
  auto port = std::move(make_port("fd", inherited(tap)).value());
  const auto opened = port->open(host);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().field == "fd");
  CHECK(opened.error().message.find("IFF_NO_PI") != std::string::npos);
  port->close();
}
