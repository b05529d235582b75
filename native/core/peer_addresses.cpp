#include "core/peer_addresses.h"

#include <algorithm>

namespace ethercast {

const PeerAddresses::Entry* PeerAddresses::find(uint32_t address) const noexcept {
  for (const Entry& entry : entries_) {
    if (entry.address == address) return &entry;
  }
  return nullptr;
}

PeerAddresses::Heard PeerAddresses::hear(uint32_t address, uint64_t now_ns) noexcept {
  if (auto* entry = const_cast<Entry*>(find(address)); entry != nullptr) {
    if (entry->is_disputed(now_ns)) return Heard::disputed;
    const bool anew = entry->disputed_ns != 0 || entry->is_over(now_ns);
    *entry = {address, now_ns, 0};
    return anew ? Heard::learned : Heard::known;
  }
  if (entries_.size() == kMost) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.is_over(now_ns); });
    if (entries_.size() == kMost) return Heard::no_room;
  }
  entries_.push_back({address, now_ns, 0});
  return Heard::learned;
}

bool PeerAddresses::has(uint32_t address, uint64_t now_ns) const noexcept {
  const Entry* entry = find(address);
  return entry != nullptr && !entry->is_disputed(now_ns) && now_ns - entry->heard_ns < kLife_ns;
}

bool PeerAddresses::dispute(uint32_t address, uint64_t now_ns) noexcept {
  auto* entry = const_cast<Entry*>(find(address));
  if (entry == nullptr) return false;
  const bool had = !entry->is_disputed(now_ns) && !entry->is_over(now_ns);
  entry->disputed_ns = now_ns;
  return had;
}

}  // namespace ethercast
