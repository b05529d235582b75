// Joining, rule by rule: what becomes one super-frame and what stays alone. In part the cases that
// wireguard-go's offload tests list.
#include "core/coalesce.h"

#include <doctest/doctest.h>

#include "test/support/join.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

const Wire kSix = {.v6 = true};

}  // namespace

TEST_CASE("coalesce: a run becomes one, with lengths, sums and PSH of the whole") {
  for (const bool v6 : {false, true}) {
    for (const std::vector<uint16_t>& tags :
         {std::vector<uint16_t>{}, std::vector<uint16_t>{0x8100}, std::vector<uint16_t>{0x88a8, 0x8100}}) {
      Wire whole = {.v6 = v6, .tags = tags, .flags = kAck | kPsh | kEce, .tcp_options = time_stamps()};
      whole.payload = pattern(1040, 1);
      const JoinBox joined = join_frames(build_cut(whole, 100));
      REQUIRE(joined.units.size() == 1);
      const JoinedUnit& unit = joined.units[0];
      CHECK(unit.octets == build_parts(whole, false).frame);
      CHECK(unit.meta.length == unit.octets.size());
      CHECK(unit.meta.gso_size == 100);
      CHECK(unit.meta.gso_type == (v6 ? GsoType::tcp6 : GsoType::tcp4));
      CHECK(unit.meta.flags == kChecksumUnfinished);
      // As describe() would have it.
      FrameMeta described;
      described.length = unit.meta.length;
      REQUIRE(describe(described, unit.octets, claim_of(whole, build_parts(whole, false), 100)));
      CHECK(unit.meta.header_length == described.header_length);
      CHECK(unit.meta.csum_start == described.csum_start);
      CHECK(unit.meta.csum_offset == described.csum_offset);
    }
  }
}

TEST_CASE("coalesce: time, ingress and VLAN are those of the first") {
  FrameBatch batch;
  for (const Octets& frame : build_cut({.payload = pattern(300, 1)}, 100)) {
    batch.append(frame, 1000u + batch.size());
    FrameMeta& meta = batch.meta(static_cast<uint16_t>(batch.size() - 1));
    meta.ingress = static_cast<PortId>(5 + batch.size());
    meta.vlan = 3;
  }
  const JoinBox joined = join_batch(batch);
  REQUIRE(joined.units.size() == 1);
  CHECK(joined.units[0].meta.time_ns == 1000);
  CHECK(joined.units[0].meta.ingress == 6);
  CHECK(joined.units[0].meta.vlan == 3);
}

TEST_CASE("coalesce: several protocols and flows, each in its order") {
  const Wire other = {.to = 3};
  const Wire udp = {.udp = true, .payload = pattern(100, 1)};
  Wire other6 = kSix;
  other6.to_port = 80;
  CHECK(groups({segment(0), udp, segment(0, other), segment(1), segment(0, kSix), segment(1, kSix),
                segment(0, other6), udp}) == Groups{{1}, {7}, {0, 3}, {2}, {4, 5}, {6}});
}

TEST_CASE("coalesce: the same addresses in another VLAN are another flow") {
  std::vector<Octets> frames;
  for (uint32_t i = 0; i < 4; ++i) {
    frames.push_back(build(segment(i / 2, {.tags = {0x8100}})));
    frames.back()[15] = static_cast<uint8_t>(7 + i % 2);
  }
  CHECK(join_frames(frames).groups() == Groups{{0, 2}, {1, 3}});
}

TEST_CASE("coalesce: only kinds that are taken") {
  const std::vector<Wire> wires = {segment(0), segment(1), segment(0, kSix), segment(1, kSix)};
  CHECK(groups(wires, kTakesTcp4) == Groups{{2}, {3}, {0, 1}});
  CHECK(groups(wires, kTakesTcp6) == Groups{{0}, {1}, {2, 3}});
  CHECK(groups(wires, kTakesUdp | kTakesChecksum) == Groups{{0}, {1}, {2}, {3}});
  CHECK(groups(wires, 0) == Groups{{0}, {1}, {2}, {3}});
}

TEST_CASE("coalesce: only picked frames") {
  FrameBatch batch;
  for (const Octets& frame : build_cut({.payload = pattern(500, 1)}, 100)) batch.append(frame, 0);
  const uint16_t picks[] = {1, 2, 4};
  CHECK(join_batch(batch, picks).groups() == Groups{{1, 2}, {4}});
  CHECK(join_batch(batch, Picks{}).groups().empty());
}

TEST_CASE("coalesce: PSH and FIN end a run, and go with its last") {
  Wire psh = segment(1);
  psh.flags |= kPsh;
  Wire fin = segment(3);
  fin.flags |= kFin;
  CHECK(groups({segment(0), psh, segment(2), fin, segment(4)}) == Groups{{0, 1}, {2, 3}, {4}});
  Wire first = segment(0);
  first.flags |= kPsh;
  CHECK(groups({first, segment(1), segment(2)}) == Groups{{0}, {1, 2}});
}

TEST_CASE("coalesce: flags that never go together, on the first or a later one") {
  for (const uint8_t flag : {kSyn, kRst, kUrg, kCwr}) {
    for (const uint32_t which : {0u, 1u}) {
      std::vector<Wire> wires = {segment(0), segment(1), segment(2), segment(3)};
      wires[which].flags |= flag;
      const Groups want = which == 0 ? Groups{{0}, {1, 2, 3}} : Groups{{0}, {1}, {2, 3}};
      CHECK_MESSAGE(groups(wires) == want, "flag ", flag, " on ", which);
    }
    // Also where all of them have it.
    std::vector<Wire> all = {segment(0), segment(1)};
    for (Wire& wire : all) wire.flags |= flag;
    CHECK(groups(all) == Groups{{0}, {1}});
  }
}

TEST_CASE("coalesce: ECE must be on all or on none") {
  Wire with = {.flags = kAck | kEce};
  CHECK(groups({segment(0, with), segment(1, with)}) == Groups{{0, 1}});
  CHECK(groups({segment(0, with), segment(1)}) == Groups{{0}, {1}});
}

TEST_CASE("coalesce: reorder, gap, overlap and repetition break a run") {
  CHECK(groups({segment(1), segment(0), segment(2)}) == Groups{{0}, {1}, {2}});
  CHECK(groups({segment(0), segment(2), segment(3)}) == Groups{{0}, {1, 2}});
  CHECK(groups({segment(0), segment(0), segment(1)}) == Groups{{0}, {1, 2}});
  Wire overlap = segment(1);
  overlap.sequence -= 1;
  CHECK(groups({segment(0), overlap}) == Groups{{0}, {1}});
}

TEST_CASE("coalesce: sequence numbers may wrap") {
  const Wire wire = {.sequence = 0xffff'ffff - 150};
  CHECK(groups({segment(0, wire), segment(1, wire), segment(2, wire)}) == Groups{{0, 1, 2}});
}

TEST_CASE("coalesce: a shorter one ends the run, a longer one starts its own") {
  Wire shorter = segment(1);
  shorter.payload.resize(99);
  Wire next = segment(2);
  next.sequence -= 1;
  CHECK(groups({segment(0), shorter, next}) == Groups{{0, 1}, {2}});
  Wire longer = segment(1);
  longer.payload = pattern(101, 1);
  Wire behind = segment(2);
  behind.sequence += 1;
  CHECK(groups({segment(0), longer, behind}) == Groups{{0}, {1, 2}});
}

TEST_CASE("coalesce: segments without payload are never joined and break a run") {
  Wire empty = segment(1);
  empty.payload.clear();
  CHECK(groups({segment(0), empty, segment(1)}) == Groups{{0}, {1}, {2}});
  CHECK(groups({empty, empty}) == Groups{{0}, {1}});
}

TEST_CASE("coalesce: everything else in the headers must be the same") {
  using Change = void (*)(Wire&);
  const std::pair<const char*, Change> both[] = {
      {"source MAC and address", [](Wire& w) { w.from = 9; }},
      {"port", [](Wire& w) { ++w.from_port; }},
      {"TOS", [](Wire& w) { ++w.tos; }},
      {"TTL", [](Wire& w) { ++w.ttl; }},
      {"ack", [](Wire& w) { ++w.ack; }},
      {"window", [](Wire& w) { ++w.window; }},
      {"urgent pointer", [](Wire& w) { ++w.urgent; }},
      {"reserved bits", [](Wire& w) { w.reserved = 1; }},
      {"options", [](Wire& w) { w.tcp_options = time_stamps(2); }},
      {"length of options", [](Wire& w) { w.tcp_options = Octets(4, 1); }},
      {"tag", [](Wire& w) { w.tags = {0x8100}; }},
  };
  const std::pair<const char*, Change> four[] = {
      {"DF", [](Wire& w) { w.fragment ^= 0x4000; }},
      {"reserved fragment bit", [](Wire& w) { w.fragment |= 0x8000; }},
      {"IPv4 options", [](Wire& w) { w.ip_options = Octets(4, 1); }}};
  const std::pair<const char*, Change> six[] = {{"flow label", [](Wire& w) { ++w.flow_label; }}};
  const auto apart = [](bool v6, const char* what, Change change) {
    const Wire base = {.v6 = v6, .tcp_options = time_stamps(1)};
    std::vector<Wire> wires = {segment(0, base), segment(1, base)};
    REQUIRE(groups(wires) == Groups{{0, 1}});
    change(wires[1]);
    INFO(std::string(what), ", IPv6 ", v6);
    CHECK(groups(wires) == Groups{{0}, {1}});
  };
  for (const auto& [what, change] : both) apart(false, what, change), apart(true, what, change);
  for (const auto& [what, change] : four) apart(false, what, change);
  for (const auto& [what, change] : six) apart(true, what, change);
}

TEST_CASE("coalesce: other MACs break a run, but the flow's order is kept") {
  std::vector<Octets> frames;
  for (uint32_t i = 0; i < 3; ++i) frames.push_back(build(segment(i)));
  put_mac(frames[1].data() + 6, station(99));
  CHECK(join_frames(frames).groups() == Groups{{0}, {1}, {2}});
}

TEST_CASE("coalesce: identifications count up, or stay the same with DF, all along") {
  const auto ids = [](const std::vector<uint16_t>& values, uint16_t fragment) {
    std::vector<Wire> wires;
    for (uint32_t i = 0; i < values.size(); ++i) {
      wires.push_back(segment(i, {.fragment = fragment}));
      wires.back().id = values[i];
    }
    return groups(wires);
  };
  for (const uint16_t fragment : {0, 0x4000}) {
    CHECK(ids({5, 6, 7}, fragment) == Groups{{0, 1, 2}});
    CHECK(ids({0xfffe, 0xffff, 0, 1}, fragment) == Groups{{0, 1, 2, 3}});
    CHECK(ids({5, 7, 8}, fragment) == Groups{{0}, {1, 2}});
    CHECK(ids({5, 4}, fragment) == Groups{{0}, {1}});
  }
  CHECK(ids({5, 5, 5}, 0x4000) == Groups{{0, 1, 2}});
  CHECK(ids({0, 0, 0}, 0x4000) == Groups{{0, 1, 2}});
  CHECK(ids({5, 5}, 0) == Groups{{0}, {1}});
  CHECK(ids({5, 5, 6}, 0x4000) == Groups{{0, 1}, {2}});
  CHECK(ids({5, 6, 6}, 0x4000) == Groups{{0, 1}, {2}});
}

TEST_CASE("coalesce: IPv4 options and extension headers are never joined") {
  const Wire options = {.ip_options = Octets(4, 1)};
  CHECK(groups({segment(0, options), segment(1, options)}) == Groups{{0}, {1}});
  const Wire extension = {.v6 = true, .extensions = {60}};
  CHECK(groups({segment(0, extension), segment(1, extension)}) == Groups{{0}, {1}});
}

TEST_CASE("coalesce: a wrong checksum goes alone, as it is") {
  for (const bool v6 : {false, true}) {
    for (uint16_t bad = 0; bad < 3; ++bad) {
      auto frames = build_cut({.v6 = v6, .payload = pattern(300, 1)}, 100);
      frames[bad].back() ^= 1;
      const JoinBox joined = join_frames(frames);
      const Groups want[] = {{{0}, {1, 2}}, {{0}, {1}, {2}}, {{0, 1}, {2}}};
      CHECK(joined.groups() == want[bad]);
      CHECK(joined.units[bad == 2 ? 1 : bad].octets == frames[bad]);
    }
  }
  for (uint16_t bad = 0; bad < 2; ++bad) {
    auto frames = build_cut({.payload = pattern(200, 1)}, 100);
    frames[bad][14 + 10] ^= 1;  // of the IPv4 header
    CHECK(join_frames(frames).groups() == Groups{{0}, {1}});
  }
}

TEST_CASE("coalesce: a TCP checksum known to be good is not looked at, the IPv4 one is") {
  FrameBatch batch;
  for (Octets& frame : build_cut({.payload = pattern(300, 1)}, 100)) {
    frame[14 + 20 + 16] ^= 1;
    if (batch.size() == 2) frame[14 + 10] ^= 1;
    batch.append(frame, 0);
    batch.meta(static_cast<uint16_t>(batch.size() - 1)).flags = kChecksumGood;
  }
  CHECK(join_batch(batch).groups() == Groups{{0, 1}, {2}});
}

TEST_CASE("coalesce: unfinished checksums and super-frames pass as they are, in their flow's order") {
  FrameBatch batch;
  const auto frames = build_cut({.payload = pattern(600, 1)}, 100);
  for (const Octets& frame : frames) batch.append(frame, 0);
  batch.meta(2).flags = kChecksumUnfinished;
  const JoinBox joined = join_batch(batch);
  CHECK(joined.groups() == Groups{{0, 1}, {2}, {3, 4, 5}});

  const Wire whole = {.sequence = 1200, .payload = pattern(500, 2)};
  const Built built = build_parts(whole, false);
  FrameBatch mixed;
  mixed.append(frames[0], 0);
  mixed.append(frames[1], 0);
  mixed.append(built.frame, 0);
  REQUIRE(describe(mixed.meta(2), built.frame, claim_of(whole, built, 100)));
  mixed.append(frames[0], 0);
  CHECK(join_batch(mixed).groups() == Groups{{0, 1}, {2}, {3}});
}

TEST_CASE("coalesce: fragments and broken IP break all runs") {
  Wire fragment = {.udp = true, .from = 9, .fragment = 0x2000, .payload = pattern(64, 1)};
  CHECK(groups({segment(0), fragment, segment(1)}) == Groups{{0}, {1}, {2}});
  fragment.fragment = 0x0010;
  CHECK(groups({segment(0), fragment, segment(1)}) == Groups{{0}, {1}, {2}});
  const auto broken = [](const char* what, const Octets& between) {
    const std::vector<Octets> frames = {build(segment(0)), build(segment(0, kSix)), between,
                                        build(segment(1)), build(segment(1, kSix))};
    INFO(std::string(what));
    CHECK(join_frames(frames).groups() == Groups{{0}, {1}, {2}, {3}, {4}});
  };
  const auto changed = [](const Wire& wire, size_t at, uint8_t value) {
    Octets frame = build(segment(1, wire));
    frame[at] = value;
    return frame;
  };
  broken("IPv4 version", changed({}, 14, 0x65));
  broken("IPv4 header length", changed({}, 14, 0x44));
  broken("IPv4 header beyond the packet", [] {
    Octets frame = build({});
    frame[14] = 0x4f;
    return frame;
  }());
  broken("IPv4 length beyond the frame", changed({}, 16, 0xff));
  broken("IPv6 version", changed(kSix, 14, 0x45));
  broken("IPv6 length beyond the frame", changed(kSix, 18, 0xff));
  broken("IPv6 fragment", changed(kSix, 20, 44));
  broken("unknown IPv6 extension", changed({.v6 = true, .extensions = {60}}, 54, 135));
  broken("IPv6 extension beyond the packet", changed({.v6 = true, .extensions = {60}}, 55, 255));
  broken("TCP header shorter than any", changed({}, 14 + 20 + 12, 0x40));
  Octets longer = build({.payload = pattern(39, 1)});
  longer[14 + 20 + 12] = 0xf0;  // 60 octets, of which 59 are there
  broken("TCP header longer than there is", longer);
  Octets cut = build(segment(1));
  cut.resize(14 + 19);
  broken("cut off within IPv4", cut);
  cut = build(segment(1, kSix));
  cut.resize(14 + 39);
  broken("cut off within IPv6", cut);
  cut = build({});
  cut.resize(14 + 20 + 19);
  set16(cut, 16, 39);
  broken("cut off within TCP", cut);
}

TEST_CASE("coalesce: what is no IP, or not TCP, does not break a run") {
  const Octets arp = make_frame(station(1), station(2), 60);
  const Wire udp = {.udp = true, .payload = pattern(9, 1)};
  const std::vector<Octets> frames = {build(segment(0)), arp, build(udp), Octets(3), build(segment(1))};
  CHECK(join_frames(frames).groups() == Groups{{1}, {2}, {3}, {0, 4}});
}
