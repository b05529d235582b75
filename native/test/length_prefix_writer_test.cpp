// Frames behind their lengths, written: whatever the stream takes at a time, what leaves in the end are whole
// frames, in order, and the account is right.
#include "ports/codec/length_prefix_writer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "core/cut_batch.h"
#include "core/segment.h"
#include "test/support/frames.h"
#include "test/support/packets.h"
#include "test/support/random.h"
#include "test/support/random_wire.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

std::vector<uint16_t> all(const FrameBatch& batch) {
  std::vector<uint16_t> picks(batch.size());
  std::iota(picks.begin(), picks.end(), uint16_t{0});
  return picks;
}

Octets flat(std::span<const LengthPrefixWriter::Piece> pieces) {
  Octets octets;
  for (const auto& piece : pieces) {
    const auto* const at = static_cast<const uint8_t*>(piece.at);
    octets.insert(octets.end(), at, at + piece.octets);
  }
  return octets;
}

std::vector<Octets> parse(const Octets& stream) {
  std::vector<Octets> frames;
  for (size_t at = 0; at < stream.size();) {
    REQUIRE(stream.size() - at >= kLengthPrefix);
    const uint32_t length = read_length_prefix(stream.data() + at);
    at += kLengthPrefix;
    REQUIRE(stream.size() - at >= length);
    frames.emplace_back(stream.begin() + static_cast<ptrdiff_t>(at),
                        stream.begin() + static_cast<ptrdiff_t>(at + length));
    at += length;
  }
  return frames;
}

// A stream that takes so many octets of each write, and what has been counted.
struct Pipe {
  LengthPrefixWriter writer;
  Octets stream;
  uint64_t frames = 0, octets = 0, queued = 0, dropped = 0;

  // As a port does it; `room`: octets that are taken before the stream is full.
  void transmit(const FrameBatch& batch, Picks picks, size_t room) {
    writer.start(batch, picks);
    while (writer.queue().empty()) {
      if (!writer.lay_out()) return;
      Octets out = flat(writer.pieces());
      REQUIRE(out.size() == writer.laid_out());
      out.resize(std::min(out.size(), room));
      room -= out.size();
      stream.insert(stream.end(), out.begin(), out.end());
      const auto sent = writer.left(out.size());
      frames += sent.frames;
      octets += sent.octets;
      if (out.size() < writer.laid_out()) break;
    }
    const auto rest = writer.queue_rest();
    queued += rest.queued;
    dropped += rest.dropped;
    REQUIRE(queued == writer.queue().frames());
  }
  void flush(size_t room) {
    while (room != 0 && !writer.queue().empty()) {
      const auto front = writer.queue().front();
      size_t taken = 0;
      for (const auto& piece : front) {
        const size_t count = std::min(piece.size(), room - taken);
        stream.insert(stream.end(), piece.begin(), piece.begin() + static_cast<ptrdiff_t>(count));
        taken += count;
      }
      room -= taken;
      const auto popped = writer.queue().pop(static_cast<uint32_t>(taken));
      frames += popped.frames;
      octets += popped.octets;
      queued -= popped.frames;
      REQUIRE(queued == writer.queue().frames());
    }
  }
};

}  // namespace

TEST_CASE("length prefix writer: a frame behind its length; short ones in one piece") {
  FrameBatch batch;
  for (uint32_t i = 0; i < 3; ++i) REQUIRE(batch.append(pattern(60, i), 0));
  REQUIRE(batch.append(pattern(1514, 3), 0));
  Pipe pipe;
  const auto picks = all(batch);
  pipe.writer.start(batch, picks);
  REQUIRE(pipe.writer.lay_out());
  CHECK(pipe.writer.pieces().size() == 2);  // three frames and a prefix; the long frame
  CHECK(pipe.writer.pieces()[1].at == batch.data(3));
  const auto frames = parse(flat(pipe.writer.pieces()));
  REQUIRE(frames.size() == 4);
  CHECK(frames[3] == pattern(1514, 3));
  const auto sent = pipe.writer.left(pipe.writer.laid_out());
  CHECK(sent.frames == 4);
  CHECK(sent.octets == 3 * 60 + 1514);
  CHECK_FALSE(pipe.writer.lay_out());
}

TEST_CASE("length prefix writer: every place where a stream may become full") {
  FrameBatch batch;
  std::vector<Octets> frames;
  for (const size_t length : {60u, 300u, 14u, 14u, 700u}) {
    frames.push_back(pattern(length, static_cast<uint32_t>(length)));
    REQUIRE(batch.append(frames.back(), 0));
  }
  const auto picks = all(batch);
  const size_t total = 60 + 300 + 14 + 14 + 700 + 5 * kLengthPrefix;
  for (size_t room = 0; room <= total; ++room) {
    Pipe pipe;
    pipe.transmit(batch, picks, room);
    REQUIRE(pipe.frames + pipe.queued == 5);
    REQUIRE(pipe.stream.size() == room);
    pipe.transmit(batch, picks, 0);  // behind what waits, if anything does
    pipe.flush(1);
    pipe.flush(1 << 20);
    const auto got = parse(pipe.stream);
    REQUIRE(got.size() == 10);
    REQUIRE(std::equal(frames.begin(), frames.end(), got.begin()));
    REQUIRE(std::equal(frames.begin(), frames.end(), got.begin() + 5));
    REQUIRE(pipe.frames == 10);
    REQUIRE(pipe.octets == 2 * (total - 5 * kLengthPrefix));
  }
}

TEST_CASE("length prefix writer: any frames, any room, against what was given") {
  Random random(12);
  for (int round = 0; round < 60; ++round) {
    Pipe pipe;
    std::vector<Octets> given;
    uint64_t wire = 0;
    for (int step = 0; step < 40; ++step) {
      FrameBatch batch;
      const uint32_t count = random.below(130);
      for (uint32_t i = 0; i < count; ++i) {
        const uint32_t length =
            random.one_in(40) ? random.below(60'000) + 14 : 14 + random.below(random.one_in(2) ? 300 : 1500);
        if (!batch.append(pattern(length, random.word()), 0)) break;
      }
      std::vector<uint16_t> picks;
      for (uint16_t i = 0; i < batch.size(); ++i) {
        if (!random.one_in(5)) picks.push_back(i);
      }
      for (const uint16_t i : picks) given.push_back(copy(batch.octets(i)));
      wire += picks.size();
      pipe.transmit(batch, picks, random.one_in(3) ? 1 << 20 : random.below(20'000));
      pipe.flush(random.one_in(2) ? 0 : random.below(200'000));
      REQUIRE(pipe.frames + pipe.queued + pipe.dropped == wire);
    }
    pipe.flush(SIZE_MAX);
    const auto got = parse(pipe.stream);
    REQUIRE(got.size() == pipe.frames);
    REQUIRE(got.size() + pipe.dropped == given.size());
    // Those that left are the given ones, in order, without those there was no room for.
    auto at = given.begin();
    for (const Octets& frame : got) {
      at = std::find(at, given.end(), frame);
      REQUIRE(at != given.end());
      ++at;
    }
  }
}

TEST_CASE("length prefix writer: super-frames leave as the frames they stand for") {
  Random random(13);
  for (int round = 0; round < 200; ++round) {
    FrameBatch batch;
    for (int i = 0; i < 3; ++i) {
      Wire wire{.v6 = random.one_in(2), .udp = random.one_in(3)};
      wire.payload = pattern(1 + random.below(random.one_in(3) ? 60'000 : 9000), random.word());
      const auto size = static_cast<uint16_t>(random.one_in(4) ? 1 + random.below(100) : 1448);
      (void)append_described(batch, wire, size);
      REQUIRE(batch.append(pattern(60, random.word()), 0));
    }
    // An ordinary frame's unfinished checksum is the engine's to finish.
    for (uint16_t i = 0; i < batch.size(); ++i) {
      FrameMeta& meta = batch.meta(i);
      if (!is_super_frame(meta) && (meta.flags & kChecksumUnfinished) != 0)
        finish_checksum(meta, batch.data(i));
    }
    std::vector<Octets> wanted;
    const FrameSet every = FrameSet().set();
    BatchCutter cutter(batch, every);
    FrameBatch cut;
    while (cutter.next(cut)) {
      for (uint16_t i = 0; i < cut.size(); ++i) wanted.push_back(copy(cut.octets(i)));
    }
    if (wanted.size() > 2000) continue;  // more than the queue holds
    Pipe pipe;
    const auto picks = all(batch);
    pipe.transmit(batch, picks, random.below(100'000));
    pipe.flush(SIZE_MAX);
    if (pipe.dropped != 0) continue;
    REQUIRE(parse(pipe.stream) == wanted);
    REQUIRE(pipe.frames == wanted.size());
  }
}

TEST_CASE("length prefix writer: the queue is bounded, and refuses whole frames") {
  FrameBatch batch;
  while (batch.append(pattern(1514, batch.size()), 0)) continue;
  const auto picks = all(batch);
  Pipe pipe;
  pipe.transmit(batch, picks, 700);
  for (int i = 0; i < 20; ++i) pipe.transmit(batch, picks, 0);
  CHECK(pipe.dropped > 0);
  CHECK(pipe.queued >= 680);
  CHECK(pipe.queued <= PrefixedQueue::kCapacity / 1514);
  pipe.flush(SIZE_MAX);
  CHECK(parse(pipe.stream).size() == pipe.frames);
}

TEST_CASE("length prefix writer: what waits is dropped whole with the connection") {
  FrameBatch batch;
  for (uint32_t i = 0; i < 100; ++i) REQUIRE(batch.append(pattern(1000, i), 0));
  const auto picks = all(batch);
  LengthPrefixWriter writer;
  writer.start(batch, picks);
  REQUIRE(writer.lay_out());
  CHECK(writer.left(1500).frames == 1);
  CHECK(writer.drop_rest() == 99);
  CHECK_FALSE(writer.lay_out());
}
