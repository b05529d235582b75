// A stream of frames behind their lengths, as hostile as can be and cut anyhow: what is taken is what a plain
// look at the whole stream finds, and what is written again for a stream that is full now and then is the
// same.
#include "ports/codec/length_prefix.h"

#include <memory>
#include <numeric>
#include <vector>

#include "core/ether.h"
#include "fuzz/input.h"
#include "ports/codec/length_prefix_writer.h"

using namespace ethercast;
using namespace ethercast::fuzz;

namespace {

using Frame = std::vector<uint8_t>;

// All at once, by the book. True: broken at its end.
bool look(const std::vector<uint8_t>& stream, uint32_t max_frame, std::vector<Frame>& frames) {
  for (size_t at = 0; stream.size() - at >= kLengthPrefix;) {
    const uint32_t length = read_length_prefix(stream.data() + at);
    if (length > kLongestPrefixed) return true;
    at += kLengthPrefix;
    if (stream.size() - at < length) return false;
    if (length >= kEtherHeader && length <= max_frame)
      frames.emplace_back(stream.begin() + static_cast<ptrdiff_t>(at),
                          stream.begin() + static_cast<ptrdiff_t>(at + length));
    at += length;
  }
  return false;
}

// A stream that has room for so many octets at a time, and its far side.
class Rewriter {
 public:
  void send(const FrameBatch& batch, size_t room) {
    if (batch.empty()) return;
    std::vector<uint16_t> picks(batch.size());
    std::iota(picks.begin(), picks.end(), uint16_t{0});
    sent_ += picks.size();
    writer_.start(batch, picks);
    while (writer_.queue().empty()) {
      if (!writer_.lay_out()) return;
      size_t taken = 0;
      for (const auto& piece : writer_.pieces()) {
        const size_t count = std::min(piece.octets, room - taken);
        const auto* const at = static_cast<const uint8_t*>(piece.at);
        out_.insert(out_.end(), at, at + count);
        taken += count;
      }
      room -= taken;
      left_ += writer_.left(taken).frames;
      if (taken < writer_.laid_out()) break;
    }
    const auto rest = writer_.queue_rest();
    ETHERCAST_MUST(rest.dropped == 0 || writer_.queue().frames() > 10);
    dropped_ += rest.dropped;
  }
  void flush(size_t room) {
    while (room != 0 && !writer_.queue().empty()) {
      const auto piece = writer_.queue().front()[0];
      const size_t count = std::min(piece.size(), room);
      out_.insert(out_.end(), piece.begin(), piece.begin() + static_cast<ptrdiff_t>(count));
      room -= count;
      left_ += writer_.queue().pop(static_cast<uint32_t>(count)).frames;
    }
  }
  void check(const std::vector<Frame>& frames) {
    flush(SIZE_MAX);
    std::vector<Frame> came;
    ETHERCAST_MUST(!look(out_, kMaxFrame, came));
    ETHERCAST_MUST(left_ == came.size() && left_ + dropped_ == sent_);
    if (dropped_ == 0) ETHERCAST_MUST(came == frames);
  }

 private:
  LengthPrefixWriter writer_;
  std::vector<uint8_t> out_;
  size_t sent_ = 0, left_ = 0, dropped_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr uint32_t limits[] = {kMaxFrame, 1518, 14};
  Input input(data, size);
  const uint32_t max_frame = limits[input.octet() % std::size(limits)];
  LengthPrefixReader reader(max_frame);
  Rewriter rewriter;
  std::vector<uint8_t> stream;
  std::vector<Frame> taken;
  static FrameBatch batch;
  bool broken = false;
  while (!input.empty() && !broken) {
    // A read: its length, how much room there is to write, and now and then a run of one octet instead.
    const uint32_t limit = 1 + input.number<uint16_t>();
    const size_t room = size_t{input.octet()} * 16;
    std::vector<uint8_t> octets(limit, 0x5a);
    if (limit % 4 != 0) {
      const auto run = input.run(limit);
      octets.assign(run.begin(), run.end());
    }
    for (size_t at = 0; at < octets.size() && !broken;) {
      batch.clear();
      const auto places = reader.lay_out(batch, static_cast<uint32_t>(octets.size() - at));
      size_t count = 0;
      for (const auto& place : places) {
        const size_t part = std::min(place.octets, octets.size() - at - count);
        if (part != 0) std::memcpy(place.at, octets.data() + at + count, part);
        count += part;
      }
      ETHERCAST_MUST(count != 0);
      reader.filled(batch, count);
      stream.insert(stream.end(), octets.begin() + static_cast<ptrdiff_t>(at),
                    octets.begin() + static_cast<ptrdiff_t>(at + count));
      at += count;
      LengthPrefixReader::Step step;
      do {
        LengthPrefixReader::Dropped dropped;
        step = reader.next(batch, 1, dropped);
        ETHERCAST_MUST(step != LengthPrefixReader::Step::full || batch.full());
        for (uint16_t i = 0; i < batch.size(); ++i) {
          const auto frame = batch.octets(i);
          ETHERCAST_MUST(frame.size() >= kEtherHeader && frame.size() <= max_frame);
          ETHERCAST_MUST(batch.meta(i).offset + frame.size() <= FrameBatch::kSlabSize);
          taken.emplace_back(frame.begin(), frame.end());
        }
        rewriter.send(batch, room);
        rewriter.flush(room);
        batch.clear();
      } while (step == LengthPrefixReader::Step::full);
      broken = step == LengthPrefixReader::Step::broken;
    }
  }
  std::vector<Frame> wanted;
  ETHERCAST_MUST(look(stream, max_frame, wanted) == broken);
  ETHERCAST_MUST(taken == wanted);
  rewriter.check(taken);
  return 0;
}
