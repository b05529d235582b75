#include "core/arp.h"

#include "core/packet.h"

namespace ethercast {

namespace {
constexpr uint16_t kEthernet = 1;  // hardware type
constexpr uint16_t kRequest = 1, kReply = 2;
constexpr uint16_t kLengths = 0x0604;  // octets of a MAC and of an IPv4 address
// From the start of the frame.
constexpr uint32_t kHardware = kEtherHeader, kProtocol = kHardware + 2, kSizes = kHardware + 4,
                   kOperation = kHardware + 6, kSenderMac = kHardware + 8, kSenderIp = kHardware + 14,
                   kTargetMac = kHardware + 18, kTargetIp = kHardware + 24;
}  // namespace

std::optional<ArpMessage> read_arp(std::span<const uint8_t> frame) noexcept {
  if (frame.size() < kArpFrame || ether_type(frame.data()) != kEtherTypeArp) return std::nullopt;
  const uint8_t* at = frame.data();
  if (read_be16(at + kHardware) != kEthernet || read_be16(at + kProtocol) != kEtherTypeIpv4 ||
      read_be16(at + kSizes) != kLengths) {
    return std::nullopt;
  }
  const uint16_t operation = read_be16(at + kOperation);
  if (operation != kRequest && operation != kReply) return std::nullopt;
  ArpMessage message;
  message.request = operation == kRequest;
  message.sender_mac = read_mac(at + kSenderMac);
  message.sender_ip = read_be32(at + kSenderIp);
  message.target_mac = read_mac(at + kTargetMac);
  message.target_ip = read_be32(at + kTargetIp);
  if (!is_individual(message.sender_mac)) return std::nullopt;
  return message;
}

std::array<uint8_t, kArpFrame> arp_frame(Mac to, const ArpMessage& message) noexcept {
  std::array<uint8_t, kArpFrame> frame;
  uint8_t* at = frame.data();
  write_mac(at, to);
  write_mac(at + 6, message.sender_mac);
  write_be16(at + 12, kEtherTypeArp);
  write_be16(at + kHardware, kEthernet);
  write_be16(at + kProtocol, kEtherTypeIpv4);
  write_be16(at + kSizes, kLengths);
  write_be16(at + kOperation, message.request ? kRequest : kReply);
  write_mac(at + kSenderMac, message.sender_mac);
  write_be32(at + kSenderIp, message.sender_ip);
  write_mac(at + kTargetMac, message.target_mac);
  write_be32(at + kTargetIp, message.target_ip);
  return frame;
}

}  // namespace ethercast
