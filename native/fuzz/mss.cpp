// A frame from a hostile station, and a limit: lower_mss() changes nothing but an MSS option, downwards, and
// the checksum; where that was right before, it is right after (by a checker that shares no code).
#include "core/mss.h"

#include <memory>
#include <vector>

#include "fuzz/input.h"
#include "test/support/naive.h"

using namespace ethercast;
using namespace ethercast::fuzz;
using ethercast::test::naive_be16;
using ethercast::test::naive_look;
using ethercast::test::NaiveFrame;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  MssLimit limit;
  limit.v4 = static_cast<uint16_t>(input.number<uint16_t>() | 1);
  limit.v6 = static_cast<uint16_t>(input.number<uint16_t>() | 1);
  const bool unfinished = (input.octet() & 1) != 0;
  const auto rest = input.run(size);
  // Exactly as long as it is: what is read beyond is noticed.
  const std::unique_ptr<uint8_t[]> octets(new uint8_t[rest.size()]);
  std::copy(rest.begin(), rest.end(), octets.get());
  const std::span<uint8_t> frame(octets.get(), rest.size());
  const NaiveFrame before = naive_look(frame, !unfinished);

  const bool may_be = may_be_syn(frame);
  const bool changed = lower_mss(frame, limit, unfinished);
  if (!changed) {
    ETHERCAST_MUST(std::equal(frame.begin(), frame.end(), rest.begin()));
    return 0;
  }
  ETHERCAST_MUST(may_be);
  const NaiveFrame after = naive_look(frame, !unfinished);
  ETHERCAST_MUST((before.wrong == nullptr) == (after.wrong == nullptr) || before.routed);
  ETHERCAST_MUST(!lower_mss(frame, limit, unfinished));  // low enough now
  if (before.wrong != nullptr) return 0;

  // Where it differs: two octets of the option, two of the checksum.
  ETHERCAST_MUST(before.protocol == 6 && (rest[before.transport + 13] & 2) != 0);
  const size_t checksum = before.transport + 16;
  size_t option = 0;
  for (size_t i = 0; i < frame.size(); ++i) {
    if (frame[i] == rest[i] || i == checksum || i == checksum + 1) continue;
    if (option == 0) option = i;
    ETHERCAST_MUST(i <= option + 1);
  }
  ETHERCAST_MUST(option >= before.transport + 22 && option < before.payload);
  // Either octet of the value may be the first that differs.
  const uint16_t most = before.v6 ? limit.v6 : limit.v4;
  const size_t value = frame[option - 2] == 2 && frame[option - 1] == 4 ? option : option - 1;
  ETHERCAST_MUST(naive_be16(frame, value) == most && naive_be16(rest, value) > most);
  return 0;
}
