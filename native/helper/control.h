// What a UML kernel says over the control channel of ethertap while its device is up: that the guest's
// address has changed. Pure: octets in, messages out. Source: Linux,
// arch/um/os-Linux/drivers/ethertap_user.c.
//
//   int32 what (0: added, 1: gone; the caller's own byte order), 4 octets of address, from version 4 on 4 of
//   mask
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/result.h"
#include "helper/address.h"

namespace ethercast::helper {

struct AddressChange {
  bool added = false;
  Ipv4 guest{};
  std::optional<Ipv4> mask;
};

// Takes a stream in pieces of any size, and gives the messages in it, each checked.
class ControlDecoder {
 public:
  static constexpr size_t kWithMask = 12, kWithoutMask = 8;

  // Precondition: one of the two above.
  explicit ControlDecoder(size_t message_octets) noexcept : length_(message_octets) {}

  // Takes octets from the front until a message is complete. None: all are taken.
  std::optional<Result<AddressChange>> next(std::span<const uint8_t>& octets);

 private:
  Result<AddressChange> read() const;

  const size_t length_;
  size_t have_ = 0;
  std::array<uint8_t, kWithMask> message_{};
};

}  // namespace ethercast::helper
