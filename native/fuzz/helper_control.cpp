// What comes over ethertap's control channel, in pieces of any size: the same messages come out however it is
// cut, and only checked ones.
#include <vector>

#include "fuzz/input.h"
#include "helper/control.h"

using namespace ethercast::helper;

namespace {

struct Seen {
  bool good;
  AddressChange change;
  bool operator==(const Seen& other) const {
    return good == other.good && change.added == other.change.added && change.guest == other.change.guest &&
           change.mask == other.change.mask;
  }
};

void take(ControlDecoder& decoder, std::span<const uint8_t> octets, std::vector<Seen>& seen) {
  while (const auto message = decoder.next(octets)) {
    const bool good = message->ok();
    seen.push_back({good, good ? message->value() : AddressChange{}});
    if (!good) continue;
    ETHERCAST_MUST(is_host(seen.back().change.guest));
    ETHERCAST_MUST(!seen.back().change.mask || is_mask(*seen.back().change.mask));
  }
  ETHERCAST_MUST(octets.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t length = (data[0] & 1) == 0 ? ControlDecoder::kWithMask : ControlDecoder::kWithoutMask;
  const size_t piece = 1 + (data[0] >> 1) % 30;
  const std::span<const uint8_t> stream(data + 1, size - 1);
  std::vector<Seen> whole, pieces;
  ControlDecoder first(length), second(length);
  take(first, stream, whole);
  for (size_t at = 0; at < stream.size(); at += piece) {
    take(second, stream.subspan(at, std::min(piece, stream.size() - at)), pieces);
  }
  ETHERCAST_MUST(whole == pieces && whole.size() == stream.size() / length);
  return 0;
}
