#include "core/mac_table.h"

#include <bit>

namespace ethercast {

MacTable::MacTable(uint32_t capacity, uint64_t ageing_ns, uint64_t seed)
    : capacity_(capacity), ageing_ns_(ageing_ns), seed_(seed | 1) {
  // At most three quarters full keeps probe runs short.
  const uint64_t slots = std::bit_ceil(static_cast<uint64_t>(capacity) * 4 / 3 + 1);
  mask_ = slots - 1;
  slots_.resize(slots);
  spare_.resize(slots);
}

uint64_t MacTable::slot_of(StationKey key) const noexcept {
  // Multiply, fold, multiply (as in wyhash): every bit of the key and of the seed reaches the low bits.
  const auto product = static_cast<unsigned __int128>(key ^ seed_) * 0x9e3779b97f4a7c15ULL;
  const uint64_t folded = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  const auto again = static_cast<unsigned __int128>(folded ^ 0xd6e8feb86659fd93ULL) * seed_;
  return (static_cast<uint64_t>(again) ^ static_cast<uint64_t>(again >> 64)) & mask_;
}

const MacTable::Entry* MacTable::find(StationKey key, uint64_t now_ns) const noexcept {
  for (uint64_t slot = slot_of(key);; slot = (slot + 1) & mask_) {
    const Entry& entry = slots_[slot];
    if (entry.key == key) return expired(entry, now_ns) ? nullptr : &entry;
    if (entry.key == kFree) return nullptr;
  }
}

MacTable::Entry* MacTable::touch(StationKey key, uint64_t now_ns) noexcept {
  for (int attempt = 0; attempt < 2; ++attempt) {
    uint64_t slot = slot_of(key);
    while (slots_[slot].key != key && slots_[slot].key != kFree) slot = (slot + 1) & mask_;
    Entry& entry = slots_[slot];
    if (entry.key == key) {
      if (expired(entry, now_ns)) entry = Entry{.key = key};
      entry.seen_ns = now_ns;
      return &entry;
    }
    if (size_ < capacity_) {
      entry = Entry{.key = key, .seen_ns = now_ns};
      ++size_;
      return &entry;
    }
    if (reclaimed_ns_ != 0 && now_ns - reclaimed_ns_ < kReclaimInterval_ns) return nullptr;
    reclaimed_ns_ = now_ns;
    rebuild_without([&](const Entry& old) { return expired(old, now_ns); });
  }
  return nullptr;
}

void MacTable::forget_port(PortId port) noexcept {
  rebuild_without([port](const Entry& entry) { return entry.port == port; });
  for (Entry& entry : slots_) {
    if (entry.previous == port) entry.previous = kNoPort, entry.flaps = 0;
  }
}

template <typename Unwanted>
void MacTable::rebuild_without(Unwanted&& unwanted) noexcept {
  slots_.swap(spare_);
  for (Entry& entry : slots_) entry = Entry{};
  size_ = 0;
  for (const Entry& entry : spare_) {
    if (entry.key == kFree || unwanted(entry)) continue;
    uint64_t slot = slot_of(entry.key);
    while (slots_[slot].key != kFree) slot = (slot + 1) & mask_;
    slots_[slot] = entry;
    ++size_;
  }
}

}  // namespace ethercast
