// Super-frames: what describe() believes, and what the Cutter makes of them.
#include "core/segment.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "test/support/packets.h"
#include "test/support/random_wire.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

struct Described {
  bool ok = false;
  FrameMeta meta;
  Octets frame;
};

Described describe_super(const Wire& wire, uint16_t gso_size,
                         const std::function<void(Built&, OffloadClaim&)>& change = {}) {
  Built built = build_parts(wire, false);
  OffloadClaim claim = claim_of(wire, built, gso_size);
  if (change) change(built, claim);
  Described described;
  described.frame = built.frame;
  described.meta.length = static_cast<uint32_t>(built.frame.size());
  described.ok = describe(described.meta, described.frame, claim);
  return described;
}

void check_cut(const Wire& wire, uint16_t gso_size) {
  const Described described = describe_super(wire, gso_size);
  REQUIRE(described.ok);
  REQUIRE(is_super_frame(described.meta));
  const auto want = build_cut(wire, gso_size);
  const auto have = cut_all(described.meta, described.frame.data());
  REQUIRE(wire_frames(described.meta) == want.size());
  CHECK(wire_length(described.meta) == want[0].size());
  uint64_t octets = 0;
  for (const Octets& each : want) octets += each.size();
  CHECK(wire_octets(described.meta) == octets);
  REQUIRE(have.size() == want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    INFO("segment ", i);
    CHECK(naive_look(have[i]).wrong == nullptr);
    CHECK(have[i] == want[i]);
  }
}

const Wire kTcp4 = {.payload = pattern(3000, 1)};
const Wire kTcp6 = {.v6 = true, .payload = pattern(3000, 2)};
const Wire kUdp4 = {.udp = true, .payload = pattern(3000, 3)};
const Wire kUdp6 = {.v6 = true, .udp = true, .payload = pattern(3000, 4)};

}  // namespace

TEST_CASE("segment: the plain four, the last one short or not") {
  for (const Wire& wire : {kTcp4, kTcp6, kUdp4, kUdp6}) {
    for (const uint16_t gso_size : {100, 1000, 1448, 2999, 1}) {
      INFO("IPv6 ", wire.v6, ", UDP ", wire.udp, ", size ", gso_size);
      check_cut(wire, gso_size);
    }
  }
}

TEST_CASE("segment: tags, IPv4 options, extension headers, TCP options") {
  Wire wire = kTcp4;
  wire.tags = {0x8100};
  check_cut(wire, 1000);
  wire.tags = {0x88a8, 0x8100};
  wire.ip_options = Octets(40, 1);
  wire.tcp_options = Octets(40, 1);
  check_cut(wire, 1000);
  Wire six = kTcp6;
  six.tags = {0x8100};
  six.extensions = {0, 60, 43, 60};
  six.tcp_options = time_stamps();
  check_cut(six, 1000);
  six.udp = true;
  check_cut(six, 999);
}

TEST_CASE("segment: CWR stays on the first, PSH and FIN on the last, the rest on all") {
  Wire wire = kTcp4;
  wire.flags = kAck | kPsh | kFin | kCwr | kEce;
  const Described described = describe_super(wire, 1000);
  const auto frames = cut_all(described.meta, described.frame.data());
  REQUIRE(frames.size() == 3);
  CHECK(frames[0][14 + 20 + 13] == (kAck | kCwr | kEce));
  CHECK(frames[1][14 + 20 + 13] == (kAck | kEce));
  CHECK(frames[2][14 + 20 + 13] == (kAck | kEce | kPsh | kFin));
  check_cut(wire, 1000);
}

TEST_CASE("segment: identification and sequence number wrap") {
  Wire wire = kTcp4;
  wire.id = 0xffff;
  wire.sequence = 0xffff'ffff - 1500;
  check_cut(wire, 1000);
}

TEST_CASE("segment: the largest there is") {
  Wire wire = kTcp4;
  wire.payload = pattern(65535 - 40, 1);
  check_cut(wire, 1448);
  wire = kTcp6;
  wire.payload = pattern(65535 - 20, 1);
  check_cut(wire, 8928);
}

TEST_CASE("segment: a UDP checksum of zero is sent as all ones") {
  // The last word makes the sum whatever it is to be.
  Wire wire = {.udp = true, .payload = Octets(200)};
  for (const size_t at : {size_t{98}, size_t{198}}) {
    Wire one = wire;
    one.id = static_cast<uint16_t>(100 + at / 100);
    one.payload.assign(100, 0);
    const Built built = build_parts(one);
    set16(wire.payload, at, naive_be16(built.frame, built.checksum));
  }
  const Described described = describe_super(wire, 100);
  for (const Octets& frame : cut_all(described.meta, described.frame.data())) {
    CHECK(naive_be16(frame, 14 + 20 + 6) == 0xffff);
  }
  check_cut(wire, 100);
}

TEST_CASE("segment: any packet is cut as it would have been built") {
  const uint64_t seed = 21;
  Random random(seed);
  for (int turn = 0; turn < 1500; ++turn) {
    INFO("seed ", seed, ", turn ", turn);
    Wire wire = random_wire(random);
    wire.payload = pattern(2 + random.below(random.one_in(10) ? 60'000 : 4'000), random.word());
    const auto most = static_cast<uint32_t>(wire.payload.size() - 1);
    const auto gso_size = static_cast<uint16_t>(1 + random.below(most));
    if (wire.payload.size() / gso_size > 1000) continue;
    check_cut(wire, gso_size);
  }
}

TEST_CASE("segment: what the checksum's field holds is not believed") {
  for (const Wire& wire : {kTcp4, kTcp6, kUdp4, kUdp6}) {
    const Described described =
        describe_super(wire, 1000, [](Built& built, OffloadClaim&) { built.frame[built.checksum] ^= 0x55; });
    REQUIRE(described.ok);
    CHECK(cut_all(described.meta, described.frame.data()) == build_cut(wire, 1000));
  }
}

TEST_CASE("segment: no more payload than one segment: an ordinary frame with an unfinished checksum") {
  for (const Wire& wire : {kTcp4, kTcp6, kUdp4, kUdp6}) {
    for (const uint16_t gso_size : {3000, 3001, 65535}) {
      Described described = describe_super(wire, gso_size);
      REQUIRE(described.ok);
      CHECK_FALSE(is_super_frame(described.meta));
      CHECK(described.meta.gso_type == GsoType::none);
      CHECK(described.meta.flags == kChecksumUnfinished);
      finish_checksum(described.meta, described.frame.data());
      CHECK(described.meta.flags == 0);
      CHECK(described.meta.csum_start == 0);
      CHECK(described.frame == build(wire));
    }
  }
}

TEST_CASE("segment: fields of a described super-frame, whatever they were before") {
  Built built = build_parts(kTcp6, false);
  FrameMeta meta;
  meta.length = static_cast<uint32_t>(built.frame.size());
  meta.time_ns = 5;
  meta.ingress = 3;
  meta.flags = kChecksumGood;
  meta.vlan = 9;
  REQUIRE(describe(meta, built.frame, claim_of(kTcp6, built, 1000)));
  CHECK(meta.gso_size == 1000);
  CHECK(meta.gso_type == GsoType::tcp6);
  CHECK(meta.flags == kChecksumUnfinished);
  CHECK(meta.header_length == 14 + 40 + 20);
  CHECK(meta.csum_start == 14 + 40);
  CHECK(meta.csum_offset == 16);
  CHECK(meta.time_ns == 5);
  CHECK(meta.ingress == 3);
  CHECK(meta.vlan == 9);
  REQUIRE(describe(meta, built.frame, {.checksum_good = true}));
  CHECK(meta.flags == kChecksumGood);
  CHECK(meta.gso_size == 0);
  CHECK(meta.header_length == 0);
}

TEST_CASE("segment: an unfinished checksum is finished as Linux would") {
  for (const Wire& wire : {kTcp4, kTcp6, kUdp4, kUdp6}) {
    Described described = describe_super(wire, 0);
    REQUIRE(described.ok);
    CHECK(described.meta.flags == kChecksumUnfinished);
    finish_checksum(described.meta, described.frame.data());
    CHECK(described.frame == build(wire));
  }
}

TEST_CASE("segment: an unfinished checksum may be anywhere behind the Ethernet header, and nowhere else") {
  Octets frame = make_frame(station(1), station(2), 60);
  FrameMeta meta;
  meta.length = 60;
  const auto claimed = [&](uint16_t start, uint16_t offset) {
    return describe(meta, frame, {.needs_checksum = true, .csum_start = start, .csum_offset = offset});
  };
  CHECK(claimed(14, 0));
  CHECK(claimed(14, 44));
  CHECK(claimed(58, 0));
  CHECK_FALSE(claimed(13, 0));
  CHECK_FALSE(claimed(0, 20));
  CHECK_FALSE(claimed(14, 45));
  CHECK_FALSE(claimed(59, 0));
  CHECK_FALSE(claimed(65535, 65535));
  CHECK_FALSE(claimed(65535, 1));
}

TEST_CASE("segment: claims that can't be true are refused") {
  struct Lie {
    const char* what;
    Wire wire;
    std::function<void(Built&, OffloadClaim&)> tell;
  };
  const auto octet = [](size_t at, uint8_t value) {
    return [=](Built& built, OffloadClaim&) { built.frame[at] = value; };
  };
  const auto claim = [](const std::function<void(OffloadClaim&)>& change) {
    return [=](Built&, OffloadClaim& claimed) { change(claimed); };
  };
  const Wire hop = {.v6 = true, .extensions = {0}, .payload = pattern(3000, 1)};
  const Lie lies[] = {
      {"size 0", kTcp4, claim([](auto& c) { c.gso_size = 0; })},
      {"no checksum asked for", kTcp4, claim([](auto& c) { c.needs_checksum = false; })},
      {"TCP over the other IP", kTcp4, claim([](auto& c) { c.gso_type = GsoType::tcp6; })},
      {"TCP over the other IP", kTcp6, claim([](auto& c) { c.gso_type = GsoType::tcp4; })},
      {"UDP that is TCP", kTcp4, claim([](auto& c) { c.gso_type = GsoType::udp; })},
      {"TCP that is UDP", kUdp4, claim([](auto& c) { c.gso_type = GsoType::tcp4; })},
      {"TCP that is UDP", kUdp6, claim([](auto& c) { c.gso_type = GsoType::tcp6; })},
      {"checksum starts before", kTcp4, claim([](auto& c) { c.csum_start = 33; })},
      {"checksum starts behind", kTcp4, claim([](auto& c) { c.csum_start = 54; })},
      {"checksum starts outside", kTcp4, claim([](auto& c) { c.csum_start = 65535; })},
      {"checksum elsewhere", kTcp4, claim([](auto& c) { c.csum_offset = 6; })},
      {"checksum elsewhere", kUdp4, claim([](auto& c) { c.csum_offset = 16; })},
      {"a first fragment", kTcp4, octet(14 + 6, 0x20)},
      {"a later fragment", kTcp4, octet(14 + 7, 0x01)},
      {"version", kTcp4, octet(14, 0x65)},
      {"version", kTcp6, octet(14, 0x45)},
      {"IP header too short", kTcp4, octet(14, 0x44)},
      {"IP header longer than it was", kTcp4, octet(14, 0x46)},
      {"IP length below the frame's", kTcp4, octet(14 + 2, 0x0a)},
      {"IP length above the frame's", kTcp4, octet(14 + 2, 0x0c)},
      {"IP length 0", kTcp4, [](Built& b, OffloadClaim&) { set16(b.frame, 16, 0); }},
      {"payload length below", kTcp6, octet(14 + 4, 0x0a)},
      {"payload length 0", kTcp6, [](Built& b, OffloadClaim&) { set16(b.frame, 18, 0); }},
      {"another protocol", kTcp4, octet(14 + 9, 47)},
      {"another protocol", kTcp6, octet(14 + 6, 47)},
      {"an IPv6 fragment", kTcp6, octet(14 + 6, 44)},
      {"an extension header that is TCP", kTcp6, octet(14 + 6, 60)},
      {"an extension header beyond the frame", hop, octet(14 + 41, 255)},
      {"an extension header beyond the frame, and the checksum as well", hop,
       [](Built& b, OffloadClaim& c) { b.frame[14 + 41] = 255, c.csum_start = 14 + 40 + 2048; }},
      {"a header longer than any", hop, octet(14 + 41, 40)},
      {"data offset below 5", kTcp4, octet(14 + 20 + 12, 0x40)},
      {"data offset 0", kTcp6, octet(14 + 40 + 12, 0x00)},
      {"no IP at all", kTcp4, octet(12, 0x86)},
      {"a tag that there is not", kTcp4, [](Built& b, OffloadClaim&) { set16(b.frame, 12, 0x8100); }},
      {"UDP length of one segment", kUdp4,
       [](Built& b, OffloadClaim&) { set16(b.frame, 14 + 20 + 4, 1008); }},
      {"trailing octets", kTcp4, [](Built& b, OffloadClaim&) { b.frame.push_back(0); }},
      {"an octet missing", kTcp4, [](Built& b, OffloadClaim&) { b.frame.pop_back(); }},
      {"nothing", kTcp4, [](Built& b, OffloadClaim&) { b.frame.clear(); }},
  };
  for (const Lie& lie : lies) {
    const Described described = describe_super(lie.wire, 1000, lie.tell);
    CHECK_MESSAGE(!described.ok, std::string(lie.what), ", IPv6 ", lie.wire.v6, ", UDP ", lie.wire.udp);
  }
  Wire many = kTcp6;
  many.extensions = std::vector<uint8_t>(22, 60);
  CHECK(describe_super(many, 1000).ok);  // 250 octets of header
  many.extensions.push_back(60);
  CHECK_FALSE(describe_super(many, 1000).ok);
  Wire three_tags = kTcp4;
  three_tags.tags = {0x8100, 0x8100, 0x8100};
  CHECK_FALSE(describe_super(three_tags, 1000).ok);
}

TEST_CASE("segment: no payload is no super-frame") {
  for (Wire wire : {kTcp4, kTcp6, kUdp4, kUdp6}) {
    wire.payload.clear();
    CHECK_FALSE(describe_super(wire, 1000).ok);
  }
}

TEST_CASE("segment: a frame cut off anywhere is refused") {
  for (Wire wire : {kTcp4, kTcp6, kUdp4, kUdp6}) {
    wire.tags = {0x8100};
    wire.payload = pattern(40, 1);
    const Built built = build_parts(wire, false);
    for (size_t length = 0; length < built.frame.size(); ++length) {
      const Octets exact(built.frame.begin(), built.frame.begin() + static_cast<ptrdiff_t>(length));
      FrameMeta meta;
      meta.length = static_cast<uint32_t>(length);
      CHECK_FALSE(describe(meta, exact, claim_of(wire, built, 10)));
    }
  }
}

TEST_CASE("segment: a routing header: the checksum follows the sender's sum, as the destination is another") {
  Wire wire = kTcp6;
  wire.extensions = {43};
  Built built = build_parts(wire, false);
  // As if the last destination differed from the header's by one.
  set16(built.frame, built.checksum, naive_sum({}, naive_be16(built.frame, built.checksum) + 1u));
  FrameMeta meta;
  meta.length = static_cast<uint32_t>(built.frame.size());
  REQUIRE(describe(meta, built.frame, claim_of(wire, built, 1000)));
  const auto want = build_cut(wire, 1000);
  const auto have = cut_all(meta, built.frame.data());
  REQUIRE(have.size() == want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const uint16_t lower = naive_sum({}, naive_be16(have[i], built.checksum) + 1u);
    CHECK(lower == naive_be16(want[i], built.checksum));
  }
}

TEST_CASE("segment: random octets and claims never lead outside") {
  const uint64_t seed = 22;
  Random random(seed);
  uint64_t accepted = 0;
  for (int turn = 0; turn < 30'000; ++turn) {
    Wire wire = random_wire(random);
    wire.payload = pattern(random.below(80), random.word());
    Built built = build_parts(wire, false);
    OffloadClaim claim = claim_of(wire, built, static_cast<uint16_t>(1 + random.below(100)));
    for (uint32_t i = random.below(4); i > 0; --i) {
      const auto reach = static_cast<uint32_t>(random.one_in(2) ? built.payload : built.frame.size());
      built.frame[random.below(reach)] = static_cast<uint8_t>(random.word());
    }
    if (random.one_in(4)) built.frame.resize(random.below(static_cast<uint32_t>(built.frame.size() + 1)));
    if (random.one_in(8)) claim.csum_start = static_cast<uint16_t>(random.below(200));
    if (random.one_in(8)) claim.gso_type = static_cast<GsoType>(random.below(4));
    const Octets exact(built.frame);  // the sanitizer knows where it ends
    FrameMeta meta;
    meta.length = static_cast<uint32_t>(exact.size());
    if (!describe(meta, exact, claim)) continue;
    ++accepted;
    if (!is_super_frame(meta)) continue;
    for (const Octets& frame : cut_all(meta, exact.data())) {
      const NaiveFrame look = naive_look(frame);
      REQUIRE_MESSAGE(look.wrong == nullptr, std::string(look.wrong ? look.wrong : ""), ", seed ", seed,
                      ", turn ", turn);
    }
  }
  CHECK(accepted > 1000);
}
