// FrameRing with another end that lies: native code must stay within the ring, and must not spin.
#include <doctest/doctest.h>

#include "core/ring.h"
#include "test/support/frames.h"
#include "test/support/random.h"
#include "test/support/ring_memory.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

using Next = RingReader::Next;

Next look(RingReader& reader, uint32_t max_frame = 65535) {
  std::span<const uint8_t> frame;
  return reader.next(max_frame, frame);
}

bool within(const RingBox& box, std::span<const uint8_t> frame) {
  const uint8_t* const start = box.octets() + ring::kHeaderOctets;
  return frame.data() >= start && frame.data() + frame.size() <= start + box.capacity();
}

}  // namespace

TEST_CASE(
    "hostile ring: a head beyond the capacity, or not aligned, is bad; what follows an honest head is read") {
  for (const uint32_t head :
       {1u, 4u, 7u, 12u, ring::kMinCapacity + 8, 0x8000'0000u, 0xffff'fff8u, 0xffff'ffffu}) {
    CAPTURE(head);
    const RingBox box;
    RingReader reader(box.memory());
    box.set_head(head);
    CHECK(look(reader) == Next::bad);
    // All is skipped: it may go to sleep.
    CHECK(reader.sleep());
    reader.release();
    CHECK(box.tail() == (head & ~7u));
    // The producer comes to reason, from where it said to be.
    const uint32_t from = head & ~7u;
    const uint32_t at = from & (box.capacity() - 1);
    const uint32_t to_end = box.capacity() - at;
    if (to_end < 32) continue;
    box.set_length(from, 14);
    box.set_head(from + 32);
    std::span<const uint8_t> frame;
    REQUIRE(reader.next(65535, frame) == Next::frame);
    CHECK(frame.size() == 14);
    CHECK(within(box, frame));
  }
}

TEST_CASE("hostile ring: lengths that can't be") {
  const uint32_t longest = ring::max_frame(ring::kMinCapacity);
  for (const uint32_t length :
       {17u, longest + 1, ring::kMinCapacity, 0x7fff'ffffu, 0xffff'fff0u, 0xffff'fffeu, ring::kPad}) {
    CAPTURE(length);
    const RingBox box;
    RingReader reader(box.memory());
    box.set_length(0, length);
    box.set_head(32);  // room for 16 octets
    CHECK(look(reader) == Next::bad);
    CHECK(reader.sleep());
  }
}

TEST_CASE("hostile ring: longer than the reader takes is bad") {
  const RingBox box;
  RingReader reader(box.memory());
  box.set_length(0, 1515);
  box.set_head(ring::record_octets(1515));
  CHECK(look(reader, 1514) == Next::bad);
}

TEST_CASE("hostile ring: a record that would pass the end of the ring") {
  const RingBox box;
  RingReader reader(box.memory());
  // Up to 64 octets before the end, honestly.
  const uint32_t step = 1 << 13;
  uint32_t cursor = 0;
  for (int i = 0; i < 7; ++i) {
    box.set_length(cursor, step - ring::kRecordHeader);
    cursor += step;
  }
  box.set_length(cursor, step - ring::kRecordHeader - 64);
  cursor += step - 64;
  box.set_head(cursor);
  for (int i = 0; i < 8; ++i) {
    REQUIRE(look(reader) == Next::frame);
    reader.advance();
  }
  reader.release();
  box.set_length(cursor, 100);
  box.set_head(cursor + ring::record_octets(100));
  CHECK(look(reader) == Next::bad);
}

TEST_CASE("hostile ring: a pad that says more than was written") {
  const RingBox box;
  RingReader reader(box.memory());
  box.set_length(0, ring::kPad);
  box.set_head(ring::kMinCapacity - 8);
  CHECK(look(reader) == Next::bad);
  CHECK(look(reader) == Next::empty);
}

TEST_CASE("hostile ring: pads for ever end") {
  const RingBox box;
  RingReader reader(box.memory());
  for (uint32_t at = 0; at < box.capacity(); at += 8) box.set_length(at, ring::kPad);
  box.set_head(box.capacity());
  CHECK(look(reader) == Next::empty);
  box.set_head(box.capacity() + 8);
  CHECK(look(reader) == Next::bad);
}

TEST_CASE("hostile ring: the length is read once") {
  // Between next() and advance() the other side may write what it likes: the cursor moves by what was
  // checked.
  const RingBox box;
  RingReader reader(box.memory());
  box.set_length(0, 100);
  box.set_head(ring::record_octets(100) + 24);
  box.set_length(ring::record_octets(100), 3);
  std::span<const uint8_t> frame;
  REQUIRE(reader.next(65535, frame) == Next::frame);
  box.set_length(0, 0xfffffff0u);
  CHECK(frame.size() == 100);
  reader.advance();
  REQUIRE(reader.next(65535, frame) == Next::frame);
  CHECK(frame.size() == 3);
}

TEST_CASE("hostile ring: a tail that lies to the writer never lets it leave the ring") {
  Random random(2);
  const RingBox box;
  RingWriter writer(box.memory());
  const Octets frame = pattern(3000, 1);
  uint64_t accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    switch (random.below(4)) {
      case 0:
        box.set_tail(random.word());
        break;
      case 1:
        box.set_tail(box.head() - random.below(box.capacity() * 2));
        break;
      case 2:
        box.set_tail(box.head());
        break;
      default:
        break;
    }
    const size_t length = random.below(3001);
    accepted += writer.write(std::span(frame).first(length), 1, 2) ? 1 : 0;
    if (random.one_in(3)) writer.publish();
    // Not aligned to a record and never more than a whole ring ahead of an honest tail: that is all it is
    // asked for.
    REQUIRE(box.head() % 8 == 0);
  }
  CHECK(accepted > 1000);
}

TEST_CASE("hostile ring: a tail ahead of the head means no room") {
  const RingBox box;
  RingWriter writer(box.memory());
  box.set_tail(8);
  CHECK_FALSE(writer.write(pattern(20, 0), 0, 0));
  box.set_tail(0);
  CHECK(writer.write(pattern(20, 0), 0, 0));
}

TEST_CASE("hostile ring: random mutation of everything, from both sides") {
  Random random(3);
  for (int round = 0; round < 30; ++round) {
    const RingBox box;
    RingReader reader(box.memory());
    RingWriter writer(box.memory());
    const bool writing = random.one_in(2);
    uint64_t sum = 0;
    for (int step = 0; step < 2000; ++step) {
      if (random.one_in(3)) {
        const uint32_t octet = random.below(ring::kHeaderOctets + box.capacity());
        box.octets()[octet] = static_cast<uint8_t>(random.word());
      }
      if (random.one_in(4))
        box.set_head(random.one_in(2) ? random.word() : box.head() + random.below(4096) * 8);
      if (random.one_in(4))
        box.set_tail(random.one_in(2) ? random.word() : box.tail() + random.below(4096) * 8);
      if (random.one_in(6)) box.set_length(random.below(box.capacity()) & ~7u, random.below(3000));
      if (writing) {
        if (writer.write(std::span<const uint8_t>(pattern(random.below(4000) + 1, 0)), 0, 0))
          writer.publish();
      }
      for (int n = 0; n < 4; ++n) {
        std::span<const uint8_t> frame;
        if (reader.next(9000, frame) != Next::frame) break;
        REQUIRE(frame.size() <= 9000);
        REQUIRE(within(box, frame));
        for (const uint8_t octet : frame) sum += octet;
        reader.advance();
      }
      reader.release();
      reader.sleep();
    }
    CHECK(sum != 1);
  }
}
