// Joining at its limits: padding, the longest packet, more flows than runs, a full batch.
#include <doctest/doctest.h>

#include "test/support/join.h"

using namespace ethercast;
using namespace ethercast::test;

TEST_CASE("coalesce: Ethernet padding is not payload") {
  for (const bool v6 : {false, true}) {
    // Six octets over IPv4 are padded to 60; also padding where none is needed.
    Wire whole = {.v6 = v6, .payload = pattern(17, 1)};
    auto frames = build_cut(whole, 6);
    for (Octets& frame : frames) frame.resize(frame.size() + 9, 0xee);
    const JoinBox joined = join_frames(frames);
    REQUIRE(joined.groups() == Groups{{0, 1, 2}});
    CHECK(joined.units[0].octets == build_parts(whole, false).frame);
  }
}

TEST_CASE("coalesce: no longer than an IP packet can be") {
  for (const bool v6 : {false, true}) {
    const Wire base = {.v6 = v6};
    std::vector<Octets> frames;
    for (uint32_t i = 0; i < 9; ++i) {
      Wire wire = base;
      wire.sequence += 8948 * i;
      wire.id = static_cast<uint16_t>(wire.id + i);
      wire.payload = pattern(8948, i);
      frames.push_back(build(wire));
    }
    CHECK(join_frames(frames).groups() == Groups{{0, 1, 2, 3, 4, 5, 6}, {7, 8}});
  }
  // To the octet.
  Wire whole = {.payload = pattern(Joiner::kMaxOctets - 14 - 40, 1)};
  CHECK(join_frames(build_cut(whole, 16384)).groups() == Groups{{0, 1, 2, 3}});
  whole.payload.push_back(0);
  CHECK(join_frames(build_cut(whole, 16384)).groups() == Groups{{0, 1, 2}, {3}});
}

TEST_CASE("coalesce: more flows than runs: the oldest is written first") {
  std::vector<Wire> wires;
  for (uint32_t i = 0; i < 2; ++i) {
    for (uint32_t flow = 0; flow < Joiner::kFlows; ++flow) {
      wires.push_back(segment(i, {.from_port = static_cast<uint16_t>(flow)}));
    }
  }
  Groups want;
  for (uint16_t flow = 0; flow < Joiner::kFlows; ++flow) {
    want.push_back({flow, static_cast<uint16_t>(Joiner::kFlows + flow)});
  }
  CHECK(groups(wires) == want);
  wires.insert(wires.begin() + Joiner::kFlows, segment(0, {.from_port = 999}));
  CHECK(groups(wires)[0] == std::vector<uint16_t>{0});
}

TEST_CASE("coalesce: 128 frames, and again") {
  FrameBatch batch;
  for (const Octets& frame : build_cut({.payload = pattern(128 * 100, 1)}, 100)) batch.append(frame, 0);
  REQUIRE(batch.full());
  for (int i = 0; i < 2; ++i) {
    const JoinBox joined = join_batch(batch);
    REQUIRE(joined.units.size() == 1);
    CHECK(joined.units[0].frames.size() == 128);
  }
}
