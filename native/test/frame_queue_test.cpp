// FrameQueue: first in, first out, bounded.
#include "core/frame_queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

#include "test/support/frames.h"
#include "test/support/random.h"

using namespace ethercast;
using namespace ethercast::test;

TEST_CASE("frame queue: empty, until something is pushed") {
  FrameQueue queue;
  CHECK(queue.empty());
  CHECK(queue.front().empty());
  REQUIRE(queue.push(pattern(60, 1)));
  CHECK(queue.size() == 1);
  REQUIRE(queue.front().size() == 1);
  CHECK(copy(queue.front()[0]) == pattern(60, 1));
  CHECK(copy(queue.front()[0]) == pattern(60, 1));  // looking takes nothing
  queue.pop(1);
  CHECK(queue.empty());
  CHECK(queue.front().empty());
}

TEST_CASE("frame queue: bounded, refuses when full, and takes again after a pop") {
  FrameQueue queue;
  uint32_t taken = 0;
  while (queue.push(pattern(1514, taken))) REQUIRE(++taken < 1000);
  CHECK(taken >= 680);
  CHECK(queue.size() == taken);
  for (uint32_t next = 0; next < taken;) {
    const auto frames = queue.front();
    REQUIRE_FALSE(frames.empty());
    REQUIRE(frames.size() <= FrameQueue::kHand);
    for (const auto& frame : frames) REQUIRE(copy(frame) == pattern(1514, next++));
    queue.pop(static_cast<uint16_t>(frames.size()));
  }
  CHECK(queue.empty());
  CHECK(queue.push(pattern(1514, 0)));
}

TEST_CASE("frame queue: takes the largest frame there is") {
  FrameQueue queue;
  for (uint32_t i = 0; i < 40; ++i) {
    REQUIRE(queue.push(pattern(65535, i)));
    if (i < 3) continue;
    CHECK(copy(queue.front()[0]) == pattern(65535, i - 3));
    queue.pop(1);
  }
}

TEST_CASE("frame queue: against a model, with partial pops") {
  Random random(6);
  FrameQueue queue;
  std::deque<Octets> model;
  uint64_t refused = 0;
  for (int step = 0; step < 10'000; ++step) {
    if (random.below(20) < 18) {
      Octets frame = pattern(random.below(random.one_in(30) ? 60'000 : 2000) + 1, random.word());
      if (queue.push(frame)) {
        model.push_back(std::move(frame));
      } else {
        ++refused;
      }
    } else {
      const auto frames = queue.front();
      REQUIRE(frames.size() <= model.size());
      REQUIRE(frames.empty() == model.empty());
      for (size_t i = 0; i < frames.size(); ++i) {
        REQUIRE(frames[i].size() == model[i].size());
        REQUIRE(frames[i].front() == model[i].front());
      }
      if (!frames.empty()) REQUIRE(copy(frames[0]) == model[0]);
      const uint32_t settled = random.below(std::min<uint32_t>(static_cast<uint32_t>(frames.size()), 12) + 1);
      queue.pop(static_cast<uint16_t>(settled));
      model.erase(model.begin(), model.begin() + settled);
    }
    REQUIRE(queue.size() == model.size());
    REQUIRE(queue.empty() == model.empty());
  }
  CHECK(refused > 0);
}
