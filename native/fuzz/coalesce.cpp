// Hostile frames to be joined: each leaves exactly once, in order within its flow, and a joined unit, cut
// again, gives back the headers and payloads it was made of.
#include "core/coalesce.h"

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "core/port.h"
#include "fuzz/input.h"
#include "test/support/naive.h"

using namespace ethercast;
using namespace ethercast::fuzz;
using ethercast::test::naive_look;
using ethercast::test::NaiveFrame;

namespace {

using Octets = std::vector<uint8_t>;

class Judge final : public UnitSink {
 public:
  explicit Judge(const FrameBatch& batch) : batch_(batch) {}

  void take(const Unit& unit) noexcept override {
    ETHERCAST_MUST(!unit.frames.empty());
    for (const uint16_t frame : unit.frames) {
      ETHERCAST_MUST(frame < batch_.size() && !seen_[frame]);
      seen_[frame] = true;
      check_order(frame);
    }
    if (unit.frames.size() > 1) check_joined(unit);
  }
  bool saw(uint16_t frame) const { return seen_[frame]; }

 private:
  // What makes a flow: the type and tags, the addresses, the ports.
  void check_order(uint16_t frame) {
    const auto octets = batch_.octets(frame);
    const NaiveFrame look = naive_look(octets, false);
    if (look.wrong != nullptr || look.protocol != 6) return;
    Octets flow(octets.begin() + 12, octets.begin() + static_cast<ptrdiff_t>(look.ip));
    const size_t source = look.ip + (look.v6 ? 8 : 12);
    flow.insert(flow.end(), octets.begin() + static_cast<ptrdiff_t>(source),
                octets.begin() + static_cast<ptrdiff_t>(source + (look.v6 ? 32 : 8)));
    flow.insert(flow.end(), octets.begin() + static_cast<ptrdiff_t>(look.transport),
                octets.begin() + static_cast<ptrdiff_t>(look.transport + 4));
    const auto [at, fresh] = last_.try_emplace(flow, frame);
    ETHERCAST_MUST(fresh || at->second < frame);
    at->second = frame;
  }

  void check_joined(const Unit& unit) const {
    Octets whole(unit.header.begin(), unit.header.end());
    for (const auto& payload : unit.payloads) whole.insert(whole.end(), payload.begin(), payload.end());
    ETHERCAST_MUST(unit.payloads.size() == unit.frames.size());
    ETHERCAST_MUST(whole.size() == unit.meta.length && whole.size() <= Joiner::kMaxOctets);
    ETHERCAST_MUST(naive_look(whole, false).wrong == nullptr);
    // Nothing that describe() would refuse.
    FrameMeta meta = unit.meta;
    const OffloadClaim claim = {.needs_checksum = true,
                                .gso_type = unit.meta.gso_type,
                                .gso_size = unit.meta.gso_size,
                                .csum_start = unit.meta.csum_start,
                                .csum_offset = unit.meta.csum_offset};
    ETHERCAST_MUST(describe(meta, whole, claim));
    ETHERCAST_MUST(meta.header_length == unit.meta.header_length && meta.gso_size == unit.meta.gso_size);
    ETHERCAST_MUST(meta.gso_type == unit.meta.gso_type && meta.flags == unit.meta.flags);

    const Cutter cutter(meta, whole.data());
    ETHERCAST_MUST(cutter.segments() == unit.frames.size());
    const bool fixed_ids = same_ids(unit);
    for (uint32_t i = 0; i < cutter.segments(); ++i) {
      const auto frame = batch_.octets(unit.frames[i]);
      const NaiveFrame look = naive_look(frame);
      ETHERCAST_MUST(look.wrong == nullptr);
      const auto payload = cutter.payload(i);
      ETHERCAST_MUST(std::ranges::equal(payload, frame.subspan(look.payload, look.end - look.payload)));
      Octets header(cutter.header_length());
      cutter.write_header(i, header.data());
      if (!fixed_ids) {
        ETHERCAST_MUST(std::ranges::equal(header, frame.first(header.size())));
      } else {
        // With identifications that stay the same, they and the sum over them differ.
        Octets before(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(header.size()));
        for (const size_t at : {size_t{4}, size_t{5}, size_t{10}, size_t{11}}) {
          before[look.ip + at] = header[look.ip + at] = 0;
        }
        ETHERCAST_MUST(before == header);
      }
    }
  }

  bool same_ids(const Unit& unit) const {
    const auto first = batch_.octets(unit.frames[0]), second = batch_.octets(unit.frames[1]);
    const NaiveFrame look = naive_look(first);
    return !look.v6 && test::naive_be16(first, look.ip + 4) == test::naive_be16(second, look.ip + 4);
  }

  const FrameBatch& batch_;
  std::array<bool, FrameBatch::kMaxFrames> seen_{};
  std::map<Octets, uint16_t> last_;
};

// Sums put right, so that changes elsewhere reach what comes behind the verification.
void mend(std::span<uint8_t> frame) {
  const NaiveFrame look = naive_look(frame, false);
  if (look.wrong != nullptr) return;
  const auto put = [&](size_t at, uint16_t sum) {
    frame[at] = static_cast<uint8_t>(~sum >> 8);
    frame[at + 1] = static_cast<uint8_t>(~sum);
  };
  const size_t field = look.transport + (look.protocol == 6 ? 16 : 6);
  if (!look.v6) {
    frame[look.ip + 10] = frame[look.ip + 11] = 0;
    put(look.ip + 10, test::naive_sum(frame.subspan(look.ip, look.transport - look.ip)));
  }
  frame[field] = frame[field + 1] = 0;
  const size_t length = look.end - look.transport;
  const uint16_t addresses = look.v6 ? test::naive_sum(frame.subspan(look.ip + 8, 32))
                                     : test::naive_sum(frame.subspan(look.ip + 12, 8));
  const auto pseudo = static_cast<uint32_t>(addresses + look.protocol + length);
  put(field, test::naive_sum(frame.subspan(look.transport, length), pseudo));
}

}  // namespace

// First come template frames; then operations: a template, with octets changed, as the next frame. A follower
// takes up where the last frame ended, so that runs come about.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static FrameBatch batch;  // its slab is large: made once
  static Joiner joiner;
  Input input(data, size);
  const uint16_t takes = input.octet() & (kTakesTcp4 | kTakesTcp6 | kTakesUdp);
  const auto header = input.run(input.octet());  // of Ethernet, IP and TCP
  Octets last(header.begin(), header.end());
  batch.clear();
  while (!input.empty() && !batch.full()) {
    const uint8_t operation = input.octet();
    Octets frame = operation & 1 ? last : Octets(header.begin(), header.end());
    if (operation & 2) {
      const NaiveFrame look = naive_look(frame, false);
      if (look.wrong == nullptr && look.protocol == 6) {
        const auto payload = static_cast<uint32_t>(look.end - look.payload);
        uint32_t sequence = payload;
        for (int i = 3; i >= 0; --i) {
          uint8_t& octet = frame[look.transport + 4 + static_cast<size_t>(i)];
          sequence += octet;
          octet = static_cast<uint8_t>(sequence);
          sequence >>= 8;
        }
        if (!look.v6 && (operation & 4) && ++frame[look.ip + 5] == 0) ++frame[look.ip + 4];
      }
    }
    if (operation & 8) {
      const size_t at = input.octet();
      if (at < frame.size()) frame[at] = input.octet();
    }
    if (operation & 16) frame.resize(input.octet());
    if (operation & 32) mend(frame);
    if (frame.empty()) continue;
    if (!batch.append(frame, 0)) break;
    FrameMeta& meta = batch.meta(static_cast<uint16_t>(batch.size() - 1));
    if (operation & 64) {
      const NaiveFrame look = naive_look(frame, false);
      const OffloadClaim claim = {.needs_checksum = true,
                                  .gso_type = (operation & 128) == 0 ? GsoType::none
                                              : look.v6              ? GsoType::tcp6
                                                                     : GsoType::tcp4,
                                  .gso_size = input.octet(),
                                  .csum_start = static_cast<uint16_t>(look.transport),
                                  .csum_offset = 16};
      if (!describe(meta, frame, claim)) meta.flags = 0;
    }
    last = std::move(frame);
  }
  std::vector<uint16_t> picks;
  for (uint16_t i = 0; i < batch.size(); ++i) picks.push_back(i);
  Judge judge(batch);
  joiner.join(batch, picks, takes, judge);
  for (const uint16_t frame : picks) ETHERCAST_MUST(judge.saw(frame));
  return 0;
}
