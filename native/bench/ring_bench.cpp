// FrameRing: a burst of 128 written and published, then read and given back, on one thread.
#include <vector>

#include "bench.h"
#include "core/ring.h"

namespace ethercast::bench {

namespace {

constexpr uint32_t kCapacity = 4u << 20;
constexpr int kBurst = 128;

class Ring {
 public:
  explicit Ring(uint32_t length)
      : frame_(length, 0xa5),
        memory_((ring::kHeaderOctets + kCapacity) / 8),
        shared_(reinterpret_cast<uint8_t*>(memory_.data()), memory_.size() * 8),
        writer_(shared_),
        reader_(shared_) {}

  uint64_t run(uint64_t n) {
    uint64_t done = 0;
    for (; done < n; done += kBurst) {
      for (int i = 0; i < kBurst; ++i) keep(writer_.write(frame_, 1, 0));
      keep(writer_.publish());
      std::span<const uint8_t> frame;
      while (reader_.next(65535, frame) == RingReader::Next::frame) {
        keep(frame[0]);
        reader_.advance();
      }
      keep(reader_.release());
    }
    return done;
  }

 private:
  std::vector<uint8_t> frame_;
  std::vector<uint64_t> memory_;
  RingMemory shared_;
  RingWriter writer_;
  RingReader reader_;
};

Case ring_case(uint32_t length) {
  return {"FrameRing write and read, " + std::to_string(length) + " octets", [=]() -> Work {
            auto ring = std::make_shared<Ring>(length);
            return [ring](uint64_t n) { return ring->run(n); };
          }};
}

}  // namespace

std::vector<Case> ring_cases() { return {ring_case(64), ring_case(1514)}; }

}  // namespace ethercast::bench
