// SLIP: what goes on the line, and what comes of a line, however it is cut into pieces.
#include "core/slip.h"

#include <doctest/doctest.h>

#include <vector>

#include "test/support/random.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

using Octets = std::vector<uint8_t>;
constexpr uint8_t kEnd = 0xc0, kEsc = 0xdb, kEscEnd = 0xdc, kEscEsc = 0xdd;

Octets encoded(const Octets& packet) {
  Octets line(slip::most_on_line(packet.size()));
  line.resize(slip::encode(packet, line));
  return line;
}

std::vector<Octets> decoded(SlipDecoder& decoder, std::span<const uint8_t> line) {
  std::vector<Octets> packets;
  while (decoder.next(line)) packets.emplace_back(decoder.packet().begin(), decoder.packet().end());
  CHECK(line.empty());
  return packets;
}

// RFC 1055's octets, most of them those that matter.
Octets random_line(Random& random, size_t length) {
  constexpr uint8_t kSpecial[] = {kEnd, kEsc, kEscEnd, kEscEsc};
  Octets line(length);
  for (uint8_t& octet : line)
    octet = random.one_in(3) ? kSpecial[random.below(4)] : static_cast<uint8_t>(random.word());
  return line;
}

}  // namespace

TEST_CASE("slip: an END on either side, and two octets for each END or ESC") {
  CHECK(encoded({0x45, 0, 1}) == Octets{kEnd, 0x45, 0, 1, kEnd});
  CHECK(encoded({kEnd, 7, kEsc}) == Octets{kEnd, kEsc, kEscEnd, 7, kEsc, kEscEsc, kEnd});
  CHECK(encoded({kEscEnd, kEscEsc}) == Octets{kEnd, kEscEnd, kEscEsc, kEnd});
  CHECK(encoded({}) == Octets{kEnd, kEnd});
  CHECK(encoded(Octets(1500, kEnd)).size() == slip::most_on_line(1500));
  CHECK(slip::most_on_line(1500) == 3002);  // UML's ENC_BUF_SIZE
}

TEST_CASE("slip: empty packets are none, and a packet needs no END before it") {
  SlipDecoder decoder(100);
  CHECK(decoded(decoder, Octets{kEnd, kEnd, kEnd}).empty());
  CHECK(decoded(decoder, Octets{1, 2, kEnd, 3, kEnd, kEnd, 4, kEnd}) ==
        std::vector<Octets>{{1, 2}, {3}, {4}});
  CHECK(decoder.overlong() == 0);
  CHECK(decoder.bad_escapes() == 0);
}

TEST_CASE("slip: an ESC before anything but its codes is left out, and counted") {
  SlipDecoder decoder(100);
  CHECK(decoded(decoder, Octets{1, kEsc, 'x', 2, kEnd}) == std::vector<Octets>{{1, 'x', 2}});
  CHECK(decoder.bad_escapes() == 1);
  CHECK(decoded(decoder, Octets{1, kEsc, kEsc, kEscEnd, 2, kEnd}) == std::vector<Octets>{{1, kEnd, 2}});
  CHECK(decoder.bad_escapes() == 2);
  // An END ends, whatever stood before it; the next packet starts afresh.
  CHECK(decoded(decoder, Octets{1, kEsc, kEnd, kEscEnd, kEnd}) == std::vector<Octets>{{1}, {kEscEnd}});
  CHECK(decoder.bad_escapes() == 3);
}

TEST_CASE("slip: what is longer than the longest is dropped up to its END, and counted once") {
  SlipDecoder decoder(4);
  CHECK(decoded(decoder, Octets{1, 2, 3, 4, kEnd}) == std::vector<Octets>{{1, 2, 3, 4}});
  CHECK(decoded(decoder, Octets{1, 2, 3, 4, 5, kEnd, 6, kEnd}) == std::vector<Octets>{{6}});
  CHECK(decoder.overlong() == 1);
  // It is the packet's length that counts, not the line's.
  CHECK(decoded(decoder, encoded(Octets(4, kEsc))) == std::vector<Octets>{Octets(4, kEsc)});
  for (int i = 0; i < 1000; ++i) CHECK(decoded(decoder, Octets(1000, 0x11)).empty());
  CHECK(decoder.overlong() == 2);
  CHECK(decoded(decoder, Octets{kEnd, 9, kEnd}) == std::vector<Octets>{{9}});
}

TEST_CASE("slip: after a reset nothing is left of a packet begun") {
  SlipDecoder decoder(4);
  CHECK(decoded(decoder, Octets{1, 2, kEsc}).empty());
  decoder.reset();
  CHECK(decoded(decoder, Octets{kEscEnd, kEnd}) == std::vector<Octets>{{kEscEnd}});
  CHECK(decoded(decoder, Octets(9, 1)).empty());
  decoder.reset();
  CHECK(decoded(decoder, Octets{3, kEnd}) == std::vector<Octets>{{3}});
}

TEST_CASE("slip: packets come back as they went in, however the line is cut") {
  Random random(1055);
  for (int round = 0; round < 300; ++round) {
    std::vector<Octets> packets;
    Octets line;
    const uint32_t count = 1 + random.below(10);
    for (uint32_t i = 0; i < count; ++i) {
      packets.push_back(random_line(random, 1 + random.below(200)));
      const Octets piece = encoded(packets.back());
      line.insert(line.end(), piece.begin(), piece.end());
    }
    SlipDecoder decoder(200);
    std::vector<Octets> got;
    for (size_t at = 0; at < line.size();) {
      const size_t piece = std::min<size_t>(1 + random.below(50), line.size() - at);
      for (Octets& packet : decoded(decoder, std::span(line).subspan(at, piece)))
        got.push_back(std::move(packet));
      at += piece;
    }
    CHECK(got == packets);
    CHECK(decoder.bad_escapes() == 0);
    CHECK(decoder.overlong() == 0);
  }
}

TEST_CASE("slip: of any octets comes the same at once as one by one, in bounded packets") {
  Random random(2055);
  for (int round = 0; round < 500; ++round) {
    const Octets line = random_line(random, random.below(400));
    SlipDecoder whole(20), single(20);
    const auto packets = decoded(whole, line);
    std::vector<Octets> one_by_one;
    for (const uint8_t octet : line) {
      for (Octets& packet : decoded(single, {&octet, 1})) one_by_one.push_back(std::move(packet));
    }
    CHECK(one_by_one == packets);
    CHECK(single.overlong() == whole.overlong());
    CHECK(single.bad_escapes() == whole.bad_escapes());
    for (const Octets& packet : packets) CHECK((packet.size() >= 1 && packet.size() <= 20));
  }
}
