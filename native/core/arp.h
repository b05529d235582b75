// ARP for IPv4 over Ethernet (RFC 826), and what RFC 5227 calls probes and announcements. IPv4 addresses are
// numbers here, the first octet the most significant. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/ether.h"

namespace ethercast {

constexpr uint16_t kEtherTypeArp = 0x0806;
constexpr uint32_t kArpFrame = kEtherHeader + 28;  // octets; hosts may pad it

struct ArpMessage {
  bool request = true;  // else a reply
  Mac sender_mac = 0;
  uint32_t sender_ip = 0;  // 0: a probe, of somebody who has no address yet
  Mac target_mac = 0;
  uint32_t target_ip = 0;

  bool is_announcement() const noexcept { return sender_ip == target_ip; }
};

// Of a whole frame. Empty: no ARP for IPv4 over Ethernet, too short, or sent by a group address.
std::optional<ArpMessage> read_arp(std::span<const uint8_t> frame) noexcept;

std::array<uint8_t, kArpFrame> arp_frame(Mac to, const ArpMessage& message) noexcept;

}  // namespace ethercast
