#include "test/support/reference_switch.h"

#include <algorithm>

namespace ethercast::test {

namespace {

constexpr uint64_t kSecond_ns = 1'000'000'000;

uint64_t frames_on_a_wire(const TestFrame& frame) {
  if (frame.gso_size == 0) return 1;
  uint64_t frames = 0;
  for (size_t at = frame.header_length; at < frame.octets.size(); at += frame.gso_size) ++frames;
  return frames;
}

size_t longest_on_a_wire(const TestFrame& frame) {
  if (frame.gso_size == 0) return frame.octets.size();
  return std::min<size_t>(frame.octets.size(), size_t{frame.header_length} + frame.gso_size);
}

uint64_t number(const Octets& octets, size_t at, size_t length) {
  uint64_t value = 0;
  for (size_t i = 0; i < length; ++i) value = value << 8 | octets[at + i];
  return value;
}

}  // namespace

void ReferenceSwitch::add_port(PortId port, uint32_t max_frame) {
  ports_.push_back({.id = port, .max_frame = max_frame, .tokens = {}});
}

ReferenceSwitch::Port* ReferenceSwitch::port(PortId id) {
  const auto found =
      std::find_if(ports_.begin(), ports_.end(), [&](const Port& each) { return each.id == id; });
  return found == ports_.end() ? nullptr : &*found;
}

void ReferenceSwitch::remove_port(PortId port) {
  std::erase_if(ports_, [&](const Port& each) { return each.id == port; });
  forget(port, true);
}

void ReferenceSwitch::forget(PortId port, bool pinned_too) {
  std::erase_if(stations_, [&](const auto& each) {
    return each.second.port == port && (pinned_too || !each.second.pinned);
  });
  for (auto& [key, station] : stations_) {
    if (station.heard != port && station.before != port) continue;
    station.heard = station.port;
    station.before = kNoPort;
    station.alternations = 0;
  }
}

bool ReferenceSwitch::pin(StationKey key, PortId to) {
  if (port(to) == nullptr) return false;
  if (!stations_.contains(key) && stations_.size() == options_.table_capacity) {
    auto oldest = stations_.end();
    for (auto each = stations_.begin(); each != stations_.end(); ++each) {
      if (each->second.pinned) continue;
      if (oldest == stations_.end() || each->second.seen_ns < oldest->second.seen_ns) oldest = each;
    }
    if (oldest == stations_.end()) return false;
    stations_.erase(oldest);
  }
  stations_[key] = {.port = to, .seen_ns = 0, .pinned = true, .heard = to};
  return true;
}

bool ReferenceSwitch::unpin(StationKey key) {
  const auto found = stations_.find(key);
  if (found == stations_.end() || !found->second.pinned) return false;
  stations_.erase(found);
  return true;
}

void ReferenceSwitch::expire(uint64_t now_ns) {
  for (Port& each : ports_) {
    if (each.blocked_until_ns <= now_ns) each.blocked_until_ns = 0;
  }
}

bool ReferenceSwitch::alive(const Station& station, uint64_t now_ns) const {
  return station.pinned || now_ns - station.seen_ns <= options_.ageing_ns;
}

uint32_t ReferenceSwitch::learned_on(PortId port) const {
  return static_cast<uint32_t>(std::count_if(stations_.begin(), stations_.end(), [&](const auto& each) {
    return each.second.port == port && !each.second.pinned;
  }));
}

bool ReferenceSwitch::has_room(StationKey key, PortId port) const {
  const auto own = stations_.find(key);
  if (own == stations_.end() && stations_.size() == options_.table_capacity) return false;
  if (options_.station_limit == 0 || options_.forwarding == Forwarding::hub) return true;
  const bool replaces = own != stations_.end() && own->second.port == port && !own->second.pinned;
  return learned_on(port) - (replaces ? 1 : 0) < options_.station_limit;
}

void ReferenceSwitch::learn(StationKey key, PortId ingress, uint64_t now_ns) {
  auto found = stations_.find(key);
  const bool known = found != stations_.end() && alive(found->second, now_ns);
  if (known && found->second.port == ingress) {
    found->second.seen_ns = now_ns;
  } else if (known && found->second.pinned) {
    counters_[ingress].not_learned.add(1);
  } else {
    if (!has_room(key, ingress) && (!reclaimed_ns_ || now_ns - *reclaimed_ns_ >= kSecond_ns)) {
      reclaimed_ns_ = now_ns;
      std::erase_if(stations_, [&](const auto& each) { return !alive(each.second, now_ns); });
    }
    if (!has_room(key, ingress)) {
      counters_[ingress].not_learned.add(1);
    } else if (known) {
      stations_[key].port = ingress;
      stations_[key].seen_ns = now_ns;
    } else {
      stations_[key] = {.port = ingress, .seen_ns = now_ns};
    }
  }
  found = stations_.find(key);
  if (found != stations_.end() && alive(found->second, now_ns)) hear(key, ingress, now_ns);
}

void ReferenceSwitch::hear(StationKey key, PortId ingress, uint64_t now_ns) {
  Station& station = stations_[key];
  if (station.heard == ingress) return;
  const PortId from = std::exchange(station.heard, ingress);
  if (from == kNoPort) return;
  const bool back = station.before == ingress && now_ns - station.alternating_since_ns <= kSecond_ns;
  station.before = from;
  if (!back) station.alternations = 0, station.alternating_since_ns = now_ns;
  if (++station.alternations == 16) {
    station.alternations = 0;
    block(from, ingress, now_ns);
  }
}

void ReferenceSwitch::block(PortId one, PortId other, uint64_t now_ns) {
  const auto later = std::find_if(ports_.rbegin(), ports_.rend(),
                                  [&](const Port& each) { return each.id == one || each.id == other; });
  later->blocked_until_ns = now_ns + 30 * kSecond_ns;
  counters_[later->id].loop_blocks.add(1);
  forget(later->id, false);
}

bool ReferenceSwitch::storm_allows(Port& ingress, uint64_t frames, uint64_t now_ns) {
  if (options_.storm_limit == 0) return true;
  const __int128 frame = kSecond_ns;
  const __int128 depth = std::max<__int128>(frame, frame * options_.storm_limit / 10);
  const __int128 since = now_ns - ingress.tokens_at_ns;
  ingress.tokens = std::min(depth, ingress.tokens.value_or(depth) + since * options_.storm_limit);
  ingress.tokens_at_ns = now_ns;
  if (*ingress.tokens < frame) return false;
  *ingress.tokens -= frame * frames;
  return true;
}

std::set<PortId> ReferenceSwitch::forward(PortId ingress, const TestFrame& frame, uint64_t now_ns) {
  Port* const in = port(ingress);
  if (in == nullptr) return {};
  PortCounters& counted = counters_[ingress];
  const uint64_t frames = frames_on_a_wire(frame);
  counted.rx_frames.add(frames);
  const auto drop = [&](RxDrop why) {
    counted.drop(why, frames);
    return std::set<PortId>();
  };
  if (frame.octets.size() < 14) return drop(RxDrop::runt);
  if (longest_on_a_wire(frame) > in->max_frame) return drop(RxDrop::oversize);

  const uint64_t to = number(frame.octets, 0, 6), from = number(frame.octets, 6, 6);
  const uint64_t type = number(frame.octets, 12, 2);
  uint64_t vlan = frame.vlan;
  if (vlan == 0 && (type == 0x8100 || type == 0x88a8) && frame.octets.size() >= 18)
    vlan = number(frame.octets, 14, 2) & 0xfff;
  const bool from_group = frame.octets[6] & 1, to_group = frame.octets[0] & 1;
  const bool hub = options_.forwarding == Forwarding::hub;

  if (in->blocked_until_ns == 0 && from != 0 && !from_group) learn(vlan << 48 | from, ingress, now_ns);
  if (in->blocked_until_ns != 0) return drop(RxDrop::blocked);
  if (!hub && (from == 0 || from_group)) return drop(RxDrop::bad_source);
  if (!hub && !options_.forward_reserved && to >> 4 == 0x0180'c200'000) return drop(RxDrop::reserved);

  std::set<PortId> egress;
  const auto known = stations_.find(vlan << 48 | to);
  if (!hub && !to_group && known != stations_.end() && alive(known->second, now_ns)) {
    const PortId out = known->second.port;
    if (out == ingress) return drop(RxDrop::filtered);
    if (port(out)->blocked_until_ns == 0) egress.insert(out);
  }
  if (egress.empty()) {
    for (const Port& each : ports_) {
      if (each.id != ingress && each.blocked_until_ns == 0) egress.insert(each.id);
    }
    if (egress.empty()) return drop(RxDrop::no_egress);
    if (!storm_allows(*in, frames, now_ns)) return drop(RxDrop::storm);
    counted.flooded.add(frames);
  }
  counted.forwarded.add(frames);
  (to == 0xffff'ffff'ffff ? counted.broadcast : to_group ? counted.multicast : counted.unicast).add(frames);
  for (const PortId out : egress) counters_[out].picked.add(frames);
  return egress;
}

}  // namespace ethercast::test
