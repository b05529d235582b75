// The virtio-net header: what is read of one, and what is written for a frame.
#include "ports/codec/vnet_header.h"

#include <doctest/doctest.h>

#include <array>
#include <cstring>

#include "test/support/frames.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

// As VIRTIO 1.2, 5.1.6 lays it out.
struct Raw {
  uint8_t flags, gso_type;
  uint16_t hdr_len, gso_size, csum_start, csum_offset;
};
static_assert(sizeof(Raw) == kVnetHeader);

std::optional<OffloadClaim> read(const Raw& raw, size_t length = kVnetHeader) {
  std::array<uint8_t, 64> octets{};
  std::memcpy(octets.data(), &raw, sizeof raw);
  return read_vnet_header({octets.data(), length});
}

Raw write(const FrameMeta& meta, const Octets& frame) {
  std::array<uint8_t, kVnetHeader> octets;
  octets.fill(0xee);
  write_vnet_header(meta, frame.data(), octets);
  Raw raw;
  std::memcpy(&raw, octets.data(), sizeof raw);
  return raw;
}

FrameMeta super(GsoType type) {
  FrameMeta meta;
  meta.length = 3000;
  meta.flags = kChecksumUnfinished;
  meta.gso_size = 1000;
  meta.gso_type = type;
  meta.csum_start = 34;
  meta.csum_offset = type == GsoType::udp ? 6 : 16;
  meta.header_length = type == GsoType::udp ? 42 : 66;
  return meta;
}

}  // namespace

TEST_CASE("vnet header: what each says") {
  const auto nothing = read({0, 0, 0, 0, 0, 0});
  REQUIRE(nothing);
  CHECK_FALSE(nothing->needs_checksum);
  CHECK_FALSE(nothing->checksum_good);
  CHECK(nothing->gso_type == GsoType::none);

  const auto partial = read({1, 0, 0, 0, 34, 16});
  REQUIRE(partial);
  CHECK(partial->needs_checksum);
  CHECK(partial->csum_start == 34);
  CHECK(partial->csum_offset == 16);

  const auto valid = read({2, 0, 0, 0, 0, 0});
  REQUIRE(valid);
  CHECK(valid->checksum_good);
  CHECK_FALSE(valid->needs_checksum);

  const std::pair<uint8_t, GsoType> kinds[] = {{1, GsoType::tcp4},
                                               {0x81, GsoType::tcp4},
                                               {4, GsoType::tcp6},
                                               {0x84, GsoType::tcp6},
                                               {5, GsoType::udp}};
  for (const auto& [number, type] : kinds) {
    CAPTURE(number);
    const auto claim = read({1, number, 66, 1448, 34, 16});
    REQUIRE(claim);
    CHECK(claim->gso_type == type);
    CHECK(claim->gso_size == 1448);
  }
}

TEST_CASE("vnet header: a length of 12 or more says no more, one below 10 nothing") {
  for (const size_t length : {10, 11, 12, 20, 64})
    CHECK(read({1, 1, 66, 1448, 34, 16}, length)->gso_size == 1448);
  for (const size_t length : {0, 1, 9}) CHECK_FALSE(read({0, 0, 0, 0, 0, 0}, length));
}

TEST_CASE("vnet header: a segment size without a kind is nothing, as the kernel has it") {
  const auto claim = read({0, 0, 0, 1448, 0, 0});
  REQUIRE(claim);
  CHECK(claim->gso_size == 0);
}

TEST_CASE("vnet header: kinds that are unknown or were given up are refused") {
  for (int number = 0; number < 256; ++number) {
    const bool known =
        number == 0 || number == 1 || number == 4 || number == 5 || number == 0x81 || number == 0x84;
    CAPTURE(number);
    CHECK(read({1, static_cast<uint8_t>(number), 66, 1448, 34, 16}).has_value() == known);
  }
}

TEST_CASE("vnet header: unknown flags are ignored (VIRTIO 1.2, 5.1.6.4.2)") {
  const auto claim = read({0xfc, 0, 0, 0, 0, 0});
  REQUIRE(claim);
  CHECK_FALSE(claim->needs_checksum);
  CHECK_FALSE(claim->checksum_good);
}

TEST_CASE("vnet header: written for ordinary frames") {
  const Octets frame = make_frame(kBroadcastMac, station(1), 100);
  FrameMeta meta;
  meta.length = 100;
  Raw raw = write(meta, frame);
  CHECK(std::memcmp(&raw, "\0\0\0\0\0\0\0\0\0\0", sizeof raw) == 0);

  meta.flags = kChecksumGood;
  CHECK(write(meta, frame).flags == 2);

  meta.flags = kChecksumUnfinished | kChecksumGood;
  meta.csum_start = 34, meta.csum_offset = 16;
  raw = write(meta, frame);
  CHECK(raw.flags == 1);
  CHECK(raw.gso_type == 0);
  CHECK(raw.csum_start == 34);
  CHECK(raw.csum_offset == 16);
}

TEST_CASE("vnet header: written for super-frames, with the length that the kernel must have in one piece") {
  Octets frame = make_frame(kBroadcastMac, station(1), 3000);
  frame[34 + 13] = 0x10;
  for (const auto& [type, number] : {std::pair{GsoType::tcp4, 1}, {GsoType::tcp6, 4}, {GsoType::udp, 5}}) {
    CAPTURE(number);
    const FrameMeta meta = super(type);
    const Raw raw = write(meta, frame);
    CHECK(raw.flags == 1);
    CHECK(raw.gso_type == number);
    CHECK(raw.gso_size == 1000);
    CHECK(raw.hdr_len == meta.header_length);
    CHECK(raw.csum_offset == meta.csum_offset);
  }
}

TEST_CASE("vnet header: CWR needs the ECN bit, in TCP alone") {
  Octets frame = make_frame(kBroadcastMac, station(1), 3000);
  frame[34 + 13] = 0x90;
  CHECK(write(super(GsoType::tcp4), frame).gso_type == 0x81);
  CHECK(write(super(GsoType::tcp6), frame).gso_type == 0x84);
  CHECK(write(super(GsoType::udp), frame).gso_type == 5);
}
