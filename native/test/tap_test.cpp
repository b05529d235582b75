// The tap port's frames against the kernel's tap device, in a network namespace of the test's own.
#include <doctest/doctest.h>

#include "test/support/faults.h"
#include "test/support/tap_rig.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {
// A frame each way, as it is.
void check_passage(TapRig& rig) {
  const Octets in = make_frame(kBroadcastMac, station(1), 333, 1),
               out = make_frame(station(1), station(2), 777, 2);
  REQUIRE(rig.kernel->send(in));
  REQUIRE(rig.hears(1));
  CHECK(rig.host.frames[0] == in);
  CHECK(rig.send({out}).sent == 1);
  const auto got = rig.kernel->receive();
  REQUIRE(got);
  CHECK(got->frame == out);
}
}  // namespace

TEST_CASE("tap: frames pass both ways, whatever the length of the header") {
  const Namespace own;
  if (no_taps(own)) return;
  for (const int header : {10, 12, 20, 64}) {
    for (const bool offload : {true, false}) {
      CAPTURE(header);
      CAPTURE(offload);
      const std::string name = "t" + std::to_string(header) + (offload ? "on" : "off");
      {
        const Fd made = make_raw_tap(name.c_str(), IFF_NO_PI | IFF_VNET_HDR);
        REQUIRE(ioctl(made.get(), TUNSETVNETHDRSZ, &header) == 0);
        REQUIRE(ioctl(made.get(), TUNSETPERSIST, 1UL) == 0);
      }
      Config config = tap_config(name.c_str());
      if (!offload) config.set("offload", std::string("off"));
      TapRig rig(config);
      check_passage(rig);
      CHECK(rig.port->caps().takes == (offload ? kTakesSuperFrames | kTakesChecksum : 0));
    }
  }
}

TEST_CASE("tap: what the kernel can't offload is done without, and told") {
  const Namespace own;
  if (no_taps(own)) return;
  const FaultScope scope;
  // What a tap may be sent does not hang on what it hands over; only USO came with both (kernel 6.2).
  constexpr uint16_t kTcp = kTakesTcp4 | kTakesTcp6 | kTakesChecksum;
  constexpr unsigned long kUso = 0x20 | 0x40;  // TUN_F_USO4, TUN_F_USO6: not in the headers of every kernel
  struct {
    unsigned long unknown;
    uint16_t takes;
    const char* told;
  } const kernels[] = {
      {0, kTakesSuperFrames | kTakesChecksum, "tso6 uso checksum"},
      {kUso, kTcp, "without uso"},
      {kUso | TUN_F_TSO4 | TUN_F_TSO6, kTcp, "without tso and uso"},
      {~0UL, kTcp, "sending only"},
  };
  for (const auto& kernel : kernels) {
    CAPTURE(kernel.told);
    Faults::refuse_tap_offloads(kernel.unknown);
    TapRig rig(tap_config());
    check_passage(rig);
    CHECK(rig.port->caps().takes == kernel.takes);
    CHECK(rig.host.notes["offload"].find(kernel.told) != std::string::npos);
  }
}

TEST_CASE("tap: a header beyond all measure is set back") {
  const Namespace own;
  if (no_taps(own)) return;
  const int header = 1000;
  {
    const Fd made = make_raw_tap("long", IFF_NO_PI | IFF_VNET_HDR);
    REQUIRE(ioctl(made.get(), TUNSETVNETHDRSZ, &header) == 0);
    REQUIRE(ioctl(made.get(), TUNSETPERSIST, 1UL) == 0);
  }
  TapRig rig(tap_config("long"));
  const Octets in = make_frame(kBroadcastMac, station(1), 333, 1);
  REQUIRE(rig.kernel->send(in));
  REQUIRE(rig.hears(1));
  CHECK(rig.host.frames[0] == in);
}

TEST_CASE("tap: super-frames come in whole, and small frames are packed behind one another") {
  const Namespace own;
  if (no_taps(own)) return;
  TapRig rig(tap_config());
  Wire wire;
  wire.tcp_options = time_stamps();
  wire.payload = pattern(30'000, 5);
  const Built built = build_parts(wire, false);
  RawVnetHeader header{
      1, 1, static_cast<uint16_t>(built.payload), 1000, static_cast<uint16_t>(built.transport), 16};
  REQUIRE(rig.kernel->send(built.frame, header));
  REQUIRE(rig.hears(1));
  CHECK(rig.host.frames[0] == built.frame);
  CHECK(rig.host.counters().rx_super_frames.get() == 1);
  CHECK(rig.host.counters().rx_frames.get() == 30);
  CHECK(rig.host.counters().rx_octets.get() == built.frame.size() + 29 * built.payload);

  for (uint32_t i = 0; i < 120; ++i)
    REQUIRE(rig.kernel->send(make_frame(kBroadcastMac, station(1), 1514, i)));
  REQUIRE(rig.hears(121));
  CHECK(rig.host.batches == std::vector<uint16_t>{1, 120});
  for (uint32_t i = 0; i < 120; ++i)
    CHECK(rig.host.frames[1 + i] == make_frame(kBroadcastMac, station(1), 1514, i));
}

TEST_CASE("tap: the longest super-frame there is") {
  const Namespace own;
  if (no_taps(own)) return;
  TapRig rig(tap_config());
  Wire wire;
  wire.payload = pattern(65535 - 54, 5);  // the kernel cuts what is longer than gso_max_size says
  const Built built = build_parts(wire, false);
  RawVnetHeader header{
      1, 1, static_cast<uint16_t>(built.payload), 1460, static_cast<uint16_t>(built.transport), 16};
  // Several: what one read takes must not depend on what came before it in the batch.
  for (int i = 0; i < 5; ++i) REQUIRE(rig.kernel->send(built.frame, header));
  REQUIRE(rig.hears(5));
  for (const Octets& frame : rig.host.frames) CHECK(frame == built.frame);
}

TEST_CASE("tap: a run of one flow goes in one write, with its sums and the header that the kernel needs") {
  const Namespace own;
  if (no_taps(own)) return;
  TapRig rig(tap_config());
  const auto frames = tcp_run(10, 1000);
  CHECK(rig.send(frames).sent == 10);
  const auto got = rig.kernel->receive();
  REQUIRE(got);
  CHECK(got->frame.size() == frames[0].size() + 9 * 1000);
  CHECK(got->header.flags == 1);
  CHECK(got->header.gso_type == 1);
  CHECK(got->header.gso_size == 1000);
  CHECK(rig.host.counters().tx_super_frames.get() == 1);
  CHECK(rig.host.counters().tx_frames.get() == 10);
  CHECK(rig.host.counters().tx_octets.get() == 10 * frames[0].size());
}

TEST_CASE("tap: an unfinished checksum is left to the kernel") {
  const Namespace own;
  if (no_taps(own)) return;
  TapRig rig(tap_config());
  Wire wire;
  wire.payload = pattern(100, 1);
  const Built built = build_parts(wire, false);
  REQUIRE(rig.batch.append(built.frame, 1));
  FrameMeta& meta = rig.batch.meta(0);
  REQUIRE(describe(
      meta, built.frame,
      {.needs_checksum = true, .csum_start = static_cast<uint16_t>(built.transport), .csum_offset = 16}));
  const uint16_t first = 0;
  CHECK(rig.port->transmit(rig.batch, Picks(&first, 1)).sent == 1);
  const auto got = rig.kernel->receive();
  REQUIRE(got);
  CHECK(got->header.flags == 1);
  CHECK(got->header.csum_start == built.transport);
  CHECK(got->frame == built.frame);
}

TEST_CASE("tap: without offload every frame goes alone") {
  const Namespace own;
  if (no_taps(own)) return;
  Config config = tap_config();
  config.set("offload", std::string("off"));
  TapRig rig(config);
  const auto frames = tcp_run(3, 1000);
  CHECK(rig.send(frames).sent == 3);
  for (const Octets& frame : frames) CHECK(rig.kernel->receive()->frame == frame);
  CHECK(rig.host.counters().tx_super_frames.get() == 0);
  CHECK(rig.host.notes["offload"] == "off: as configured");
}
