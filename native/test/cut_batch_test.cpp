// BatchCutter and needed_to_take().
#include "core/cut_batch.h"

#include <doctest/doctest.h>

#include "core/port.h"
#include "test/support/random_wire.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

struct Cut {
  std::vector<Octets> frames;
  std::vector<uint16_t> origins;
  std::vector<uint16_t> chunks;  // frames of each
};

Cut cut(const FrameBatch& from, const FrameSet& wanted) {
  static FrameBatch into;
  REQUIRE(into.append(pattern(60, 99), 0));  // is emptied first
  BatchCutter cutter(from, wanted);
  Cut all;
  while (cutter.next(into)) {
    all.chunks.push_back(into.size());
    for (uint16_t i = 0; i < into.size(); ++i) {
      const FrameMeta& meta = into.meta(i);
      REQUIRE_FALSE(is_super_frame(meta));
      REQUIRE(meta.ingress == from.meta(cutter.origin(i)).ingress);
      REQUIRE(meta.vlan == from.meta(cutter.origin(i)).vlan);
      REQUIRE(meta.time_ns == from.meta(cutter.origin(i)).time_ns);
      all.frames.push_back(copy(into.octets(i)));
      all.origins.push_back(cutter.origin(i));
    }
  }
  CHECK_FALSE(cutter.next(into));
  CHECK(into.empty());
  return all;
}

Cut cut(const FrameBatch& from) { return cut(from, FrameSet().set()); }

Wire wire_of(bool v6, bool udp, size_t payload) {
  return {.v6 = v6, .udp = udp, .payload = pattern(payload, static_cast<uint32_t>(payload))};
}

}  // namespace

TEST_CASE("cut batch: what a port must take to be handed a batch as it is") {
  FrameBatch batch;
  CHECK(needed_to_take(batch) == 0);
  REQUIRE(batch.append(pattern(60, 1), 0));
  CHECK(needed_to_take(batch) == 0);
  REQUIRE(append_described(batch, wire_of(false, false, 100), 0));
  CHECK(needed_to_take(batch) == kTakesChecksum);
  REQUIRE(append_described(batch, wire_of(false, false, 100), 50));
  CHECK(needed_to_take(batch) == (kTakesChecksum | kTakesTcp4));
  REQUIRE(append_described(batch, wire_of(true, true, 100), 50));
  CHECK(needed_to_take(batch) == (kTakesChecksum | kTakesTcp4 | kTakesUdp));
  batch.clear();
  REQUIRE(append_described(batch, wire_of(true, false, 100), 50));
  CHECK(needed_to_take(batch) == kTakesTcp6);
}

TEST_CASE("cut batch: all frames, in order, a batchful at a time") {
  FrameBatch batch;
  std::vector<Octets> want;
  std::vector<uint16_t> origins;
  for (uint16_t i = 0; i < 4; ++i) {
    const Wire wire = wire_of(i % 2 != 0, i >= 2, 10'000);
    REQUIRE(append_described(batch, wire, 100));
    batch.meta(batch.size() - 1).ingress = 7;
    batch.meta(batch.size() - 1).vlan = i;
    for (Octets& frame : build_cut(wire, 100)) want.push_back(std::move(frame)), origins.push_back(i * 2);
    REQUIRE(batch.append(pattern(60, i), 5));
    want.push_back(pattern(60, i)), origins.push_back(i * 2 + 1);
  }
  const Cut all = cut(batch);
  CHECK(all.frames == want);
  CHECK(all.origins == origins);
  CHECK(all.chunks == std::vector<uint16_t>{128, 128, 128, 20});
}

TEST_CASE("cut batch: chunks end where the slab ends") {
  FrameBatch batch;
  Wire wire = wire_of(false, false, 60'000);
  REQUIRE(append_described(batch, wire, 20'000));
  REQUIRE(batch.append(pattern(65'000, 1), 0));
  REQUIRE(append_described(batch, wire, 59'999));
  const Cut all = cut(batch);
  CHECK(all.frames.size() == 6);
  CHECK(all.chunks.size() >= 1);
  auto want = build_cut(wire, 20'000);
  want.push_back(pattern(65'000, 1));
  for (Octets& frame : build_cut(wire, 59'999)) want.push_back(std::move(frame));
  CHECK(all.frames == want);
}

TEST_CASE("cut batch: only the frames that are wanted") {
  FrameBatch batch;
  const Wire wire = wire_of(false, false, 300);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(append_described(batch, wire, 100));
    REQUIRE(batch.append(pattern(60, static_cast<uint32_t>(i)), 0));
  }
  CHECK(cut(batch, FrameSet().set(1).set(2).set(5)).origins == std::vector<uint16_t>{1, 2, 2, 2, 5});
  CHECK(cut(batch, FrameSet()).frames.empty());
  // Numbers beyond the batch say nothing.
  CHECK(cut(batch, FrameSet().set(5).set(127)).origins == std::vector<uint16_t>{5});
}

TEST_CASE("cut batch: an ordinary frame keeps what its meta says, an unfinished checksum too") {
  FrameBatch batch, into;
  REQUIRE(append_described(batch, wire_of(false, false, 300), 100));
  REQUIRE(append_described(batch, wire_of(true, true, 300), 0));
  const FrameSet wanted = FrameSet().set();
  BatchCutter cutter(batch, wanted);
  REQUIRE(cutter.next(into));
  REQUIRE(into.size() == 4);
  for (uint16_t i = 0; i < 3; ++i) CHECK(into.meta(i).flags == kChecksumGood);
  CHECK(into.meta(3).flags == kChecksumUnfinished);
  CHECK(into.meta(3).csum_start == batch.meta(1).csum_start);
  CHECK(into.meta(3).csum_offset == batch.meta(1).csum_offset);
}

TEST_CASE("cut batch: 65,000 segments of one octet") {
  FrameBatch batch;
  const Wire wire = wire_of(false, false, 65'000);
  REQUIRE(append_described(batch, wire, 1));
  const Cut all = cut(batch);
  REQUIRE(all.frames.size() == 65'000);
  CHECK(all.chunks.size() == 508);
  const auto want = build_cut(wire, 1);
  for (size_t i = 0; i < want.size(); i += 997) REQUIRE(all.frames[i] == want[i]);
  CHECK(all.frames.back() == want.back());
}
