// A frame and what a hostile guest claims of it: describe() refuses, or each frame that is cut has right
// lengths and checksums (by a checker that shares no code), and together they carry the payload.
#include "core/segment.h"

#include <memory>
#include <vector>

#include "fuzz/input.h"
#include "test/support/naive.h"

using namespace ethercast;
using namespace ethercast::fuzz;
using ethercast::test::naive_look;
using ethercast::test::NaiveFrame;

namespace {

void check_segments(const FrameMeta& meta, std::span<const uint8_t> frame) {
  const Cutter cutter(meta, frame.data());
  ETHERCAST_MUST(cutter.segments() == wire_frames(meta) && cutter.segments() >= 2);
  ETHERCAST_MUST(cutter.header_length() <= kMaxSuperHeader);
  const std::unique_ptr<uint8_t[]> header(new uint8_t[cutter.header_length()]);  // exactly as long as it is
  std::vector<uint8_t> segment;
  uint64_t octets = 0;
  const uint8_t* at = frame.data() + meta.header_length;
  for (uint32_t i = 0; i < cutter.segments(); ++i) {
    const auto payload = cutter.payload(i);
    ETHERCAST_MUST(payload.data() == at && !payload.empty() && payload.size() <= meta.gso_size);
    ETHERCAST_MUST(payload.size() == meta.gso_size || i + 1 == cutter.segments());
    at += payload.size();
    cutter.write_header(i, header.get());
    segment.assign(header.get(), header.get() + cutter.header_length());
    segment.insert(segment.end(), payload.begin(), payload.end());
    octets += segment.size();
    const NaiveFrame look = naive_look(segment);
    ETHERCAST_MUST(look.wrong == nullptr);
    ETHERCAST_MUST(look.end == segment.size() && look.payload == cutter.header_length());
  }
  ETHERCAST_MUST(at == frame.data() + frame.size());
  ETHERCAST_MUST(octets == wire_octets(meta));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  OffloadClaim claim;
  const uint8_t flags = input.octet();
  claim.needs_checksum = (flags & 1) != 0;
  claim.checksum_good = (flags & 2) != 0;
  claim.gso_type = static_cast<GsoType>(input.octet() % 4);
  claim.gso_size = input.number<uint16_t>();
  claim.csum_start = input.number<uint16_t>();
  claim.csum_offset = input.number<uint16_t>();
  const auto rest = input.run(size);
  // Alone in memory, so that the sanitizer sees the first octet beyond.
  const std::unique_ptr<uint8_t[]> frame(new uint8_t[rest.size()]);
  if (!rest.empty()) std::memcpy(frame.get(), rest.data(), rest.size());

  FrameMeta meta;
  meta.length = static_cast<uint32_t>(rest.size());
  if (!describe(meta, {frame.get(), rest.size()}, claim)) return 0;
  ETHERCAST_MUST(((meta.flags & kChecksumUnfinished) != 0) == claim.needs_checksum);
  ETHERCAST_MUST(((meta.flags & kChecksumGood) != 0) == claim.checksum_good);
  if (is_super_frame(meta)) {
    check_segments(meta, {frame.get(), rest.size()});
  } else if (claim.needs_checksum) {
    finish_checksum(meta, frame.get());
    ETHERCAST_MUST((meta.flags & kChecksumUnfinished) == 0);
  }
  return 0;
}
