// The smallest bench there can be: named cases, each a function that does `n` items; the time of one item is
// printed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ethercast::bench {

// Handles at least `n` items and returns how many it did.
using Work = std::function<uint64_t(uint64_t n)>;

struct Case {
  std::string name;
  std::function<Work()> make;  // sets up; not timed
};

// Keeps the compiler from leaving out what computes `value`.
template <typename T>
inline void keep(const T& value) noexcept {
  asm volatile("" : : "r,m"(value) : "memory");
}

std::vector<Case> fabric_cases();
std::vector<Case> mac_table_cases();
std::vector<Case> ring_cases();
std::vector<Case> batch_cases();
std::vector<Case> offload_cases();

}  // namespace ethercast::bench
