// The two clocks of the engine, in nanoseconds.
#pragma once

#include <cstdint>
#include <ctime>

namespace ethercast {

constexpr uint64_t kNsPerMs = 1'000'000;
constexpr uint64_t kNsPerSecond = 1'000'000'000;

inline uint64_t read_clock_ns(clockid_t clock) noexcept {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * kNsPerSecond + static_cast<uint64_t>(now.tv_nsec);
}
inline uint64_t monotonic_ns() noexcept { return read_clock_ns(CLOCK_MONOTONIC); }
inline uint64_t realtime_ns() noexcept { return read_clock_ns(CLOCK_REALTIME); }

}  // namespace ethercast
