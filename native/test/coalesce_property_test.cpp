// Cutting and joining are each other's inverse; whatever else comes, every frame leaves once and in order.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "test/support/join.h"
#include "test/support/random_wire.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

// May be joined as far as its headers go.
Wire joinable_wire(Random& random) {
  Wire wire = random_wire(random);
  wire.udp = false;
  wire.ip_options.clear();
  wire.extensions.clear();
  wire.flags &= static_cast<uint8_t>(~kCwr);
  return wire;
}

}  // namespace

TEST_CASE("coalesce: cut, then joined, is what it was") {
  const uint64_t seed = 31;
  Random random(seed);
  for (int turn = 0; turn < 1500; ++turn) {
    INFO("seed ", seed, ", turn ", turn);
    Wire wire = joinable_wire(random);
    const uint32_t segments = 2 + random.below(126);
    const uint32_t most = (Joiner::kMaxOctets - 150) / segments;
    const auto gso_size = static_cast<uint16_t>(1 + random.below(random.one_in(2) ? 50 : most));
    wire.payload = pattern(gso_size * (segments - 1) + 1 + random.below(gso_size), random.word());
    const Built built = build_parts(wire, false);
    FrameMeta meta;
    meta.length = static_cast<uint32_t>(built.frame.size());
    REQUIRE(describe(meta, built.frame, claim_of(wire, built, gso_size)));

    const JoinBox joined = join_frames(cut_all(meta, built.frame.data()));
    REQUIRE(joined.units.size() == 1);
    CHECK(joined.units[0].octets == built.frame);
    const FrameMeta& again = joined.units[0].meta;
    CHECK(again.gso_size == meta.gso_size);
    CHECK(again.gso_type == meta.gso_type);
    CHECK(again.flags == meta.flags);
    CHECK(again.csum_start == meta.csum_start);
    CHECK(again.csum_offset == meta.csum_offset);
    CHECK(again.header_length == meta.header_length);
    CHECK(again.length == meta.length);
  }
}

TEST_CASE("coalesce: flows mixed, losses, repetitions: joined, then cut, gives back what came") {
  const uint64_t seed = 32;
  Random random(seed);
  uint64_t joined_frames = 0;
  for (int turn = 0; turn < 600; ++turn) {
    INFO("seed ", seed, ", turn ", turn);
    const uint32_t flows = 1 + random.below(12);
    std::vector<Wire> next;
    for (uint32_t i = 0; i < flows; ++i) {
      next.push_back(random.one_in(6) ? random_wire(random) : joinable_wire(random));
      next.back().from_port = static_cast<uint16_t>(i);  // which flow it is
      next.back().flags &= static_cast<uint8_t>(~(kPsh | kFin));
    }
    std::vector<Octets> frames;
    const uint32_t size = 1 + random.below(300);
    while (frames.size() < FrameBatch::kMaxFrames) {
      Wire& flow = next[random.one_in(3) ? random.below(flows) : 0];
      Wire wire = flow;
      wire.payload = pattern(random.one_in(12) ? random.below(2 * size) : size, random.word());
      if (random.one_in(12)) wire.flags |= random.one_in(2) ? kPsh : kFin;
      if (random.one_in(40)) wire.window++;
      if (!random.one_in(20)) {  // else a repetition follows
        flow.sequence += static_cast<uint32_t>(wire.payload.size()) + (random.one_in(20) ? 1 : 0);
        flow.id = static_cast<uint16_t>(flow.id + (random.one_in(30) ? 2 : 1));
      }
      Octets frame = build(wire);
      if (random.one_in(20)) frame.back() ^= 0x10;
      frames.push_back(std::move(frame));
    }

    const JoinBox joined = join_frames(frames);
    std::set<uint16_t> seen;
    std::map<uint16_t, uint16_t> last;  // of each flow
    for (const JoinedUnit& unit : joined.units) {
      for (const uint16_t frame : unit.frames) {
        CHECK(seen.insert(frame).second);
        const NaiveFrame look = naive_look(frames[frame], false);
        const uint16_t flow = naive_be16(frames[frame], look.transport);
        const auto before = last.find(flow);
        CHECK((before == last.end() || before->second < frame));
        last[flow] = frame;
      }
      if (unit.frames.size() == 1) continue;
      joined_frames += unit.frames.size();
      const auto cut = cut_all(unit.meta, unit.octets.data());
      REQUIRE(cut.size() == unit.frames.size());
      for (size_t i = 0; i < cut.size(); ++i) CHECK(cut[i] == frames[unit.frames[i]]);
    }
    CHECK(seen.size() == frames.size());
  }
  CHECK(joined_frames > 10'000);
}

TEST_CASE("coalesce: random octets never crash, and each frame leaves once") {
  const uint64_t seed = 33;
  Random random(seed);
  for (int turn = 0; turn < 400; ++turn) {
    std::vector<Octets> frames;
    for (uint32_t i = 0; i < FrameBatch::kMaxFrames; ++i) {
      Wire wire = random_wire(random);
      wire.payload = pattern(random.below(60), random.word());
      Octets frame = build(wire);
      for (uint32_t n = random.below(4); n > 0; --n) {
        frame[random.below(static_cast<uint32_t>(frame.size()))] = static_cast<uint8_t>(random.word());
      }
      if (random.one_in(4)) frame.resize(random.below(static_cast<uint32_t>(frame.size() + 1)));
      if (random.one_in(50)) frame = pattern(random.below(200), random.word());
      if (frame.empty()) frame.push_back(0);
      frames.push_back(std::move(frame));
    }
    std::set<uint16_t> seen;
    for (const JoinedUnit& unit : join_frames(frames).units)
      seen.insert(unit.frames.begin(), unit.frames.end());
    REQUIRE_MESSAGE(seen.size() == frames.size(), "seed ", seed, ", turn ", turn);
  }
}
