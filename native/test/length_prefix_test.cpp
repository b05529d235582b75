// Frames behind their lengths, read: however the stream is cut, the same frames come.
#include "ports/codec/length_prefix.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "core/ether.h"
#include "test/support/frames.h"
#include "test/support/random.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

void put(Octets& stream, uint32_t length, const Octets& frame) {
  uint8_t prefix[kLengthPrefix];
  write_length_prefix(prefix, length);
  stream.insert(stream.end(), prefix, prefix + kLengthPrefix);
  stream.insert(stream.end(), frame.begin(), frame.end());
}
void put(Octets& stream, const Octets& frame) { put(stream, static_cast<uint32_t>(frame.size()), frame); }

struct Heard {
  std::vector<Octets> frames;
  LengthPrefixReader::Dropped dropped;
  bool broken = false;
  uint32_t most_in_a_read = 0;
};

// Reads a stream in pieces of the lengths that `cut` gives.
template <typename Cut>
Heard read(LengthPrefixReader& reader, const Octets& stream, Cut cut) {
  Heard heard;
  FrameBatch batch;
  for (size_t at = 0; at < stream.size() && !heard.broken;) {
    const size_t length = std::clamp<size_t>(cut(), 1, stream.size() - at);
    const auto places = reader.lay_out(batch, static_cast<uint32_t>(length));
    size_t taken = 0;
    for (const auto& place : places) {
      const size_t count = std::min(place.octets, length - taken);
      if (count != 0) std::memcpy(place.at, stream.data() + at + taken, count);
      taken += count;
    }
    REQUIRE(taken > 0);
    reader.filled(batch, taken);
    at += taken;
    for (;;) {
      const auto step = reader.next(batch, 7, heard.dropped);
      REQUIRE((step != LengthPrefixReader::Step::full || batch.full()));
      for (uint16_t i = 0; i < batch.size(); ++i) {
        heard.frames.push_back(copy(batch.octets(i)));
        REQUIRE(batch.meta(i).time_ns == 7);
      }
      batch.clear();
      heard.broken = step == LengthPrefixReader::Step::broken;
      if (step != LengthPrefixReader::Step::full) break;
    }
  }
  return heard;
}

Heard read(const Octets& stream, size_t cut, uint32_t max_frame = kMaxFrame) {
  LengthPrefixReader reader(max_frame);
  return read(reader, stream, [&] { return cut; });
}

}  // namespace

TEST_CASE("length prefix: lengths are big-endian") {
  uint8_t octets[kLengthPrefix];
  write_length_prefix(octets, 0x01020304);
  CHECK(octets[0] == 1);
  CHECK(octets[3] == 4);
  CHECK(read_length_prefix(octets) == 0x01020304);
  CHECK(kLongestPrefixed == 69632);
}

TEST_CASE("length prefix: frames in one read lie where they were read to") {
  Octets stream;
  for (uint32_t i = 0; i < 5; ++i) put(stream, pattern(60 + i, i));
  const Heard heard = read(stream, stream.size());
  REQUIRE(heard.frames.size() == 5);
  for (uint32_t i = 0; i < 5; ++i) CHECK(heard.frames[i] == pattern(60 + i, i));
}

TEST_CASE("length prefix: every single cut of a few frames") {
  Octets stream;
  std::vector<Octets> frames;
  for (const size_t length : {14u, 60u, 15u, 200u}) {
    frames.push_back(pattern(length, static_cast<uint32_t>(length)));
    put(stream, frames.back());
  }
  for (size_t cut = 1; cut < stream.size(); ++cut) {
    LengthPrefixReader reader(kMaxFrame);
    size_t next = cut;
    const Heard heard = read(reader, stream, [&] { return std::exchange(next, stream.size()); });
    REQUIRE(heard.frames == frames);
    REQUIRE_FALSE(reader.has_part());
  }
  CHECK(read(stream, 1).frames == frames);
}

TEST_CASE("length prefix: any frames, cut anyhow") {
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    Octets stream;
    std::vector<Octets> frames;
    uint32_t runts = 0, oversize = 0;
    const uint32_t limit = random.one_in(3) ? 1518 : kMaxFrame;
    const uint32_t count = random.below(random.one_in(4) ? 600 : 30);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t length = random.one_in(20)   ? random.below(14)
                              : random.one_in(20) ? 1519 + random.below(kLongestPrefixed - 1518)
                              : random.one_in(30) ? 60'000 + random.below(5536)
                                                  : 14 + random.below(random.one_in(2) ? 60 : 1500);
      Octets frame = pattern(length, random.word());
      put(stream, frame);
      if (length < kEtherHeader) {
        ++runts;
      } else if (length > limit) {
        ++oversize;
      } else {
        frames.push_back(std::move(frame));
      }
    }
    const uint32_t most = random.one_in(3) ? 3 : random.one_in(2) ? 5000 : 300'000;
    LengthPrefixReader reader(limit);
    const Heard heard = read(reader, stream, [&] { return 1 + random.below(most); });
    REQUIRE(heard.frames.size() == frames.size());
    REQUIRE(heard.frames == frames);
    REQUIRE(heard.dropped.runts == runts);
    REQUIRE(heard.dropped.oversize == oversize);
    REQUIRE_FALSE(heard.broken);
    REQUIRE_FALSE(reader.has_part());
  }
}

TEST_CASE("length prefix: more frames in a read than a batch holds") {
  Octets stream;
  for (uint32_t i = 0; i < 1000; ++i) put(stream, pattern(14, i));
  CHECK(read(stream, stream.size()).frames.size() == 1000);
}

TEST_CASE("length prefix: nothing read leaves all as it was") {
  for (const size_t had : {0u, 1u, 3u, 4u, 5u, 30u}) {
    Octets stream;
    put(stream, pattern(60, 1));
    LengthPrefixReader reader(kMaxFrame);
    (void)read(reader, Octets(stream.begin(), stream.begin() + static_cast<ptrdiff_t>(had)),
               [] { return 99; });
    CHECK(reader.has_part() == (had != 0));
    FrameBatch batch;
    LengthPrefixReader::Dropped dropped;
    for (int i = 0; i < 3; ++i) {
      (void)reader.lay_out(batch, 1000);
      reader.filled(batch, 0);
      REQUIRE(reader.next(batch, 1, dropped) == LengthPrefixReader::Step::done);
      REQUIRE(batch.empty());
    }
    const Heard heard =
        read(reader, Octets(stream.begin() + static_cast<ptrdiff_t>(had), stream.end()), [] { return 99; });
    REQUIRE(heard.frames.size() == 1);
    CHECK(heard.frames[0] == pattern(60, 1));
  }
}

TEST_CASE("length prefix: a length that no frame has ends it, until a reset") {
  for (const uint32_t length : {kLongestPrefixed + 1, 1u << 31, 0xffffffffu, 0x47455420u /* GET */}) {
    Octets stream;
    put(stream, pattern(60, 1));
    put(stream, length, pattern(60, 2));
    put(stream, pattern(60, 3));
    LengthPrefixReader reader(kMaxFrame);
    const Heard heard = read(reader, stream, [] { return 1000; });
    CHECK(heard.broken);
    CHECK(heard.frames.size() == 1);
    CHECK(read(reader, stream, [] { return 1000; }).frames.empty());
    reader.reset();
    CHECK(read(reader, stream, [] { return 64; }).frames.size() == 1);
  }
}

TEST_CASE("length prefix: the longest that QEMU sends is skipped, whatever is in it") {
  Octets stream;
  put(stream, Octets(kLongestPrefixed, 0xff));
  put(stream, pattern(60, 1));
  const Heard heard = read(stream, 1000);
  CHECK(heard.dropped.oversize == 1);
  CHECK(heard.dropped.octets == kLongestPrefixed);
  REQUIRE(heard.frames.size() == 1);
}
