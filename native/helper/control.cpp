#include "helper/control.h"

#include <algorithm>
#include <cstring>

namespace ethercast::helper {

namespace {
constexpr int32_t kAdded = 0, kGone = 1;

Ipv4 address_at(const uint8_t* octets) noexcept { return {octets[0], octets[1], octets[2], octets[3]}; }
}  // namespace

std::optional<Result<AddressChange>> ControlDecoder::next(std::span<const uint8_t>& octets) {
  const size_t take = std::min(length_ - have_, octets.size());
  std::copy_n(octets.begin(), take, message_.begin() + static_cast<std::ptrdiff_t>(have_));
  octets = octets.subspan(take);
  have_ += take;
  if (have_ < length_) return std::nullopt;
  have_ = 0;
  return read();
}

Result<AddressChange> ControlDecoder::read() const {
  int32_t what = 0;
  std::memcpy(&what, message_.data(), sizeof what);
  if (what != kAdded && what != kGone) {
    return Error::of(Errc::field, "a change of kind " + std::to_string(what) +
                                      " is unknown: allowed are 0 (an address was added) and 1 (it is gone)");
  }
  AddressChange change;
  change.added = what == kAdded;
  change.guest = address_at(message_.data() + 4);
  if (length_ == kWithMask) change.mask = address_at(message_.data() + 8);
  if (!is_host(change.guest)) {
    return Error::of(Errc::field, "the guest's address " + text_of(change.guest) +
                                      " is not one host's: nothing was changed for it");
  }
  if (change.mask && !is_mask(*change.mask)) {
    return Error::of(Errc::field, "the guest's netmask " + text_of(*change.mask) +
                                      " has holes: allowed are ones, then zeros, as in 255.255.255.0");
  }
  return change;
}

}  // namespace ethercast::helper
