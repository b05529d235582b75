// What a Joiner makes of frames, kept to be looked at.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <numeric>
#include <vector>

#include "core/coalesce.h"
#include "core/port.h"
#include "test/support/packets.h"

namespace ethercast::test {

struct JoinedUnit {
  std::vector<uint16_t> frames;
  Octets octets;  // put together as a port would write them
  FrameMeta meta;
};

class JoinBox final : public UnitSink {
 public:
  explicit JoinBox(const FrameBatch& batch) : batch_(batch) {}

  void take(const Unit& unit) noexcept override {
    JoinedUnit kept;
    kept.frames.assign(unit.frames.begin(), unit.frames.end());
    if (unit.frames.size() == 1) {
      kept.octets = copy(batch_.octets(unit.frames[0]));
      kept.meta = batch_.meta(unit.frames[0]);
    } else {
      REQUIRE(unit.payloads.size() == unit.frames.size());
      kept.octets = copy(unit.header);
      for (const auto& payload : unit.payloads) append(kept.octets, copy(payload));
      kept.meta = unit.meta;
    }
    units.push_back(std::move(kept));
  }

  std::vector<std::vector<uint16_t>> groups() const {
    std::vector<std::vector<uint16_t>> all;
    for (const JoinedUnit& unit : units) all.push_back(unit.frames);
    return all;
  }

  std::vector<JoinedUnit> units;

 private:
  const FrameBatch& batch_;
};

inline JoinBox join_batch(const FrameBatch& batch, Picks picks, uint16_t takes = kTakesTcp4 | kTakesTcp6) {
  static Joiner joiner;  // one for all tests: nothing may be left from the call before
  JoinBox box(batch);
  joiner.join(batch, picks, takes, box);
  return box;
}

inline JoinBox join_batch(const FrameBatch& batch, uint16_t takes = kTakesTcp4 | kTakesTcp6) {
  std::vector<uint16_t> picks(batch.size());
  std::iota(picks.begin(), picks.end(), uint16_t{0});
  return join_batch(batch, picks, takes);
}

// The batch's metas are as of frames from a wire.
inline JoinBox join_frames(const std::vector<Octets>& frames, uint16_t takes = kTakesTcp4 | kTakesTcp6) {
  static FrameBatch batch;
  batch.clear();
  for (const Octets& frame : frames) REQUIRE(batch.append(frame, 0));
  return join_batch(batch, takes);
}

using Groups = std::vector<std::vector<uint16_t>>;

// The i-th segment of 100 octets of a flow.
inline Wire segment(uint32_t i, Wire wire = {}) {
  wire.sequence += 100 * i;
  wire.id = static_cast<uint16_t>(wire.id + i);
  wire.payload = pattern(100, i);
  return wire;
}

// Which frames become one, in the order they are written.
inline Groups groups(const std::vector<Wire>& wires, uint16_t takes = kTakesTcp4 | kTakesTcp6) {
  std::vector<Octets> frames;
  for (const Wire& wire : wires) frames.push_back(build(wire));
  return join_frames(frames, takes).groups();
}

}  // namespace ethercast::test
