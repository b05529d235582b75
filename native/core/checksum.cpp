// Sums for RFC 1071. Every TCP octet passes here, so it must keep up with memory: AVX2 where the processor
// has it, 64-bit words elsewhere.
#include "core/checksum.h"

#include <atomic>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ethercast {

namespace {

constexpr size_t kIpv4Source = 12, kIpv6Source = 8;        // both addresses lie behind one another
constexpr size_t kIpv4Addresses = 8, kIpv6Addresses = 32;  // octets of both together

template <typename T>
T load(const uint8_t* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Two 32-bit halves: their sum can't overflow 64 bits within any frame.
inline uint64_t halves(uint64_t word) noexcept { return (word & 0xffffffff) + (word >> 32); }

// A sum of 16-bit words, not yet folded. For headers and tails, and for all where there is no AVX2.
uint64_t sum_words(const uint8_t* at, size_t length, uint64_t sum) noexcept {
  uint64_t other = 0;  // a second chain of additions, so that one needn't wait for the other
  for (; length >= 32; at += 32, length -= 32) {
    sum += halves(load<uint64_t>(at)) + halves(load<uint64_t>(at + 8));
    other += halves(load<uint64_t>(at + 16)) + halves(load<uint64_t>(at + 24));
  }
  sum += other;
  for (; length >= 8; at += 8, length -= 8) sum += halves(load<uint64_t>(at));
  if (length & 4) sum += load<uint32_t>(at), at += 4;
  if (length & 2) sum += load<uint16_t>(at), at += 2;
  if (length & 1) sum += *at;  // little-endian: the first octet of a word is its low one, a zero follows
  return sum;
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

using SumFunction = uint64_t (*)(const uint8_t*, size_t, uint64_t) noexcept;

#if defined(__x86_64__)

// Below this, setting up and adding across costs more than it saves (native/bench: checksum).
constexpr size_t kWorthAvx2 = 96;
// One 32-bit lane takes 2^15 additions of two words at the least before it can overflow; folded long before.
constexpr size_t kAvx2Run = size_t{1} << 18;

#define ETHERCAST_AVX2 __attribute__((target("avx2")))

// The only 16-bit multiply-and-add-pairs is signed: each word has 0x8000 taken off, which is given back at
// the end.
ETHERCAST_AVX2 inline __m256i add_pairs(__m256i sum, const uint8_t* at) noexcept {
  const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const __m256i below = _mm256_xor_si256(words, _mm256_set1_epi16(static_cast<int16_t>(0x8000)));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(below, _mm256_set1_epi16(1)));
}

// Four sums of 64 bits: lanes of two accumulators together might not fit 32.
ETHERCAST_AVX2 inline __m256i widened(__m256i lanes) noexcept {
  return _mm256_add_epi64(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(lanes)),
                          _mm256_cvtepi32_epi64(_mm256_extracti128_si256(lanes, 1)));
}

ETHERCAST_AVX2 uint64_t sum_words_avx2(const uint8_t* at, size_t length, uint64_t sum) noexcept {
  while (length >= 32) {
    const size_t run = (length < kAvx2Run ? length : kAvx2Run) & ~size_t{31};
    const uint8_t* const end = at + run;
    __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
    for (; end - at >= 128; at += 128) {
      a = add_pairs(a, at);
      b = add_pairs(b, at + 32);
      c = add_pairs(c, at + 64);
      d = add_pairs(d, at + 96);
    }
    for (; at != end; at += 32) a = add_pairs(a, at);
    const __m256i four =
        _mm256_add_epi64(_mm256_add_epi64(widened(a), widened(b)), _mm256_add_epi64(widened(c), widened(d)));
    const __m128i two = _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    sum += static_cast<uint64_t>(_mm_cvtsi128_si64(two) + _mm_extract_epi64(two, 1)) + run / 2 * 0x8000;
    length -= run;
  }
  return sum_words(at, length, sum);
}

#undef ETHERCAST_AVX2

uint64_t choose(const uint8_t* at, size_t length, uint64_t sum) noexcept;

// Chosen at the first call: no constructor runs before main, and whoever races here stores the same.
constinit std::atomic<SumFunction> long_sum{choose};

uint64_t choose(const uint8_t* at, size_t length, uint64_t sum) noexcept {
  const SumFunction best = __builtin_cpu_supports("avx2") ? sum_words_avx2 : sum_words;
  long_sum.store(best, std::memory_order_relaxed);
  return best(at, length, sum);
}

inline uint64_t sum_any(const uint8_t* at, size_t length, uint64_t sum) noexcept {
  if (length < kWorthAvx2) return sum_words(at, length, sum);
  return long_sum.load(std::memory_order_relaxed)(at, length, sum);
}

#else

inline uint64_t sum_any(const uint8_t* at, size_t length, uint64_t sum) noexcept {
  return sum_words(at, length, sum);
}

#endif

}  // namespace

uint16_t ones_sum(std::span<const uint8_t> octets, uint32_t initial) noexcept {
  return fold_sum(sum_any(octets.data(), octets.size(), initial));
}

uint16_t ones_sum_portable(std::span<const uint8_t> octets, uint32_t initial) noexcept {
  return fold_sum(sum_words(octets.data(), octets.size(), initial));
}

uint16_t pseudo_sum(const uint8_t* ip, bool v6, uint8_t protocol, uint32_t length) noexcept {
  const uint64_t sum = uint64_t{__builtin_bswap32(length)} + __builtin_bswap16(protocol);
  return fold_sum(v6 ? sum_words(ip + kIpv6Source, kIpv6Addresses, sum)
                     : sum_words(ip + kIpv4Source, kIpv4Addresses, sum));
}

uint16_t update_checksum(uint16_t checksum, uint16_t before, uint16_t after) noexcept {
  const auto inverted = [](uint16_t word) { return static_cast<uint16_t>(~word); };
  return inverted(fold_sum(uint64_t{inverted(checksum)} + inverted(before) + after));
}

}  // namespace ethercast
