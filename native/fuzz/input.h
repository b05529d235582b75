// Input: a fuzzer's octets, taken as numbers and runs. When they are used up, zeros and empty runs come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

// What must hold, or the fuzzer has found something.
#define ETHERCAST_MUST(condition)       \
  do {                                  \
    if (!(condition)) __builtin_trap(); \
  } while (false)

namespace ethercast::fuzz {

class Input {
 public:
  Input(const uint8_t* data, size_t size) noexcept : octets_(data, size) {}

  bool empty() const noexcept { return octets_.empty(); }
  template <typename T>
  T number() noexcept {
    T value{};
    const size_t take = std::min(sizeof value, octets_.size());
    if (take != 0) std::memcpy(&value, octets_.data(), take);
    octets_ = octets_.subspan(take);
    return value;
  }
  uint8_t octet() noexcept { return number<uint8_t>(); }
  std::span<const uint8_t> run(size_t length) noexcept {
    const auto taken = octets_.first(std::min(length, octets_.size()));
    octets_ = octets_.subspan(taken.size());
    return taken;
  }
  std::string text(size_t length) {
    const auto taken = run(length);
    return {taken.begin(), taken.end()};
  }

 private:
  std::span<const uint8_t> octets_;
};

}  // namespace ethercast::fuzz
