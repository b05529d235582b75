// From a captured packet to a frame: tags put back, offloads described, envelopes within envelopes.
#include "ports/codec/packet_capture.h"

#include <doctest/doctest.h>
#include <linux/if_packet.h>

#include <cstring>

#include "ports/codec/vnet_header.h"
#include "test/support/packet_socket.h"
#include "test/support/packets.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

constexpr uint32_t kFree = 16;  // octets in front of the packet

Octets raw(const void* data, size_t length) {
  const auto* octets = static_cast<const uint8_t*>(data);
  return {octets, octets + length};
}

Octets auxiliary(uint32_t status, uint16_t tci = 0, uint16_t tpid = 0) {
  tpacket_auxdata told{};
  told.tp_status = status;
  told.tp_vlan_tci = tci;
  told.tp_vlan_tpid = tpid;
  return raw(&told, sizeof told);
}
Octets no_tag() { return auxiliary(TP_STATUS_USER); }

struct Taken {
  std::optional<RxDrop> why;
  FrameMeta meta;
  Octets frame;
};

Taken take(const Octets& packet, const Octets& told, RawVnetHeader header = {}) {
  Octets slab(kFree);
  append(slab, packet);
  Taken taken;
  taken.meta.offset = kFree;
  taken.meta.length = static_cast<uint32_t>(packet.size());
  taken.why = frame_of_packet(slab.data(), taken.meta, raw(&header, sizeof header), told);
  taken.frame = copy(std::span<const uint8_t>(slab).subspan(taken.meta.offset, taken.meta.length));
  CHECK(taken.meta.offset + taken.meta.length == slab.size());
  return taken;
}

// The frame without its outermost tag, as the kernel hands it over.
Octets stripped(Octets frame) {
  frame.erase(frame.begin() + 12, frame.begin() + 16);
  return frame;
}

// A datagram to `to_port`, carrying a frame as mcast and ucast ports do.
Octets envelope(const Octets& inside, uint16_t to_port, bool v6 = false, uint32_t to = 2) {
  return build({.v6 = v6, .udp = true, .to = to, .to_port = to_port, .payload = inside});
}

}  // namespace

TEST_CASE("packet capture: a packet without tag is the frame") {
  const Octets packet = build({.payload = pattern(100, 1)});
  const Taken taken = take(packet, no_tag());
  CHECK(!taken.why);
  CHECK(taken.frame == packet);
  CHECK(take(packet, {}).frame == packet);
  CHECK(take(packet, Octets(3)).frame == packet);
}

TEST_CASE("packet capture: the tag goes back to where it was") {
  for (const uint16_t tpid : {0x8100, 0x88a8, 0x9100}) {
    CAPTURE(tpid);
    Octets frame = build({.tags = {tpid}, .payload = pattern(50, 2)});
    for (const uint16_t tci : {0, 7, 0x2005, 0xffff}) {
      set16(frame, 14, tci);
      const uint32_t valid = TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID;
      CHECK(take(stripped(frame), auxiliary(valid, tci, tpid)).frame == frame);
    }
  }
  // The inner tag stays among the octets.
  const Octets twice = build({.tags = {0x88a8, 0x8100}, .payload = pattern(50, 3)});
  const uint32_t valid = TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID;
  CHECK(take(stripped(twice), auxiliary(valid, 7, 0x88a8)).frame == twice);
  // A kernel that does not say which kind of tag it was; and numbers that mean nothing.
  const Octets once = build({.tags = {0x8100}});
  CHECK(take(stripped(once), auxiliary(TP_STATUS_VLAN_VALID, 7, 0x1234)).frame == once);
  CHECK(take(stripped(once), auxiliary(TP_STATUS_VLAN_TPID_VALID, 7, 0x8100)).frame == stripped(once));
}

TEST_CASE("packet capture: offloads are counted with the tag") {
  const Wire wire{.tags = {0x8100}, .payload = pattern(5000, 4)};
  const Built built = build_parts(wire, false);
  const auto start = static_cast<uint16_t>(built.transport - kVlanTag);  // as the kernel counts
  const Octets told = auxiliary(TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID, 7, 0x8100);
  const Taken super = take(stripped(built.frame), told, {1, 1, 0, 1000, start, 16});
  REQUIRE(!super.why);
  CHECK(super.frame == built.frame);
  CHECK(wire_frames(super.meta) == 5);
  CHECK(super.meta.csum_start == built.transport);
  CHECK((super.meta.flags & kChecksumUnfinished) != 0);

  const Taken partial = take(stripped(built.frame), told, {1, 0, 0, 0, start, 16});
  REQUIRE(!partial.why);
  Octets finished = partial.frame;
  FrameMeta meta = partial.meta;
  finish_checksum(meta, finished.data());
  CHECK(finished == build(wire));
}

TEST_CASE("packet capture: what can't be a frame is refused with its reason") {
  const Octets packet = build({.payload = pattern(100, 1)});
  CHECK(take(Octets(13), no_tag()).why == RxDrop::runt);
  CHECK(take({}, no_tag()).why == RxDrop::runt);
  CHECK(take(packet, no_tag(), {0, 3, 0, 100, 0, 0}).why == RxDrop::bad_offload);
  CHECK(take(packet, no_tag(), {1, 0, 0, 0, 5000, 0}).why == RxDrop::bad_offload);
  const Octets told = auxiliary(TP_STATUS_VLAN_VALID, 7);
  CHECK(take(packet, told, {1, 0, 0, 0, 0xffff, 16}).why == RxDrop::bad_offload);
  FrameMeta meta;
  meta.length = 60;
  Octets slab(60);
  CHECK(frame_of_packet(slab.data(), meta, {}, {}) == RxDrop::bad_offload);
}

TEST_CASE("packet capture: an envelope in an envelope of the same kind is known") {
  for (const bool v6 : {false, true}) {
    CAPTURE(v6);
    const Octets plain = build({.v6 = v6, .payload = pattern(80, 1)});
    const Octets once = envelope(plain, 1102, v6);
    CHECK(!carries_itself(plain));
    CHECK(!carries_itself(once));
    CHECK(carries_itself(envelope(once, 1102, v6)));
    CHECK(carries_itself(envelope(envelope(once, 1102, v6), 1102, v6)));
    CHECK(!carries_itself(envelope(once, 1103, v6)));
    CHECK(!carries_itself(envelope(once, 1102, v6, 3)));
    CHECK(!carries_itself(envelope(envelope(plain, 1102, !v6), 1102, v6)));
  }
  // Pieces of a datagram that was too long, as they come: the first, and one that is not.
  Octets first = envelope(build({.payload = pattern(1400, 1)}), 1102);
  set16(first, 14 + 6, 0x2000);
  CHECK(!carries_itself(first));
  CHECK(carries_itself(envelope(first, 1102)));
  Octets later = build({.udp = true, .fragment = 100, .payload = pattern(300, 1)});
  CHECK(!carries_itself(later));
  CHECK(carries_itself(envelope(later, 1102)));
  // Of the outer one, the first piece tells.
  Octets outer = envelope(envelope(build({.payload = pattern(2000, 1)}), 1102), 1102);
  set16(outer, 14 + 6, 0x2000);
  outer.resize(1514);
  CHECK(carries_itself(outer));
}

TEST_CASE("packet capture: envelopes that are cut off anywhere") {
  for (const bool v6 : {false, true}) {
    const Octets twice = envelope(envelope(build({.v6 = v6}), 1102, v6), 1102, v6);
    const size_t told = v6 ? 2 * 62 : 2 * 42;
    for (size_t length = 0; length <= twice.size(); ++length) {
      // In memory of its own: the sanitizer sees the first octet beyond.
      const Octets part(twice.begin(), twice.begin() + static_cast<long>(length));
      CAPTURE(length);
      CHECK(carries_itself(part) == (length >= told));
    }
  }
}
