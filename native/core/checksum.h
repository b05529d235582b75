// The Internet checksum (RFC 1071) and its incremental update (RFC 1624).
#pragma once

#include <cstdint>
#include <span>

namespace ethercast {

// The one's complement sum of 16-bit words as they lie in memory, folded to 16 bits, on top of `initial`. In
// the host's byte order: store it as it is. An odd last octet counts as if a zero followed. Sums of parts add
// up as long as every part but the last is of even length.
uint16_t ones_sum(std::span<const uint8_t> octets, uint32_t initial = 0) noexcept;

// The same without vector instructions: what it comes to on machines that lack them. For tests and benches.
uint16_t ones_sum_portable(std::span<const uint8_t> octets, uint32_t initial = 0) noexcept;

constexpr uint16_t fold_sum(uint64_t sum) noexcept {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

// The sum of the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1) for an IP header of version 4
// or 6. `protocol`: 6 or 17; `length`: octets of the TCP or UDP header and payload.
uint16_t pseudo_sum(const uint8_t* ip, bool v6, uint8_t protocol, uint32_t length) noexcept;

// The checksum field's new value after a 16-bit word under it has changed (RFC 1624, equation 3). All in the
// order of memory.
uint16_t update_checksum(uint16_t checksum, uint16_t before, uint16_t after) noexcept;

}  // namespace ethercast
