// StormLimit: how many frames a second of one port may be flooded. A token bucket, with time passed in.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ethercast {

// The bucket holds a tenth of a second's worth, and at least one frame. That is enough that a steady flood at
// the limit passes whole although it comes in clumps (a batch a breath, pauses of milliseconds), and so
// little that a storm gets at most a tenth more in its first second.
class StormLimit {
 public:
  static constexpr uint32_t kMost = 1'000'000'000;  // frames a second; keeps the bucket within 63 bits
  static constexpr uint32_t kBucketsPerSecond = 10;

  // `rate`: wire frames a second, up to kMost; 0: no limit. The bucket is full at first.
  explicit StormLimit(uint32_t rate) noexcept
      : rate_(rate), depth_(std::max<int64_t>(rate, kBucketsPerSecond) * (kNsPerSecond / kBucketsPerSecond)) {
    credit_ = depth_;
  }

  // Whether what is so many frames on a wire may pass. A super-frame passes whole as soon as there is one
  // token, and what follows it waits for the debt: else one that is larger than the bucket never could.
  bool take(uint32_t frames, uint64_t now_ns) noexcept {
    if (rate_ == 0) return true;
    if (now_ns > last_ns_) {
      const auto gained = static_cast<__int128>(now_ns - last_ns_) * rate_;
      credit_ = gained >= depth_ - credit_ ? depth_ : credit_ + static_cast<int64_t>(gained);
      last_ns_ = now_ns;
    }
    if (credit_ < kToken) return false;
    credit_ -= frames * kToken;
    return true;
  }

 private:
  // Credit counts billionths of a frame: nanoseconds times frames a second, so that nothing is rounded.
  static constexpr int64_t kToken = 1'000'000'000;
  static constexpr int64_t kNsPerSecond = 1'000'000'000;

  int64_t rate_;
  int64_t depth_;
  int64_t credit_ = 0;
  uint64_t last_ns_ = 0;
};

}  // namespace ethercast
