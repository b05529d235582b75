#include "core/mac_table.h"

#include <bit>
#include <utility>

namespace ethercast {

MacTable::MacTable(uint32_t capacity, uint64_t ageing_ns, uint64_t seed, uint32_t port_limit)
    : capacity_(capacity), ageing_ns_(ageing_ns), seed_(seed | 1), port_limit_(port_limit) {
  // At most three quarters full keeps probe runs short.
  const uint64_t slots = std::bit_ceil(static_cast<uint64_t>(capacity) * 4 / 3 + 1);
  mask_ = static_cast<uint32_t>(slots - 1);
  slots_.resize(slots);
  spare_.resize(slots);
}

void MacTable::add_port(PortId port) {
  if (learned_.size() <= port) learned_.resize(port + 1u);
}

// `entry`: the station's own, or the free slot for it.
bool MacTable::has_room(const Entry& entry, StationKey key, PortId port) const noexcept {
  if (entry.key != key && size_ == capacity_) return false;
  // An expired entry is in nobody's way but where it is replaced.
  const uint32_t own = entry.key == key && entry.port == port ? 1 : 0;
  return port_limit_ == 0 || learned_[port] - own < port_limit_;
}

void MacTable::uncount(const Entry& entry) noexcept {
  if (entry.key != kFree && !entry.pinned()) --learned_[entry.port];
}

MacTable::Entry* MacTable::learn_anew(StationKey key, PortId port, uint64_t now_ns) noexcept {
  for (bool reclaimed = false;; reclaimed = true) {
    Entry& entry = slots_[seek(key)];
    const bool alive = entry.key == key && !expired(entry, now_ns);
    if (alive && (entry.port == port || entry.pinned())) {
      if (!entry.pinned()) entry.seen_ns = now_ns;
      return &entry;
    }
    if (has_room(entry, key, port)) {
      uncount(entry);
      if (entry.key != key) ++size_;
      if (!alive) entry = Entry{.key = key};
      entry.port = port;
      entry.seen_ns = now_ns;
      ++learned_[port];
      return &entry;
    }
    if (reclaimed || !reclaim(now_ns)) return alive ? &entry : nullptr;
  }
}

bool MacTable::reclaim(uint64_t now_ns) noexcept {
  if (reclaimed_ns_ != 0 && now_ns - reclaimed_ns_ < kReclaimInterval_ns) return false;
  reclaimed_ns_ = now_ns;
  rebuild_without([&](const Entry& old) { return expired(old, now_ns); });
  return true;
}

bool MacTable::pin(StationKey key, PortId port) noexcept {
  uint32_t slot = seek(key);
  if (slots_[slot].key == kFree && size_ == capacity_) {
    const Entry* silent = nullptr;
    for (const Entry& entry : slots_) {
      if (entry.key == kFree || entry.pinned()) continue;
      // Of two that are equally old the lesser address: nothing depends on where the hash has put them.
      if (silent == nullptr || std::pair(entry.seen_ns, entry.key) < std::pair(silent->seen_ns, silent->key))
        silent = &entry;
    }
    if (silent == nullptr) return false;
    erase(static_cast<uint32_t>(silent - slots_.data()));
    slot = seek(key);
  }
  Entry& entry = slots_[slot];
  uncount(entry);
  if (entry.key == kFree) ++size_;
  entry = Entry{.key = key, .seen_ns = kPinned, .port = port, .heard = port};
  return true;
}

bool MacTable::unpin(StationKey key) noexcept {
  const uint32_t slot = seek(key);
  if (slots_[slot].key != key || !slots_[slot].pinned()) return false;
  erase(slot);
  return true;
}

void MacTable::erase(uint32_t slot) noexcept {
  uncount(slots_[slot]);
  --size_;
  // Those behind it move up, so that no search ends at the gap: each but those whose home lies behind the
  // gap.
  for (uint32_t next = (slot + 1) & mask_; slots_[next].key != kFree; next = (next + 1) & mask_) {
    if (((next - home_of(slots_[next].key)) & mask_) < ((next - slot) & mask_)) continue;
    slots_[slot] = slots_[next];
    slot = next;
  }
  slots_[slot] = Entry{};
}

void MacTable::forget(PortId port, bool pinned_too) noexcept {
  rebuild_without([=](const Entry& entry) { return entry.port == port && (pinned_too || !entry.pinned()); });
  for (Entry& entry : slots_) {
    if (entry.previous != port && entry.heard != port) continue;
    entry.heard = entry.port;
    entry.previous = kNoPort;
    entry.flaps = 0;
  }
}

template <typename Unwanted>
void MacTable::rebuild_without(Unwanted&& unwanted) noexcept {
  slots_.swap(spare_);
  for (Entry& entry : slots_) entry = Entry{};
  size_ = 0;
  for (const Entry& entry : spare_) {
    if (entry.key == kFree) continue;
    if (unwanted(entry)) {
      uncount(entry);
      continue;
    }
    slots_[seek(entry.key)] = entry;
    ++size_;
  }
}

}  // namespace ethercast
