// Clamping the MSS of SYN segments: what is found, what is left alone, and that checksums stay right (by
// naive.h, which shares no code with it).
#include "core/mss.h"

#include <doctest/doctest.h>

#include <optional>
#include <tuple>

#include "test/support/random_wire.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

constexpr MssLimit kLimit = {1400, 1380};

Octets mss_option(uint16_t value) {
  return {2, 4, static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
}
Octets joined(std::initializer_list<Octets> parts) {
  Octets all;
  for (const Octets& part : parts) append(all, part);
  return all;
}
Octets nops(size_t count) { return Octets(count, 1); }
// Filled up with ends of options.
Octets padded(Octets options) {
  options.resize((options.size() + 3) / 4 * 4);
  return options;
}
Wire syn(Octets options, bool v6 = false) {
  return {.v6 = v6, .flags = kSyn, .tcp_options = padded(std::move(options))};
}

struct Clamped {
  bool changed;
  Octets frame;
};
Clamped clamp(const Wire& wire, bool finished = true) {
  Clamped result{false, build_parts(wire, finished).frame};
  const bool may_be = may_be_syn(result.frame);
  result.changed = lower_mss(result.frame, kLimit, !finished);
  if (result.changed) CHECK(may_be);  // else it would never have been looked at
  return result;
}
// That it is changed to what would have been built with `options`; an unfinished checksum stays as it was.
void check_becomes(Wire wire, Octets options) {
  for (const bool finished : {true, false}) {
    CAPTURE(finished);
    const Clamped result = clamp(wire, finished);
    CHECK(result.changed);
    Wire after = wire;
    after.tcp_options = padded(options);
    CHECK(result.frame == build_parts(after, finished).frame);
    CHECK(naive_look(result.frame, finished).wrong == nullptr);
  }
}
void check_untouched(const Wire& wire) {
  for (const bool finished : {true, false}) {
    const Clamped result = clamp(wire, finished);
    CHECK_FALSE(result.changed);
    CHECK(result.frame == build_parts(wire, finished).frame);
  }
}

}  // namespace

TEST_CASE("mss: lowered to the limit of its family, and never raised") {
  check_becomes(syn(mss_option(1460)), mss_option(1400));
  check_becomes(syn(mss_option(0xffff)), mss_option(1400));
  check_becomes(syn(mss_option(1401)), mss_option(1400));
  check_becomes(syn(mss_option(1440), true), mss_option(1380));
  check_becomes(syn(mss_option(1381), true), mss_option(1380));
  for (const uint16_t value : {uint16_t{1400}, uint16_t{536}, uint16_t{0}})
    check_untouched(syn(mss_option(value)));
  check_untouched(syn(mss_option(1380), true));
}

TEST_CASE("mss: a SYN-ACK too, with ECN flags or data") {
  Wire wire = syn(mss_option(1460));
  wire.flags = kSyn | kAck | kEce | kCwr;
  check_becomes(wire, mss_option(1400));
  wire.payload = pattern(101, 1);
  check_becomes(wire, mss_option(1400));
  wire.flags = kAck;
  check_untouched(wire);
}

TEST_CASE("mss: behind other options, at even and odd places") {
  for (size_t before = 0; before <= 9; ++before) {
    CAPTURE(before);
    for (const bool v6 : {false, true}) {
      const Octets low = mss_option(v6 ? 1380 : 1400);
      check_becomes(syn(joined({nops(before), mss_option(1460), nops(1)}), v6),
                    joined({nops(before), low, nops(1)}));
    }
  }
  const Octets scale = {3, 3, 7};
  check_becomes(syn(joined({scale, mss_option(1460)})), joined({scale, mss_option(1400)}));
  check_becomes(syn(joined({time_stamps(), mss_option(1460), {4, 2}})),
                joined({time_stamps(), mss_option(1400), {4, 2}}));
  // The last four of the largest header.
  check_becomes(syn(joined({nops(36), mss_option(1460)})), joined({nops(36), mss_option(1400)}));
}

TEST_CASE("mss: behind tags, IPv4 options and extension headers") {
  for (const std::vector<uint16_t>& tags : {std::vector<uint16_t>{0x8100}, {0x88a8, 0x8100}}) {
    Wire wire = syn(joined({nops(1), mss_option(1460)}));
    wire.tags = tags;
    check_becomes(wire, joined({nops(1), mss_option(1400)}));
    wire.ip_options = Octets(40, 1);
    check_becomes(wire, joined({nops(1), mss_option(1400)}));
    Wire six = syn(joined({nops(1), mss_option(1460)}), true);
    six.tags = tags;
    check_becomes(six, joined({nops(1), mss_option(1380)}));
    six.extensions = {0, 60, 43};
    check_becomes(six, joined({nops(1), mss_option(1380)}));
  }
}

TEST_CASE("mss: a tag takes its octets from what an MTU leaves, not from a limit that is asked for") {
  for (const auto& [limit, tags, most] : {std::tuple{MssLimit::of_mtu(1458), 0, 1418},
                                          {MssLimit::of_mtu(1458), 1, 1414},
                                          {MssLimit::of_mtu(1458), 2, 1410},
                                          {MssLimit::of_mtu(41), 1, 1},
                                          {MssLimit{1400, 1400}, 1, 1400}}) {
    Wire wire = syn(mss_option(1460));
    for (int i = 0; i < tags; ++i) wire.tags.push_back(kEtherTypeVlan);
    Octets frame = build_parts(wire).frame;
    CHECK(lower_mss(frame, limit, false));
    wire.tcp_options = padded(mss_option(static_cast<uint16_t>(most)));
    CHECK(frame == build_parts(wire).frame);
  }
}

TEST_CASE("mss: no option, options that make no sense, fragments and other protocols are left alone") {
  check_untouched(syn({}));
  check_untouched(syn(joined({nops(4)})));
  check_untouched(syn(joined({{0}, nops(3), mss_option(1460)})));  // behind the end
  check_untouched(syn({2, 3, 0x05, 0xb4}));                        // of another length
  check_untouched(syn({2, 5, 0x05, 0xb4, 0}));
  check_untouched(syn(joined({{3, 0}, mss_option(1460)})));  // an option of no octets
  check_untouched(syn(joined({{3, 1}, mss_option(1460)})));
  check_untouched(syn(joined({{8, 200}, mss_option(1460)})));  // beyond the header
  check_untouched(syn(joined({nops(1), {2, 4, 0x05}})));       // cut off by the header's end
  check_untouched(syn(joined({nops(2), {2, 4}})));
  check_untouched(syn(joined({nops(3), {2}})));
  Wire wire = syn(mss_option(1460));
  for (const uint16_t fragment : {uint16_t{0x2000}, uint16_t{0x0010}, uint16_t{0x3fff}}) {
    wire.fragment = fragment;
    check_untouched(wire);
  }
  wire = syn(mss_option(1460));
  wire.udp = true;
  wire.payload = pattern(100, 1);
  check_untouched(wire);
}

TEST_CASE("mss: a frame cut off anywhere is left alone") {
  for (const bool v6 : {false, true}) {
    Wire wire = syn(mss_option(1460), v6);
    wire.tags = {0x8100};
    const Octets whole = build(wire);
    for (size_t length = 0; length < whole.size(); ++length) {
      Octets frame(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
      frame.shrink_to_fit();
      (void)may_be_syn(frame);
      CHECK_FALSE(lower_mss(frame, kLimit, false));
    }
  }
}

TEST_CASE("mss: padding behind the packet does no harm") {
  Octets frame = build(syn(mss_option(1460)));
  frame.resize(64, 0xaa);
  CHECK(lower_mss(frame, kLimit, false));
  CHECK(naive_look(frame).wrong == nullptr);
}

TEST_CASE("mss: any SYN: only the option's value and the checksum change, and that stays right") {
  const uint64_t seed = 45;
  Random random(seed);
  int changed = 0;
  for (int turn = 0; turn < 20'000; ++turn) {
    INFO("seed ", seed, ", turn ", turn);
    Wire wire = random_wire(random);
    wire.udp = false;
    wire.flags |= kSyn;
    wire.payload = pattern(random.below(40), random.word());
    const auto value = static_cast<uint16_t>(random.one_in(2) ? 1300 + random.below(200) : random.word());
    Octets options = joined({nops(random.below(5)), random.one_in(2) ? Octets{4, 2} : Octets{}});
    const size_t at = options.size();
    append(options, mss_option(value));
    wire.tcp_options = padded(joined({options, random.one_in(2) ? Octets{3, 3, 7} : Octets{}}));
    const uint16_t limit = wire.v6 ? kLimit.v6 : kLimit.v4;
    const Clamped result = clamp(wire);
    REQUIRE(result.changed == (value > limit));
    if (result.changed) {
      ++changed;
      set16(wire.tcp_options, at + 2, limit);
    }
    const Built want = build_parts(wire);
    // Behind a routing header what is covered is not looked into: there only the difference counts.
    REQUIRE(naive_look(result.frame).wrong == nullptr);
    Octets a = result.frame, b = want.frame;
    set16(a, want.checksum, 0);
    set16(b, want.checksum, 0);
    REQUIRE(a == b);
  }
  CHECK(changed > 5'000);
}

TEST_CASE("mss: the limit of an MTU") {
  CHECK(MssLimit::of_mtu(1458).v4 == 1418);
  CHECK(MssLimit::of_mtu(1458).v6 == 1398);
  CHECK_FALSE(MssLimit{}.on());
  CHECK(MssLimit::of_mtu(1).v4 == 1);
  // More than the option can say: a network device may claim any MTU.
  CHECK(MssLimit::of_mtu(70'000).v4 == 65'535);
  CHECK(MssLimit::of_mtu(0xffff'ffff).v6 == 65'535);
}
