// Checksums: known sums, and any length and alignment against a word-by-word loop.
#include "core/checksum.h"

#include <doctest/doctest.h>

#include "test/support/packets.h"
#include "test/support/random.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

// As a number, from how it lies in memory.
uint16_t number(uint16_t word) { return __builtin_bswap16(word); }

}  // namespace

TEST_CASE("checksum: the example of RFC 1071, section 3") {
  const Octets octets = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  CHECK(number(ones_sum(octets)) == 0xddf2);
}

TEST_CASE("checksum: an IPv4 header with its checksum in place sums to all ones") {
  const Octets header = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                         0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
  CHECK(ones_sum(header) == 0xffff);
}

TEST_CASE("checksum: nothing sums to zero, and only zeros do") {
  CHECK(ones_sum({}) == 0);
  CHECK(ones_sum(Octets(1000)) == 0);
  CHECK(ones_sum(Octets(1000, 0xff)) == 0xffff);
  CHECK(ones_sum({}, 0xffff) == 0xffff);
  CHECK(ones_sum({}, 0xffffffff) == 0xffff);
  CHECK(number(ones_sum(Octets{0x12})) == 0x1200);
}

TEST_CASE("checksum: all lengths and alignments, as a word-by-word loop has it, with and without vectors") {
  const Octets octets = pattern(70'000, 3);
  const std::span<const uint8_t> all(octets);
  for (size_t length = 0; length <= 700; ++length) {
    for (const size_t start : {size_t{0}, size_t{1}, length % 32}) {
      const auto some = all.subspan(start, length);
      INFO("length ", length, ", start ", start);
      REQUIRE(number(ones_sum(some)) == naive_sum(some));
      REQUIRE(number(ones_sum_portable(some)) == naive_sum(some));
    }
  }
  const uint64_t seed = 11;
  Random random(seed);
  for (int i = 0; i < 2000; ++i) {
    const auto some = all.subspan(random.below(64), random.below(i % 20 == 0 ? 69'900 : 9'000));
    const auto initial = static_cast<uint16_t>(random.word());
    INFO("seed ", seed, ", turn ", i);
    REQUIRE(number(ones_sum(some, initial)) == naive_sum(some, number(initial)));
    REQUIRE(number(ones_sum_portable(some, initial)) == naive_sum(some, number(initial)));
  }
}

TEST_CASE("checksum: more octets of the highest value than any frame has do not overflow") {
  CHECK(ones_sum(Octets(3'000'000, 0xff)) == 0xffff);
  CHECK(ones_sum_portable(Octets(3'000'000, 0xff)) == 0xffff);
  CHECK(number(ones_sum(Octets(3'000'000, 0x80))) == naive_sum(Octets(3'000'000, 0x80)));
}

TEST_CASE("checksum: sums of parts add up") {
  const Octets octets = pattern(4001, 5);
  const std::span<const uint8_t> all(octets);
  for (const size_t cut : {size_t{0}, size_t{2}, size_t{20}, size_t{2000}, size_t{4000}}) {
    CHECK(ones_sum(all.subspan(cut), ones_sum(all.first(cut))) == ones_sum(all));
  }
}

TEST_CASE("checksum: the pseudo header of IPv4 and IPv6") {
  for (const bool v6 : {false, true}) {
    for (const bool udp : {false, true}) {
      const Built built = build_parts({.v6 = v6, .udp = udp, .payload = pattern(333, 1)}, false);
      const auto length = static_cast<uint32_t>(built.frame.size() - built.transport);
      CHECK(number(pseudo_sum(built.frame.data() + built.ip, v6, udp ? 17 : 6, length)) ==
            naive_be16(built.frame, built.checksum));
    }
  }
  // RFC 8200 has 32 bits of length.
  const Octets nothing(40);
  CHECK(number(pseudo_sum(nothing.data(), true, 6, 0x12345)) == 1 + 0x2345 + 6);
}

TEST_CASE("checksum: the update of RFC 1624, with its example where the older equation goes wrong") {
  CHECK(number(update_checksum(number(0xdd2f), number(0x5555), number(0x3285))) == 0x0000);
  const uint64_t seed = 12;
  Random random(seed);
  for (int i = 0; i < 2000; ++i) {
    Octets octets = pattern(2 + 2 * random.below(40), random.word());
    const auto checksum = static_cast<uint16_t>(~ones_sum(octets));
    const size_t at = 2 * random.below(static_cast<uint32_t>(octets.size() / 2));
    const uint16_t before = naive_be16(octets, at);
    const uint16_t after = random.one_in(8) ? before : static_cast<uint16_t>(random.word());
    set16(octets, at, after);
    const uint16_t updated = update_checksum(checksum, number(before), number(after));
    REQUIRE_MESSAGE(updated == static_cast<uint16_t>(~ones_sum(octets)), "seed ", seed, ", turn ", i);
  }
}
