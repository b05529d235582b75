#include "core/fabric.h"

#include <algorithm>

namespace ethercast {

Fabric::Fabric(const FabricOptions& options)
    : options_(options),
      // In a hub the table serves the loop guard alone, which needs to see everybody.
      table_(options.table_capacity, options.ageing_ns, options.hash_seed,
             options.forwarding == Forwarding::hub ? 0 : options.station_limit) {}

void Fabric::add_port(PortId port, PortCounters& counters, uint32_t max_frame, bool read_only) {
  members_.push_back(std::make_unique<Member>(
      Member{port, &counters, max_frame, read_only, StormLimit(options_.storm_limit)}));
  if (by_id_.size() <= port) by_id_.resize(port + 1u);
  by_id_[port] = members_.back().get();
  table_.add_port(port);
  // So that nothing allocates on the way of a frame.
  open_.reserve(members_.size());
  picked_.reserve(members_.size());
  egress_.reserve(members_.size());
  list_open();
}

void Fabric::remove_port(PortId port) noexcept {
  if (member(port) == nullptr) return;
  by_id_[port] = nullptr;
  egress_.clear();
  std::erase_if(members_, [port](const auto& member) { return member->port == port; });
  table_.forget_port(port);
  list_open();
}

void Fabric::list_open() noexcept {
  open_.clear();
  for (const auto& member : members_) {
    if (member->blocked_until_ns == 0) open_.push_back(member.get());
  }
}

std::span<const Egress> Fabric::forward(const FrameBatch& batch, PortId ingress_id,
                                        uint64_t now_ns) noexcept {
  Member* const ingress = member(ingress_id);
  if (ingress == nullptr) return {};
  PortCounters& counters = *ingress->counters;
  if (table_.size() >= kPrefetchFrom) prefetch(batch);

  Tally tally;
  bool super_frames = false;
  // The frame before this one went to one port alone. If this one has the same addresses, so does it: time
  // stands still within a batch, and nothing but frames of other addresses changes what the switch knows.
  Member* repeated = nullptr;
  Heading last{};
  for (uint16_t index = 0; index < batch.size(); ++index) {
    const FrameMeta& meta = batch.meta(index);
    const uint32_t frames = wire_frames(meta);
    super_frames |= is_super_frame(meta);
    if (meta.length < kEtherHeader) {
      counters.drop(RxDrop::runt, frames);
      continue;
    }
    if (wire_length(meta) > ingress->max_frame) {
      counters.drop(RxDrop::oversize, frames);
      continue;
    }
    const Heading heading = read_heading(batch, index);
    if (repeated != nullptr && heading.source == last.source && heading.destination == last.destination) {
      pick(*repeated, index);
      tally.unicast += frames;
      continue;
    }
    repeated = nullptr;
    const bool individual = is_individual(station_mac(heading.source));
    const bool settled = individual && !ingress->read_only && ingress->blocked_until_ns == 0 &&
                         learn(heading.source, *ingress, now_ns);
    // Asked after learning: this very frame may have closed the loop.
    if (ingress->blocked_until_ns != 0) {
      counters.drop(RxDrop::blocked, frames);
      continue;
    }
    // What is only listened to is passed on as it was heard: on loopback every address is all zero.
    if (!individual && !is_hub() && !ingress->read_only) {
      counters.drop(RxDrop::bad_source, frames);
      continue;
    }

    const Mac destination = station_mac(heading.destination);
    if (!is_hub()) {
      if (is_reserved(destination) && !options_.forward_reserved) {
        counters.drop(RxDrop::reserved, frames);
        continue;
      }
      Member* const out = is_group(destination) ? nullptr : known_egress(heading.destination, now_ns);
      if (out == ingress) {
        counters.drop(RxDrop::filtered, frames);
        continue;
      }
      if (out != nullptr) {
        pick(*out, index);
        tally.unicast += frames;
        // Not of a source that could not be learned: each of its frames is counted.
        if (settled || ingress->read_only) repeated = out, last = heading;
        continue;
      }
    }
    if (!flood(index, frames, *ingress, now_ns)) continue;
    tally.flooded += frames;
    (destination == kBroadcastMac ? tally.broadcast
     : is_group(destination)      ? tally.multicast
                                  : tally.unicast) += frames;
  }
  counters.forwarded.add(tally.unicast + tally.multicast + tally.broadcast);
  counters.flooded.add(tally.flooded);
  counters.unicast.add(tally.unicast);
  counters.multicast.add(tally.multicast);
  counters.broadcast.add(tally.broadcast);
  return collect(batch, super_frames);
}

inline Fabric::Heading Fabric::read_heading(const FrameBatch& batch, uint16_t index) noexcept {
  const uint8_t* frame = batch.data(index);
  const uint16_t told = batch.meta(index).vlan;
  const uint16_t vlan = told != 0 ? told : vlan_of(batch.octets(index));
  return {station_key(destination_mac(frame), vlan), station_key(source_mac(frame), vlan)};
}

// The fetches of a whole batch overlap; one by one, each decision would wait for two.
void Fabric::prefetch(const FrameBatch& batch) const noexcept {
  for (uint16_t index = 0; index < batch.size(); ++index) {
    if (batch.meta(index).length < kEtherHeader) continue;
    const Heading heading = read_heading(batch, index);
    table_.prefetch(heading.source);
    table_.prefetch(heading.destination);
  }
}

// The port behind which the destination is; null: nobody knows, or that port is blocked, and the station may
// be reached another way.
Fabric::Member* Fabric::known_egress(StationKey destination, uint64_t now_ns) noexcept {
  const MacTable::Entry* known = table_.find(destination, now_ns);
  if (known == nullptr) return nullptr;
  Member* const out = member(known->port);
  return out != nullptr && out->blocked_until_ns == 0 ? out : nullptr;
}

// To every other port; false when it was dropped instead.
bool Fabric::flood(uint16_t index, uint32_t frames, Member& ingress, uint64_t now_ns) noexcept {
  // The ingress port is one of the open ones.
  if (open_.size() < 2) {
    ingress.counters->drop(RxDrop::no_egress, frames);
    return false;
  }
  if (!ingress.storm.take(frames, now_ns)) {
    ingress.counters->drop(RxDrop::storm, frames);
    return false;
  }
  for (Member* out : open_) {
    if (out != &ingress) pick(*out, index);
  }
  return true;
}

void Fabric::start_picking(Member& out) noexcept { picked_.push_back(&out); }

std::span<const Egress> Fabric::collect(const FrameBatch& batch, bool super_frames) noexcept {
  egress_.clear();
  for (Member* out : picked_) {
    const Picks picks(out->picks.data(), out->pick_count);
    uint64_t frames = picks.size();
    if (super_frames) {
      frames = 0;
      for (const uint16_t index : picks) frames += wire_frames(batch.meta(index));
    }
    out->counters->picked.add(frames);
    out->pick_count = 0;
    egress_.push_back({out->port, picks});
  }
  picked_.clear();
  return egress_;
}

// Whether the station is now known to be behind the ingress port.
inline bool Fabric::learn(StationKey source, Member& ingress, uint64_t now_ns) noexcept {
  MacTable::Entry* const entry = table_.learn(source, ingress.port, now_ns);
  const bool settled = entry != nullptr && entry->port == ingress.port;
  if (!settled) ingress.counters->not_learned.add(1);
  if (entry != nullptr && entry->heard != ingress.port) watch_for_loop(*entry, ingress.port, now_ns);
  return settled;
}

// It is where the station is heard that counts, so that the guard also sees stations which don't move with
// it: the pinned ones, and those which a port has no room for.
void Fabric::watch_for_loop(MacTable::Entry& entry, PortId ingress, uint64_t now_ns) noexcept {
  const PortId from = entry.heard;
  entry.heard = ingress;
  if (from == kNoPort) return;
  // Only a return to the port it came from continues a run; the first move to a third port starts a new one.
  const bool alternates = entry.previous == ingress && now_ns - entry.flap_since_ns <= kLoopWindow_ns;
  entry.previous = from;
  if (!alternates) {
    entry.flaps = 1;
    entry.flap_since_ns = now_ns;
    return;
  }
  if (++entry.flaps >= kLoopFlaps) {
    entry.flaps = 0;
    block(from, ingress, station_mac(entry.key), now_ns);
  }
}

void Fabric::block(PortId a, PortId b, Mac station, uint64_t now_ns) noexcept {
  // The later-added of the two stands further back in the list.
  Member *later = nullptr, *earlier = nullptr;
  for (const auto& member : members_) {
    if (member->port != a && member->port != b) continue;
    earlier = later;
    later = member.get();
  }
  if (earlier == nullptr) return;
  later->blocked_until_ns = now_ns + kLoopBlock_ns;
  later->counters->loop_blocks.add(1);
  events_.push_back({later->port, earlier->port, station, true});
  // What this very batch already holds for it leaves as decided: it counts as forwarded.
  table_.forget_learned(later->port);
  list_open();
}

Pinning Fabric::pin(StationKey station, PortId port) noexcept {
  if (member(port) == nullptr) return Pinning::no_such_port;
  return table_.pin(station, port) ? Pinning::done : Pinning::table_full;
}

void Fabric::expire(uint64_t now_ns) noexcept {
  for (const auto& member : members_) {
    if (member->blocked_until_ns == 0 || member->blocked_until_ns > now_ns) continue;
    member->blocked_until_ns = 0;
    events_.push_back({member->port, kNoPort, 0, false});
  }
  list_open();
}

uint64_t Fabric::next_deadline_ns() const noexcept {
  uint64_t next = 0;
  for (const auto& member : members_) {
    if (member->blocked_until_ns != 0 && (next == 0 || member->blocked_until_ns < next))
      next = member->blocked_until_ns;
  }
  return next;
}

}  // namespace ethercast
