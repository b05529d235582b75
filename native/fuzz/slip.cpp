// A serial line's octets in pieces, as a hostile peer sends them: every packet is within the bound and never
// empty, and none depends on where the line was cut. What was decoded comes back when sent again.
#include "core/slip.h"

#include <vector>

#include "fuzz/input.h"

using namespace ethercast;
using namespace ethercast::fuzz;

namespace {

using Packets = std::vector<std::vector<uint8_t>>;

void take(SlipDecoder& decoder, std::span<const uint8_t> line, size_t longest, Packets& packets) {
  while (decoder.next(line)) {
    const auto packet = decoder.packet();
    ETHERCAST_MUST(!packet.empty() && packet.size() <= longest);
    packets.emplace_back(packet.begin(), packet.end());
  }
  ETHERCAST_MUST(line.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  const size_t longest = input.octet() + size_t{1};
  const uint8_t cut = input.octet();
  const auto line = input.run(size);

  Packets whole, pieces;
  SlipDecoder at_once(longest), in_pieces(longest);
  take(at_once, line, longest, whole);
  for (size_t at = 0; at < line.size();) {
    const size_t length = std::min<size_t>((at * 7 + cut) % 16 + 1, line.size() - at);
    take(in_pieces, line.subspan(at, length), longest, pieces);
    at += length;
  }
  ETHERCAST_MUST(whole == pieces);
  ETHERCAST_MUST(at_once.overlong() == in_pieces.overlong());
  ETHERCAST_MUST(at_once.bad_escapes() == in_pieces.bad_escapes());

  Packets again;
  SlipDecoder echo(longest);
  for (const auto& packet : whole) {
    std::vector<uint8_t> sent(slip::most_on_line(packet.size()));
    sent.resize(slip::encode(packet, sent));
    take(echo, sent, longest, again);
  }
  ETHERCAST_MUST(again == whole && echo.overlong() == 0 && echo.bad_escapes() == 0);
  return 0;
}
