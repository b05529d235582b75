// A FrameRing whose other end lies in every way: its memory, cursors and lengths change as the input says
// between any two calls of either end. Frames shown must lie within the ring; nothing may crash or spin.
#include "core/ring.h"

#include <memory>

#include "fuzz/input.h"

using namespace ethercast;
using namespace ethercast::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint32_t kCapacity = ring::kMinCapacity;
  constexpr size_t kOctets = ring::kHeaderOctets + kCapacity;
  // Exactly as long as it is said to be: the sanitizer sees the first octet beyond.
  const auto words = std::make_unique<uint64_t[]>(kOctets / 8);
  auto* const memory = reinterpret_cast<uint8_t*>(words.get());
  auto* const fields = reinterpret_cast<uint32_t*>(words.get());
  const RingMemory shared(memory, kOctets);
  RingReader reader(shared);
  RingWriter writer(shared);
  Input input(data, size);
  uint64_t sum = 0;

  while (!input.empty()) {
    switch (input.octet() % 10) {
      case 0:
        fields[ring::kHeadWord] = input.number<uint32_t>();
        break;
      case 1:
        fields[ring::kTailWord] = input.number<uint32_t>();
        break;
      case 2:  // a plausible step
        fields[ring::kHeadWord] += input.number<uint16_t>() * 8u;
        break;
      case 3:
        fields[ring::kTailWord] += input.number<uint16_t>() * 8u;
        break;
      case 4: {  // octets anywhere
        const uint32_t at = input.number<uint16_t>() + ring::kHeaderOctets;
        const auto run = input.run(input.octet());
        const size_t length = std::min<size_t>(run.size(), kOctets - at);
        if (length != 0) std::memcpy(memory + at, run.data(), length);
        break;
      }
      case 5: {  // a length where records begin
        const uint32_t at = (input.number<uint16_t>() * 8u) % kCapacity;
        const uint32_t length = input.octet() % 4 == 0 ? ring::kPad : input.number<uint32_t>();
        std::memcpy(memory + ring::kHeaderOctets + at, &length, 4);
        break;
      }
      case 6: {
        const uint32_t max_frame = input.number<uint16_t>();
        for (int n = 0; n < 64; ++n) {
          std::span<const uint8_t> frame;
          if (reader.next(max_frame, frame) != RingReader::Next::frame) break;
          ETHERCAST_MUST(frame.size() <= max_frame);
          ETHERCAST_MUST(frame.data() >= memory + ring::kHeaderOctets + ring::kRecordHeader);
          ETHERCAST_MUST(frame.data() + frame.size() <= memory + kOctets);
          for (const uint8_t octet : frame) sum += octet;
          reader.advance();
        }
        break;
      }
      case 7:
        reader.release();
        if (!reader.sleep()) reader.release();
        break;
      case 8: {
        const auto frame = input.run(input.number<uint16_t>());
        if (writer.write(frame, input.octet(), 1)) writer.publish();
        break;
      }
      case 9:
        fields[ring::kConsumerWaitsWord] = input.octet();
        fields[ring::kProducerWaitsWord] = input.octet();
        break;
    }
  }
  return sum == ~0ULL ? 1 : 0;
}
