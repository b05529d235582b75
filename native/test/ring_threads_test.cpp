// FrameRing between two threads, with the sleep and wake protocol. Under ThreadSanitizer this is the proof of
// its order.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "core/ring.h"
#include "engine/clock.h"
#include "engine/wake.h"
#include "test/support/frames.h"
#include "test/support/random.h"
#include "test/support/ring_memory.h"
#include "test/support/sockets.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

constexpr uint32_t kFrames = 100'000;

bool wait_for(const Wake& wake) {
  pollfd wanted{wake.fd(), POLLIN, 0};
  const bool rung = ::poll(&wanted, 1, kPatience_ms) == 1;
  wake.clear();
  return rung;
}

}  // namespace

// A wake that gets lost shows as a time-out: neither side ever looks without having been woken.
TEST_CASE("ring threads: frames in order, no wake is lost") {
  const RingBox box;
  Wake for_consumer, for_producer;
  REQUIRE(for_consumer.open().ok());
  REQUIRE(for_producer.open().ok());
  std::atomic<bool> failed{false};

  std::thread consumer([&] {
    RingReader reader(box.memory());
    uint32_t expected = 0;
    while (expected < kFrames && !failed) {
      std::span<const uint8_t> frame;
      const RingReader::Next next = reader.next(65535, frame);
      if (next == RingReader::Next::frame) {
        uint32_t number;
        std::memcpy(&number, frame.data(), 4);
        const auto fill = static_cast<uint8_t>(number);
        if (number != expected++ || frame.back() != (frame.size() > 4 ? fill : frame.back())) failed = true;
        reader.advance();
        if (expected % 64 == 0 && reader.release()) for_producer.ring_mt();
        continue;
      }
      if (next == RingReader::Next::bad) failed = true;
      if (reader.release()) for_producer.ring_mt();
      if (reader.sleep() && !wait_for(for_consumer)) failed = true;
    }
    if (reader.release()) for_producer.ring_mt();
  });

  RingWriter writer(box.memory());
  Random random(4);
  Octets frame(2000);
  for (uint32_t number = 0; number < kFrames && !failed;) {
    const size_t length = 4 + random.below(random.one_in(8) ? 1996 : 60);
    std::memcpy(frame.data(), &number, 4);
    if (length > 4) std::memset(frame.data() + 4, static_cast<uint8_t>(number), length - 4);
    if (writer.write(std::span<const uint8_t>(frame).first(length), 1, number)) {
      ++number;
      if (random.one_in(4) && writer.publish()) for_consumer.ring_mt();
      continue;
    }
    // As JavaScript does: publish, say that we wait, look once more, and only then wait.
    if (writer.publish()) for_consumer.ring_mt();
    box.word(ring::kProducerWaitsWord).store(1);
    if (box.tail() == box.head()) {
      box.word(ring::kProducerWaitsWord).store(0);
    } else if (!wait_for(for_producer)) {
      failed = true;
    }
  }
  if (writer.publish()) for_consumer.ring_mt();
  consumer.join();
  CHECK_FALSE(failed);
}

TEST_CASE("ring threads: a hostile producer that never stops writing") {
  const RingBox box;
  std::atomic<bool> stop{false};
  std::thread hostile([&] {
    Random random(5);
    while (!stop) {
      box.set_head(random.word() & (random.one_in(2) ? ~7u : ~0u));
      box.set_head(box.tail() + random.below(box.capacity() / 8) * 8);
      std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(box.octets() + ring::kHeaderOctets +
                                                             (random.below(box.capacity()) & ~7u)))
          .store(random.one_in(8) ? random.word() : random.below(4000), std::memory_order_relaxed);
    }
  });
  RingReader reader(box.memory());
  uint64_t frames = 0;
  const uint64_t end = monotonic_ns() + kNsPerSecond;
  for (int i = 0; frames < 5'000 && monotonic_ns() < end; ++i) {
    std::span<const uint8_t> frame;
    if (reader.next(9000, frame) == RingReader::Next::frame) {
      ++frames;
      const uint8_t* const start = box.octets() + ring::kHeaderOctets;
      REQUIRE(frame.data() >= start);
      REQUIRE(frame.data() + frame.size() <= start + box.capacity());
      reader.advance();
    }
    if (i % 16 == 0) reader.release();
  }
  stop = true;
  hostile.join();
  CHECK(frames > 0);
}
