// IPv4 addresses as the helper reads and prints them. It speaks no other: neither do the kernels that call
// it.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ethercast::helper {

// In the order of the wire.
using Ipv4 = std::array<uint8_t, 4>;

// Four decimal numbers, without leading zeros (elsewhere those mean octal), and nothing else.
std::optional<Ipv4> parse_ipv4(std::string_view text) noexcept;
std::string text_of(const Ipv4& address);

constexpr uint32_t number_of(const Ipv4& address) noexcept {
  return uint32_t{address[0]} << 24 | uint32_t{address[1]} << 16 | uint32_t{address[2]} << 8 | address[3];
}

// One host's: not of this net (0/8), loopback (127/8), multicast, reserved or broadcast (224/3).
constexpr bool is_host(const Ipv4& address) noexcept {
  return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

// Ones, then zeros.
constexpr bool is_mask(const Ipv4& mask) noexcept {
  const uint32_t zeros = ~number_of(mask);
  return (zeros & (zeros + 1)) == 0;
}

}  // namespace ethercast::helper
