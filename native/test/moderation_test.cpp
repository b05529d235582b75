// Moderation: dense traffic is paused for, single exchanges never are.
#include "engine/moderation.h"

#include <doctest/doctest.h>

using ethercast::Moderation;

namespace {
constexpr uint64_t kMicrosecond_ns = 1000;

// Breaths of so many frames, evenly spaced from `now_ns` on; how many of them were told to pause.
int pauses(Moderation& moderation, uint64_t& now_ns, int breaths, uint32_t frames, uint64_t apart_ns,
           bool runs = false) {
  int paused = 0;
  for (int i = 0; i < breaths; ++i) {
    moderation.count(frames, runs);
    if (moderation.pause_ns(now_ns) != 0) ++paused;
    now_ns += apart_ns;
  }
  return paused;
}
}  // namespace

TEST_CASE("moderation: one request after the other is never delayed") {
  Moderation moderation;
  uint64_t now_ns = 1'000'000'000;
  // A reply every 30 us: as fast as a ping-pong on loopback gets.
  CHECK(pauses(moderation, now_ns, 10'000, 1, 30 * kMicrosecond_ns) == 0);
}

TEST_CASE("moderation: dense traffic is, from its second millisecond on") {
  Moderation moderation;
  uint64_t now_ns = 1'000'000'000;
  CHECK(pauses(moderation, now_ns, 1, 4, 20 * kMicrosecond_ns) == 0);
  CHECK(pauses(moderation, now_ns, 1000, 4, 20 * kMicrosecond_ns) > 900);
}

TEST_CASE("moderation: what comes in runs is never delayed, nor what comes beside it") {
  Moderation moderation;
  uint64_t now_ns = 1'000'000'000;
  CHECK(pauses(moderation, now_ns, 1000, 7, 20 * kMicrosecond_ns, true) == 0);
  // Its acknowledgements alone, between two runs a window.
  int paused = 0;
  for (int i = 0; i < 100; ++i) {
    paused += pauses(moderation, now_ns, 1, 7, 20 * kMicrosecond_ns, true);
    paused += pauses(moderation, now_ns, 40, 2, 20 * kMicrosecond_ns);
  }
  CHECK(paused == 0);
}

TEST_CASE("moderation: a full breath, an empty one, and the first after silence are not") {
  Moderation moderation;
  uint64_t now_ns = 1'000'000'000;
  REQUIRE(pauses(moderation, now_ns, 200, 4, 20 * kMicrosecond_ns) > 0);
  CHECK(pauses(moderation, now_ns, 1, Moderation::kFullBreath, 0) == 0);
  CHECK(pauses(moderation, now_ns, 1, 0, 0) == 0);
  now_ns += 10 * Moderation::kWindow_ns;
  CHECK(pauses(moderation, now_ns, 1, 1, 0) == 0);
}
