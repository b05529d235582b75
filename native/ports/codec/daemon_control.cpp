#include "ports/codec/daemon_control.h"

#include <algorithm>
#include <cstring>

namespace ethercast {

namespace {

constexpr uint16_t kAfUnix = 1;  // the same in every Linux ABI
constexpr size_t kFamily = sizeof(uint16_t);
// Version 3: magic, version, type. Version 1: magic, type, a MAC address; then the address in both.
constexpr size_t kVersionAt = 4;
constexpr size_t kTypeAt = 8;
constexpr size_t kAddressAt3 = 12;
constexpr size_t kAddressAt1 = 14;
// Of the type, the upper 24 bits are the number of the port that is wanted (VDE).
constexpr uint32_t kTypeBits = 8;
constexpr uint32_t kNewControl = 0;

uint32_t number_at(std::span<const uint8_t> octets, size_t at) noexcept {
  uint32_t number = 0;
  std::memcpy(&number, octets.data() + at, sizeof number);
  return number;
}

bool is_unix(std::span<const uint8_t> address) noexcept {
  uint16_t family = 0;
  std::memcpy(&family, address.data(), sizeof family);
  return family == kAfUnix;
}

// What follows the address, up to a NUL. UML's two octets of padding are whatever its memory held.
std::string printable(std::span<const uint8_t> octets) {
  std::string text;
  for (const uint8_t octet : octets) {
    if (octet == 0) break;
    if (octet < ' ' || octet > '~') return {};
    text.push_back(static_cast<char>(octet));
  }
  return text;
}

ParsedRequest fault(DaemonFault why) { return {why, {}}; }

ParsedRequest read(std::span<const uint8_t> octets, uint32_t version, uint32_t type, size_t address_at) {
  if ((type & ((1u << kTypeBits) - 1)) != kNewControl) return fault(DaemonFault::type);
  if (octets.size() >= address_at + kFamily && !is_unix(octets.subspan(address_at))) {
    return fault(DaemonFault::bad_address);
  }
  if (octets.size() < address_at + kDaemonAddress) return fault(DaemonFault::unfinished);
  ParsedRequest parsed;
  parsed.request.version = version;
  parsed.request.port = type >> kTypeBits;
  std::copy_n(octets.begin() + static_cast<ptrdiff_t>(address_at), kDaemonAddress,
              parsed.request.address.begin());
  if (octets.size() > kDaemonRequest) {
    parsed.request.description = printable(octets.subspan(kLeastDaemonRequest));
  }
  return parsed;
}

}  // namespace

const char* daemon_fault_text(DaemonFault fault) noexcept {
  switch (fault) {
    case DaemonFault::none:
      return "";
    case DaemonFault::unfinished:
      return "its request is not whole";
    case DaemonFault::no_magic:
      return "its request has no magic number: version 0, or no client of a switch";
    case DaemonFault::version:
      return "it speaks another version of the protocol than 1 and 3";
    case DaemonFault::type:
      return "it asks for something else than a port";
    case DaemonFault::bad_address:
      return "its data socket is no Unix socket";
  }
  return "";
}

std::optional<std::string> daemon_path(const DaemonAddress& address) {
  if (address[kFamily] == 0) return std::nullopt;
  const auto* const path = reinterpret_cast<const char*>(address.data() + kFamily);
  return std::string(path, strnlen(path, kDaemonAddress - kFamily));
}

ParsedRequest parse_daemon_request(std::span<const uint8_t> octets) {
  const size_t magic_octets = std::min(octets.size(), sizeof kDaemonMagic);
  if (magic_octets != 0 && std::memcmp(octets.data(), &kDaemonMagic, magic_octets) != 0) {
    return fault(DaemonFault::no_magic);
  }
  if (octets.size() < kTypeAt) return fault(DaemonFault::unfinished);
  const uint32_t version = number_at(octets, kVersionAt);
  // Version 1 has its type where the later ones have their number, and there is no type 2 or 3.
  if (version < 2) return read(octets, 1, version, kAddressAt1);
  if (version != kDaemonVersion) return fault(DaemonFault::version);
  if (octets.size() < kAddressAt3) return fault(DaemonFault::unfinished);
  return read(octets, version, number_at(octets, kTypeAt), kAddressAt3);
}

std::array<uint8_t, kDaemonRequest> build_daemon_request(const DaemonAddress& address) noexcept {
  std::array<uint8_t, kDaemonRequest> request{};
  std::memcpy(request.data(), &kDaemonMagic, sizeof kDaemonMagic);
  std::memcpy(request.data() + kVersionAt, &kDaemonVersion, sizeof kDaemonVersion);
  std::memcpy(request.data() + kTypeAt, &kNewControl, sizeof kNewControl);
  std::copy(address.begin(), address.end(), request.begin() + kAddressAt3);
  return request;
}

std::optional<DaemonAddress> parse_daemon_reply(std::span<const uint8_t, kDaemonAddress> octets) noexcept {
  if (!is_unix(octets)) return std::nullopt;
  DaemonAddress address;
  std::copy(octets.begin(), octets.end(), address.begin());
  // Without any name it would be the kernel's own empty one, which nobody has.
  const bool is_empty =
      std::all_of(address.begin() + kFamily, address.end(), [](uint8_t o) { return o == 0; });
  if (is_empty) return std::nullopt;
  return address;
}

DaemonAddress abstract_daemon_address(const std::string& name) noexcept {
  DaemonAddress address{};
  std::memcpy(address.data(), &kAfUnix, sizeof kAfUnix);
  const size_t room = kDaemonAddress - kFamily - 1;
  std::copy_n(name.begin(), std::min(name.size(), room), address.begin() + kFamily + 1);
  return address;
}

bool same_daemon_address(const DaemonAddress& peer, std::span<const uint8_t> sender) noexcept {
  if (sender.size() <= kFamily || sender.size() > kDaemonAddress) return false;
  if (!std::equal(sender.begin(), sender.begin() + kFamily, peer.begin())) return false;
  // An abstract name is as long as it is; a path ends at its NUL, and the kernel gives no more than that.
  if (peer[kFamily] == 0) {
    return sender.size() == kDaemonAddress && std::equal(sender.begin(), sender.end(), peer.begin());
  }
  const auto* const one = reinterpret_cast<const char*>(peer.data() + kFamily);
  const auto* const other = reinterpret_cast<const char*>(sender.data() + kFamily);
  const size_t length = strnlen(one, kDaemonAddress - kFamily);
  return length == strnlen(other, sender.size() - kFamily) && std::memcmp(one, other, length) == 0;
}

}  // namespace ethercast
