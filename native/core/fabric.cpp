#include "core/fabric.h"

#include <algorithm>

namespace ethercast {

Fabric::Fabric(const FabricOptions& options)
    : options_(options), table_(options.table_capacity, options.ageing_ns, options.hash_seed) {}

void Fabric::add_port(PortId port, PortCounters& counters, uint32_t max_frame) {
  ports_.push_back(Member{port, &counters, max_frame, 0, 0, {}});
  egress_.reserve(ports_.size());
}

void Fabric::remove_port(PortId port) noexcept {
  std::erase_if(ports_, [port](const Member& member) { return member.port == port; });
  table_.forget_port(port);
}

Fabric::Member* Fabric::member(PortId port) noexcept {
  for (Member& member : ports_) {
    if (member.port == port) return &member;
  }
  return nullptr;
}

std::span<const Egress> Fabric::forward(const FrameBatch& batch, PortId ingress_id,
                                        uint64_t now_ns) noexcept {
  egress_.clear();
  Member* const ingress = member(ingress_id);
  if (ingress == nullptr) return {};
  PortCounters& counters = *ingress->counters;
  for (Member& port : ports_) port.pick_count = 0;

  const bool hub = options_.forwarding == Forwarding::hub;
  uint64_t forwarded = 0, flooded = 0;
  for (uint16_t index = 0; index < batch.size(); ++index) {
    const FrameMeta& meta = batch.meta(index);
    if (meta.length < kEtherHeader) {
      counters.drop(RxDrop::runt);
      continue;
    }
    if (meta.length > ingress->max_frame) {
      counters.drop(RxDrop::oversize);
      continue;
    }
    const uint8_t* frame = batch.data(index);
    const Mac source = source_mac(frame);
    const uint16_t vlan = meta.vlan != 0 ? meta.vlan : vlan_of(batch.octets(index));
    if (ingress->blocked_until_ns == 0 && is_individual(source)) learn(source, vlan, *ingress, now_ns);
    // Asked after learning: this very frame may have closed the loop.
    if (ingress->blocked_until_ns != 0) {
      counters.drop(RxDrop::blocked);
      continue;
    }
    if (!hub && !is_individual(source)) {
      counters.drop(RxDrop::bad_source);
      continue;
    }

    const Mac destination = destination_mac(frame);
    if (!hub && !is_group(destination)) {
      const MacTable::Entry* known = table_.find(station_key(destination, vlan), now_ns);
      if (known != nullptr) {
        Member* out = member(known->port);
        if (out == ingress) {
          counters.drop(RxDrop::filtered);
          continue;
        }
        // A station behind a blocked port may be reached another way: flood then.
        if (out != nullptr && out->blocked_until_ns == 0) {
          out->picks[out->pick_count++] = index;
          ++forwarded;
          continue;
        }
      }
    }
    bool anyone = false;
    for (Member& out : ports_) {
      if (&out == ingress || out.blocked_until_ns != 0) continue;
      out.picks[out.pick_count++] = index;
      anyone = true;
    }
    if (!anyone) {
      counters.drop(RxDrop::no_egress);
      continue;
    }
    ++forwarded;
    ++flooded;
  }
  counters.forwarded.add(forwarded);
  counters.flooded.add(flooded);

  for (Member& out : ports_) {
    if (out.pick_count == 0) continue;
    out.counters->picked.add(out.pick_count);
    egress_.push_back({out.port, Picks(out.picks.data(), out.pick_count)});
  }
  return egress_;
}

void Fabric::learn(Mac source, uint16_t vlan, Member& ingress, uint64_t now_ns) noexcept {
  MacTable::Entry* entry = table_.touch(station_key(source, vlan), now_ns);
  if (entry == nullptr) {
    ingress.counters->not_learned.add(1);
    return;
  }
  if (entry->port == ingress.port) return;
  const PortId from = entry->port;
  entry->port = ingress.port;
  if (from == kNoPort) return;
  // A move. Only a return to the port it came from continues a run; the first move to a third port starts a
  // new one.
  const bool alternates = entry->previous == ingress.port && now_ns - entry->flap_since_ns <= kLoopWindow_ns;
  entry->previous = from;
  if (!alternates) {
    entry->flaps = 1;
    entry->flap_since_ns = now_ns;
    return;
  }
  if (++entry->flaps >= kLoopFlaps) {
    entry->flaps = 0;
    block(from, ingress.port, source, now_ns);
  }
}

void Fabric::block(PortId a, PortId b, Mac station, uint64_t now_ns) noexcept {
  // The later-added of the two stands further back in the list.
  Member *later = nullptr, *earlier = nullptr;
  for (Member& port : ports_) {
    if (port.port != a && port.port != b) continue;
    earlier = later;
    later = &port;
  }
  if (earlier == nullptr) return;
  later->blocked_until_ns = now_ns + kLoopBlock_ns;
  later->counters->loop_blocks.add(1);
  events_.push_back({later->port, earlier->port, station, true});
  // What this very batch already holds for it leaves as decided: it counts as forwarded.
  table_.forget_port(later->port);
}

void Fabric::expire(uint64_t now_ns) noexcept {
  for (Member& port : ports_) {
    if (port.blocked_until_ns == 0 || port.blocked_until_ns > now_ns) continue;
    port.blocked_until_ns = 0;
    events_.push_back({port.port, kNoPort, 0, false});
  }
}

uint64_t Fabric::next_deadline_ns() const noexcept {
  uint64_t next = 0;
  for (const Member& port : ports_) {
    if (port.blocked_until_ns != 0 && (next == 0 || port.blocked_until_ns < next))
      next = port.blocked_until_ns;
  }
  return next;
}

}  // namespace ethercast
