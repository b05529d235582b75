#include "core/mss.h"

#include "core/checksum.h"

namespace ethercast {

namespace {
// TCP options (RFC 9293 section 3.1).
constexpr uint8_t kEndOfOptions = 0, kNoOperation = 1, kMaximumSegmentSize = 2;
constexpr uint32_t kMssOption = 4;  // octets: kind, length, value

// Octets from the destination MAC to the value of the MSS option; 0: there is none.
uint32_t find_mss(std::span<const uint8_t> frame, uint32_t option, uint32_t end) noexcept {
  while (option + kMssOption <= end) {
    const uint8_t kind = frame[option];
    if (kind == kEndOfOptions) return 0;
    if (kind == kNoOperation) {
      ++option;
      continue;
    }
    const uint8_t length = frame[option + 1];
    if (length < 2) return 0;
    if (kind == kMaximumSegmentSize) return length == kMssOption ? option + 2 : 0;
    option += length;
  }
  return 0;
}

constexpr uint16_t swapped(uint16_t word) noexcept { return __builtin_bswap16(word); }
}  // namespace

bool lower_mss(std::span<uint8_t> frame, MssLimit limit, bool checksum_unfinished) noexcept {
  Packet packet;
  if (parse_packet(frame, packet) != Parsed::ip || packet.fragment || packet.protocol != kProtocolTcp)
    return false;
  const uint32_t header = tcp_header_length(frame, packet);
  uint8_t* const transport = frame.data() + packet.transport;
  if (header == 0 || (transport[tcp::kFlags] & tcp::kSyn) == 0) return false;
  const uint32_t value = find_mss(frame, packet.transport + tcp::kHeader, packet.transport + header);
  if (value == 0) return false;
  const uint32_t tags = limit.untagged ? packet.ip - kEtherHeader : 0;
  const uint16_t room = packet.v6 ? limit.v6 : limit.v4;
  const uint16_t most = room > tags ? static_cast<uint16_t>(room - tags) : uint16_t{1};
  if (read_be16(frame.data() + value) <= most) return false;

  const uint16_t before = load16(frame.data() + value);
  write_be16(frame.data() + value, most);
  const uint16_t after = load16(frame.data() + value);
  if (checksum_unfinished) return true;
  // Behind an odd number of NOPs the value lies across two words of the sum, each octet in the other's place.
  const bool odd = ((value - packet.transport) & 1) != 0;
  const uint16_t checksum = load16(transport + tcp::kChecksum);
  store16(transport + tcp::kChecksum, odd ? update_checksum(checksum, swapped(before), swapped(after))
                                          : update_checksum(checksum, before, after));
  return true;
}

}  // namespace ethercast
