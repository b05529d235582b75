// FrameRing between two honest ends, in one thread.
#include "core/ring.h"

#include <doctest/doctest.h>

#include <deque>

#include "test/support/frames.h"
#include "test/support/random.h"
#include "test/support/ring_memory.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

constexpr uint32_t kAny = 65535;

RingReader::Next read(RingReader& reader, Octets& into, uint32_t max_frame = kAny) {
  std::span<const uint8_t> frame;
  const RingReader::Next next = reader.next(max_frame, frame);
  if (next != RingReader::Next::frame) return next;
  into = copy(frame);
  reader.advance();
  return next;
}

}  // namespace

TEST_CASE("ring: only powers of two from 64 KiB to 1 GiB, aligned to 8, are rings") {
  CHECK(ring::capacity_of(0) == 0);
  CHECK(ring::capacity_of(ring::kHeaderOctets) == 0);
  CHECK(ring::capacity_of(ring::kHeaderOctets + (1u << 15)) == 0);
  CHECK(ring::capacity_of(ring::kHeaderOctets + (1u << 16)) == 1u << 16);
  CHECK(ring::capacity_of(ring::kHeaderOctets + (1u << 16) + 8) == 0);
  CHECK(ring::capacity_of(uint64_t{ring::kHeaderOctets} + (1u << 30)) == 1u << 30);
  CHECK(ring::capacity_of(uint64_t{ring::kHeaderOctets} + (1ULL << 31)) == 0);
  CHECK(ring::capacity_of((1ULL << 32) + ring::kHeaderOctets + (1u << 16)) == 0);
  CHECK(ring::capacity_of(~0ULL) == 0);
  alignas(8) static uint8_t memory[ring::kHeaderOctets + (1 << 16) + 8];
  CHECK(RingMemory(memory, sizeof memory - 8).valid());
  CHECK_FALSE(RingMemory(memory + 4, sizeof memory - 8).valid());
  CHECK_FALSE(RingMemory(memory, sizeof memory).valid());
  CHECK_FALSE(RingMemory(nullptr, 0).valid());
}

TEST_CASE("ring: a frame comes out as it went in, with its record header") {
  const RingBox box;
  RingWriter writer(box.memory());
  RingReader reader(box.memory());
  const Octets frame = pattern(61, 4);
  REQUIRE(writer.write(frame, 7, 123456789));
  Octets got;
  CHECK(read(reader, got) == RingReader::Next::empty);  // not published yet
  writer.publish();
  const uint8_t* record = box.octets() + ring::kHeaderOctets;
  CHECK(record[0] == 61);
  CHECK(record[6] == 7);
  uint64_t time_ns;
  std::memcpy(&time_ns, record + 8, 8);
  CHECK(time_ns == 123456789);
  CHECK(read(reader, got) == RingReader::Next::frame);
  CHECK(got == frame);
  CHECK(read(reader, got) == RingReader::Next::empty);
}

TEST_CASE("ring: full when it is full, and usable again once space is given back") {
  const RingBox box;
  RingWriter writer(box.memory());
  RingReader reader(box.memory());
  const uint32_t fit = box.capacity() / ring::record_octets(1000);
  for (uint32_t i = 0; i < fit; ++i) REQUIRE(writer.write(pattern(1000, i), 0, 0));
  CHECK_FALSE(writer.write(pattern(1000, 0), 0, 0));
  writer.publish();
  Octets got;
  REQUIRE(read(reader, got) == RingReader::Next::frame);
  CHECK_FALSE(writer.write(pattern(1000, 0), 0, 0));  // taken, but not given back
  reader.release();
  // Up to the ring's end there is no room for a record: that rest is skipped, and the one just freed is used.
  REQUIRE(writer.write(pattern(1000, fit), 0, 0));
  CHECK_FALSE(writer.write(pattern(1000, 0), 0, 0));
  writer.publish();
  for (uint32_t i = 1; i <= fit; ++i) {
    REQUIRE(read(reader, got) == RingReader::Next::frame);
    CHECK(got == pattern(1000, i));
  }
  CHECK(read(reader, got) == RingReader::Next::empty);
  reader.release();
  CHECK(writer.write(pattern(1000, 0), 0, 0));
}

TEST_CASE("ring: a frame of half the ring finds room wherever the cursor stands") {
  const uint32_t longest = ring::max_frame(ring::kMinCapacity);
  for (uint32_t start = 0; start < ring::kMinCapacity; start += 1016) {
    const RingBox box;
    RingWriter writer(box.memory());
    RingReader reader(box.memory());
    Octets got;
    for (uint32_t at = 0; at < start; at += ring::record_octets(1000)) {
      REQUIRE(writer.write(pattern(1000, at), 0, 0));
      writer.publish();
      REQUIRE(read(reader, got) == RingReader::Next::frame);
      reader.release();
    }
    CHECK_FALSE(writer.write(Octets(longest + 1), 0, 0));
    REQUIRE(writer.write(pattern(longest, 5), 0, 0));
    writer.publish();
    REQUIRE(read(reader, got) == RingReader::Next::frame);
    CHECK(got == pattern(longest, 5));
  }
}

TEST_CASE("ring: wake the sleeper, once, and the writer that waits for an empty ring, once") {
  const RingBox box;
  RingWriter writer(box.memory());
  RingReader reader(box.memory());
  Octets got;
  CHECK(reader.sleep());
  REQUIRE(writer.write(pattern(20, 0), 0, 0));
  CHECK(writer.publish());
  CHECK_FALSE(writer.publish());
  CHECK_FALSE(reader.sleep());  // there is a frame after all
  CHECK(box.word(ring::kConsumerWaitsWord).load() == 0);

  box.word(ring::kProducerWaitsWord).store(1);
  REQUIRE(writer.write(pattern(20, 1), 0, 0));
  writer.publish();
  REQUIRE(read(reader, got) == RingReader::Next::frame);
  CHECK_FALSE(reader.release());  // not empty yet
  REQUIRE(read(reader, got) == RingReader::Next::frame);
  CHECK(reader.release());
  CHECK_FALSE(reader.release());
  CHECK(reader.sleep());
}

TEST_CASE("ring: publishing nothing new leaves the sleeper asleep, and its wish standing") {
  const RingBox box;
  RingWriter writer(box.memory());
  RingReader reader(box.memory());
  Octets got;
  REQUIRE(reader.sleep());
  CHECK_FALSE(writer.publish());
  REQUIRE(writer.write(pattern(20, 0), 0, 0));
  CHECK(writer.publish());
  REQUIRE(read(reader, got) == RingReader::Next::frame);
  reader.release();
  REQUIRE(reader.sleep());
  CHECK_FALSE(writer.publish());
  CHECK(box.word(ring::kConsumerWaitsWord).load() == 1);
}

TEST_CASE("ring: publishing nothing new takes no wish for a wake away") {
  const RingBox box;
  RingWriter writer(box.memory());
  RingReader reader(box.memory());
  REQUIRE(reader.sleep());
  CHECK_FALSE(writer.publish());
  CHECK(box.word(ring::kConsumerWaitsWord).load() == 1);
  REQUIRE(writer.write(pattern(20, 0), 0, 0));
  CHECK(writer.publish());
}

TEST_CASE("ring: a reader's cursor passes 2^32") {
  const RingBox box;
  RingReader reader(box.memory());
  box.set_head(0xffff'ffc0u);  // from nowhere: skipped, and the reader stands there
  Octets got;
  REQUIRE(read(reader, got) == RingReader::Next::bad);
  reader.release();
  box.set_length(0xffff'ffc0u, 40);
  box.set_length(0xffff'fff8u, ring::kPad);
  box.set_length(0, 30);
  box.set_head(48);
  REQUIRE(read(reader, got) == RingReader::Next::frame);
  CHECK(got.size() == 40);
  REQUIRE(read(reader, got) == RingReader::Next::frame);
  CHECK(got.size() == 30);
  CHECK(read(reader, got) == RingReader::Next::empty);
  reader.release();
  CHECK(box.tail() == 48);
}

#ifndef __SANITIZE_THREAD__  // four gigabytes take it too long
TEST_CASE("ring: both cursors pass 2^32") {
  const RingBox box;
  RingWriter writer(box.memory());
  RingReader reader(box.memory());
  const Octets frame = pattern(32'000, 3);
  for (uint64_t through = 0; through < (1ULL << 32) + (1u << 17); through += frame.size()) {
    REQUIRE(writer.write(frame, 0, 0));
    writer.publish();
    std::span<const uint8_t> view;
    REQUIRE(reader.next(1 << 20, view) == RingReader::Next::frame);
    REQUIRE(view.size() == frame.size());
    REQUIRE(view.back() == frame.back());
    reader.advance();
    reader.release();
  }
}
#endif

TEST_CASE("ring: against a model, random frames, takes and releases") {
  Random random(1);
  for (int round = 0; round < 20; ++round) {
    const RingBox box;
    RingWriter writer(box.memory());
    RingReader reader(box.memory());
    std::deque<Octets> published, written;
    uint64_t refused = 0;
    for (int step = 0; step < 3000; ++step) {
      switch (random.below(4)) {
        case 0:
        case 1: {
          const uint32_t length =
              random.one_in(10) ? random.below(ring::max_frame(box.capacity()) + 1) : random.below(1600);
          Octets frame = pattern(length, random.word());
          if (writer.write(std::span<const uint8_t>(frame), 1, 2)) {
            written.push_back(std::move(frame));
          } else {
            ++refused;
          }
          break;
        }
        case 2:
          writer.publish();
          for (Octets& frame : written) published.push_back(std::move(frame));
          written.clear();
          break;
        case 3: {
          Octets got;
          for (uint32_t n = random.below(30); n > 0; --n) {
            const RingReader::Next next = read(reader, got);
            REQUIRE((next == RingReader::Next::frame) == !published.empty());
            if (published.empty()) break;
            REQUIRE(got == published.front());
            published.pop_front();
          }
          if (random.one_in(2)) reader.release();
          break;
        }
      }
    }
    CHECK(refused > 0);
  }
}
