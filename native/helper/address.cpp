#include "helper/address.h"

#include <charconv>

namespace ethercast::helper {

std::optional<Ipv4> parse_ipv4(std::string_view text) noexcept {
  Ipv4 address{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (size_t i = 0; i < address.size(); ++i) {
    if (i != 0 && (at == end || *at++ != '.')) return std::nullopt;
    const char* const first = at;
    const auto [stopped, problem] = std::from_chars(at, end, address[i]);
    if (problem != std::errc() || (*first == '0' && stopped - first > 1)) return std::nullopt;
    at = stopped;
  }
  if (at != end) return std::nullopt;
  return address;
}

std::string text_of(const Ipv4& address) {
  std::string text;
  for (const uint8_t octet : address) {
    if (!text.empty()) text += '.';
    text += std::to_string(octet);
  }
  return text;
}

}  // namespace ethercast::helper
