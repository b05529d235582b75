#include "core/neighbours.h"

#include <algorithm>
#include <utility>

namespace ethercast {

size_t Neighbours::find(uint32_t address) const noexcept {
  if (last_ < addresses_.size() && addresses_[last_] == address) return last_;
  const auto found = std::find(addresses_.begin(), addresses_.end(), address);
  if (found == addresses_.end()) return kNone;
  return last_ = static_cast<size_t>(found - addresses_.begin());
}

bool Neighbours::is_fresh(uint32_t address, uint64_t now_ns) const noexcept {
  const size_t at = find(address);
  return at != kNone && entries_[at].mac != 0 && now_ns - entries_[at].confirmed_ns <= kFresh_ns;
}

void Neighbours::send(uint32_t address, std::span<const uint8_t> packet, uint32_t asker, uint64_t now_ns,
                      NeighbourSink& sink) noexcept {
  size_t at = find(address);
  if (at == kNone) {
    if (unresolved_ == kMostUnresolved) return sink.unresolved(1);
    make_room();
    at = addresses_.size();
    addresses_.push_back(address);
    entries_.emplace_back();
    ++unresolved_;
    entries_[at].asker = asker;
    entries_[at].used_ns = now_ns;
    entries_[at].waiting.emplace_back(packet.begin(), packet.end());
    return question(at, now_ns, sink);
  }
  Entry& entry = entries_[at];
  entry.used_ns = now_ns;
  if (entry.mac == 0) {
    if (entry.waiting.size() == kMostWaiting) {
      entry.waiting.erase(entry.waiting.begin());
      sink.unresolved(1);
    }
    entry.waiting.emplace_back(packet.begin(), packet.end());
    return;
  }
  if (entry.deadline_ns == 0 && now_ns - entry.confirmed_ns > kFresh_ns) {
    entry.asker = asker;
    question(at, now_ns, sink);
  }
  sink.send(entry.mac, packet);
}

void Neighbours::hear(uint32_t address, Mac station, uint64_t now_ns, NeighbourSink& sink) noexcept {
  const size_t at = find(address);
  if (at == kNone) return;
  Entry& entry = entries_[at];
  if (entry.mac == 0 || entry.mac == station) return settle(entry, station, now_ns, sink);
  if (entry.claimant == 0) entry.claimant = station;
  if (entry.deadline_ns == 0) question(at, now_ns, sink);
}

void Neighbours::settle(Entry& entry, Mac mac, uint64_t now_ns, NeighbourSink& sink) noexcept {
  if (entry.mac == 0) --unresolved_;
  entry.mac = mac;
  entry.claimant = 0;
  entry.tries = 0;
  entry.confirmed_ns = now_ns;
  entry.deadline_ns = 0;
  for (const auto& packet : std::exchange(entry.waiting, {})) sink.send(mac, packet);
}

void Neighbours::question(size_t at, uint64_t now_ns, NeighbourSink& sink) noexcept {
  Entry& entry = entries_[at];
  ++entry.tries;
  entry.deadline_ns = now_ns + kTry_ns;
  if (deadline_ns_ == 0 || entry.deadline_ns < deadline_ns_) deadline_ns_ = entry.deadline_ns;
  sink.ask(addresses_[at], entry.mac == 0 ? kBroadcastMac : entry.mac, entry.asker);
}

void Neighbours::pass_time(uint64_t now_ns, NeighbourSink& sink) noexcept {
  if (deadline_ns_ == 0 || deadline_ns_ > now_ns) return;
  deadline_ns_ = 0;
  for (size_t at = 0; at < entries_.size();) {
    Entry& entry = entries_[at];
    if (entry.deadline_ns != 0 && entry.deadline_ns <= now_ns) {
      if (entry.tries < (entry.mac == 0 ? kTries : kChecks)) {
        question(at, now_ns, sink);
      } else if (entry.claimant != 0) {
        settle(entry, entry.claimant, now_ns, sink);
      } else {
        if (!entry.waiting.empty()) sink.unresolved(static_cast<uint32_t>(entry.waiting.size()));
        erase(at);
        continue;
      }
    }
    if (entry.deadline_ns != 0 && (deadline_ns_ == 0 || entry.deadline_ns < deadline_ns_)) {
      deadline_ns_ = entry.deadline_ns;
    }
    ++at;
  }
}

uint32_t Neighbours::clear() noexcept {
  uint32_t waiting = 0;
  for (const Entry& entry : entries_) waiting += static_cast<uint32_t>(entry.waiting.size());
  addresses_.clear();
  entries_.clear();
  unresolved_ = 0;
  deadline_ns_ = 0;
  return waiting;
}

// The known host that was not sent to for longest goes; there is one, since fewer may be unresolved.
void Neighbours::make_room() noexcept {
  static_assert(kMostUnresolved < kMost);
  if (entries_.size() < kMost) return;
  size_t oldest = kNone;
  for (size_t at = 0; at < entries_.size(); ++at) {
    if (entries_[at].mac == 0) continue;
    if (oldest == kNone || entries_[at].used_ns < entries_[oldest].used_ns) oldest = at;
  }
  erase(oldest);
}

void Neighbours::erase(size_t at) noexcept {
  if (entries_[at].mac == 0) --unresolved_;
  addresses_[at] = addresses_.back();
  addresses_.pop_back();
  if (at + 1 != entries_.size()) entries_[at] = std::move(entries_.back());
  entries_.pop_back();
}

}  // namespace ethercast
