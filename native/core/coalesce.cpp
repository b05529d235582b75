// Joining TCP segments, by the rules of Linux GRO (net/core/gro.c, net/ipv4/af_inet.c, tcp_offload.c).
#include "core/coalesce.h"

#include <algorithm>
#include <cstring>

#include "core/checksum.h"
#include "core/packet.h"
#include "core/port.h"

namespace ethercast {

namespace {

constexpr uint32_t kAddresses4 = 8, kAddresses6 = 32;  // octets of both addresses
constexpr uint32_t kPorts = 4;                         // of both ports, where TCP starts
constexpr uint8_t kEndsRun = tcp::kPsh | tcp::kFin;    // may stand on the last segment alone
constexpr uint8_t kNeverJoined = tcp::kSyn | tcp::kRst | tcp::kUrg | tcp::kCwr;
constexpr uint16_t kSumOfGood = 0xffff;  // of octets with their checksum among them

// Most of what is compared has a few octets: a call of memcmp would cost more than it does.
inline bool same(const uint8_t* a, const uint8_t* b, uint32_t octets) noexcept {
  uint64_t difference = 0;
  for (; octets >= 4; a += 4, b += 4, octets -= 4) difference |= load32(a) ^ load32(b);
  if (octets & 2) difference |= load16(a) ^ load16(b), a += 2, b += 2;
  if (octets & 1) difference |= *a ^ *b;
  return difference == 0;
}

// Tells flows apart at a glance: no more is asked of it, equality is looked at in full.
uint32_t flow_hash(const uint8_t* addresses, uint32_t octets, const uint8_t* ports) noexcept {
  uint32_t hash = load32(ports);
  for (uint32_t at = 0; at < octets; at += 4)
    hash = (hash ^ load32(addresses + at)) * 0x9e3779b1u;  // 2^32 / phi
  return hash;
}

}  // namespace

// What is not TCP has no order to keep with what is; but a fragment, or what can't be read, might be part of
// any flow.
Joiner::Kind Joiner::classify(uint16_t frame, Segment& segment) const noexcept {
  const std::span<const uint8_t> octets = batch_->octets(frame);
  Packet packet;
  switch (parse_packet(octets, packet)) {
    case Parsed::not_ip:
      return Kind::other;
    case Parsed::bad_ip:
      return Kind::bars_all;
    case Parsed::ip:
      break;
  }
  if (packet.fragment) return Kind::bars_all;
  if (packet.protocol != kProtocolTcp) return packet.v6 && packet.extended ? Kind::bars_all : Kind::other;
  const uint32_t tcp_header = tcp_header_length(octets, packet);
  if (tcp_header == 0) return Kind::bars_all;

  const uint8_t* const ip = octets.data() + packet.ip;
  const uint8_t* const transport = octets.data() + packet.transport;
  const FrameMeta& meta = batch_->meta(frame);
  segment.frame = frame;
  segment.ip = static_cast<uint16_t>(packet.ip);
  segment.transport = static_cast<uint16_t>(packet.transport);
  segment.header = static_cast<uint16_t>(packet.transport + tcp_header);
  segment.payload = packet.end - segment.header;
  segment.flags = transport[tcp::kFlags];
  segment.sequence = read_be32(transport + tcp::kSequence);
  segment.id = packet.v6 ? 0 : read_be16(ip + ipv4::kId);
  segment.flow = packet.v6 ? flow_hash(ip + ipv6::kSource, kAddresses6, transport)
                           : flow_hash(ip + ipv4::kSource, kAddresses4, transport);
  const uint16_t taken = packet.v6 ? kTakesTcp6 : kTakesTcp4;
  segment.joinable = (takes_ & taken) != 0 && !packet.extended && !is_super_frame(meta) &&
                     (meta.flags & kChecksumUnfinished) == 0 && segment.payload != 0 &&
                     segment.payload <= UINT16_MAX && (segment.flags & kNeverJoined) == 0;
  return Kind::segment;
}

// By VLAN, addresses and ports. Who sent it (the MACs) is looked at when joining: a flow that came over two
// routers is one flow still.
bool Joiner::same_flow(const Segment& a, const Segment& b) const noexcept {
  if (a.flow != b.flow || a.ip != b.ip) return false;
  const uint8_t* const one = batch_->data(a.frame);
  const uint8_t* const two = batch_->data(b.frame);
  const uint32_t macs = 12;
  if (!same(one + macs, two + macs, a.ip - macs)) return false;
  const bool v6 = one[a.ip] >> 4 == 6;
  const uint32_t source = a.ip + (v6 ? ipv6::kSource : ipv4::kSource);
  return same(one + source, two + source, v6 ? kAddresses6 : kAddresses4) &&
         same(one + a.transport, two + b.transport, kPorts);
}

// Whether `next`, of the run's flow, may stand behind it. All but the checksums.
bool Joiner::extends(const Run& run, const Segment& next, Ids& ids) const noexcept {
  const Segment& first = run.first;
  if (!next.joinable || next.header != first.header || next.transport != first.transport) return false;
  if (next.sequence != run.last.sequence + run.last.payload || next.payload > first.payload) return false;
  if (run.octets + next.payload > kMaxOctets || ((next.flags ^ first.flags) & ~kEndsRun) != 0) return false;

  const uint8_t* const one = batch_->data(first.frame);
  const uint8_t* const two = batch_->data(next.frame);
  if (!same(one, two, first.ip)) return false;
  const uint8_t* const ip_one = one + first.ip;
  const uint8_t* const ip_two = two + next.ip;
  if (ip_one[0] >> 4 == 6) {
    // Version, traffic class, flow label; next header, hop limit.
    if (!same(ip_one, ip_two, ipv6::kPayloadLength)) return false;
    if (!same(ip_one + ipv6::kNextHeader, ip_two + ipv6::kNextHeader, 2)) return false;
  } else {
    // Version, header length, TOS; fragment bits, TTL, protocol.
    if (!same(ip_one, ip_two, ipv4::kLength)) return false;
    if (!same(ip_one + ipv4::kFragment, ip_two + ipv4::kFragment, ipv4::kChecksum - ipv4::kFragment))
      return false;
    const bool fixed = next.id == run.last.id;
    if (!fixed && next.id != ((run.last.id + 1) & 0xffff)) return false;
    if (fixed && (read_be16(ip_one + ipv4::kFragment) & ipv4::kDontFragment) == 0) return false;
    ids = fixed ? Ids::fixed : Ids::counting;
    if (run.ids != Ids::unknown && run.ids != ids) return false;
  }

  const uint8_t* const tcp_one = one + first.transport;
  const uint8_t* const tcp_two = two + next.transport;
  // Data offset, reserved bits; window; urgent pointer and options.
  return same(tcp_one + tcp::kAck, tcp_two + tcp::kAck, tcp::kFlags - tcp::kAck) &&
         same(tcp_one + tcp::kWindow, tcp_two + tcp::kWindow, 2) &&
         same(tcp_one + tcp::kUrgent, tcp_two + tcp::kUrgent, first.header - first.transport - tcp::kUrgent);
}

bool Joiner::checksums_good(const Segment& segment) const noexcept {
  const uint8_t* const frame = batch_->data(segment.frame);
  const bool v6 = frame[segment.ip] >> 4 == 6;
  if (!v6 && ones_sum({frame + segment.ip, ipv4::kHeader}) != kSumOfGood) return false;
  if ((batch_->meta(segment.frame).flags & kChecksumGood) != 0) return true;
  const uint32_t length = segment.header - segment.transport + segment.payload;
  const uint16_t pseudo = pseudo_sum(frame + segment.ip, v6, kProtocolTcp, length);
  return ones_sum({frame + segment.transport, length}, pseudo) == kSumOfGood;
}

void Joiner::pass(uint16_t frame) noexcept {
  Unit unit;
  unit.frames = {&frame, 1};
  sink_->take(unit);
}

void Joiner::write_header(const Run& run, uint8_t* header) const noexcept {
  const Segment& first = run.first;
  std::memcpy(header, batch_->data(first.frame), first.header);
  uint8_t* const ip = header + first.ip;
  uint8_t* const transport = header + first.transport;
  const uint32_t length = run.octets - first.transport;
  const bool v6 = ip[0] >> 4 == 6;
  if (v6) {
    write_be16(ip + ipv6::kPayloadLength, static_cast<uint16_t>(length));
  } else {
    write_be16(ip + ipv4::kLength, static_cast<uint16_t>(length + ipv4::kHeader));
    store16(ip + ipv4::kChecksum, 0);
    store16(ip + ipv4::kChecksum, static_cast<uint16_t>(~ones_sum({ip, ipv4::kHeader})));
  }
  transport[tcp::kFlags] |= run.last.flags & kEndsRun;
  store16(transport + tcp::kChecksum, pseudo_sum(ip, v6, kProtocolTcp, length));
}

void Joiner::flush(uint16_t index) noexcept {
  const Run run = runs_[index];
  std::move(runs_.begin() + index + 1, runs_.begin() + open_, runs_.begin() + index);
  --open_;
  if (run.frames == 1) return pass(run.first.frame);

  const Segment& first = run.first;
  uint16_t frame = first.frame;
  for (uint16_t i = 0; i < run.frames; ++i, frame = next_[frame]) {
    frames_[i] = frame;
    const uint32_t payload = i + 1 == run.frames ? run.last.payload : first.payload;
    payloads_[i] = {batch_->data(frame) + first.header, payload};
  }
  uint8_t header[kMaxSuperHeader];
  write_header(run, header);

  Unit unit;
  unit.frames = {frames_.data(), run.frames};
  unit.payloads = {payloads_.data(), run.frames};
  unit.header = {header, first.header};
  unit.meta = batch_->meta(first.frame);
  unit.meta.length = run.octets;
  unit.meta.flags = kChecksumUnfinished;
  unit.meta.gso_size = static_cast<uint16_t>(first.payload);
  unit.meta.gso_type = header[first.ip] >> 4 == 6 ? GsoType::tcp6 : GsoType::tcp4;
  unit.meta.header_length = first.header;
  unit.meta.csum_start = first.transport;
  unit.meta.csum_offset = tcp::kChecksum;
  sink_->take(unit);
}

void Joiner::flush_all() noexcept {
  while (open_ != 0) flush(0);
}

// Precondition: no run of its flow is open.
void Joiner::start(const Segment& segment) noexcept {
  if (!segment.joinable || (segment.flags & kEndsRun) != 0) return pass(segment.frame);
  if (open_ == kFlows) flush(0);
  Run& run = runs_[open_++];
  run = Run{};
  run.first = run.last = segment;
  run.octets = segment.header + segment.payload;
  run.frames = 1;
}

void Joiner::take(const Segment& segment) noexcept {
  uint16_t index = 0;
  while (index < open_ && !same_flow(runs_[index].first, segment)) ++index;
  if (index == open_) return start(segment);

  Run& run = runs_[index];
  Ids ids = run.ids;
  // Sums are the dear part: only what is about to be joined is verified.
  if (!extends(run, segment, ids) || (!run.verified && !checksums_good(run.first))) {
    flush(index);
    return start(segment);
  }
  run.verified = true;
  if (!checksums_good(segment)) {
    flush(index);
    return pass(segment.frame);
  }
  run.ids = ids;
  next_[run.last.frame] = segment.frame;
  run.last = segment;
  run.octets += segment.payload;
  ++run.frames;
  const bool ends = segment.payload < run.first.payload || (segment.flags & kEndsRun) != 0;
  if (ends) flush(index);
}

void Joiner::join(const FrameBatch& batch, Picks picks, uint16_t takes, UnitSink& sink) noexcept {
  batch_ = &batch;
  sink_ = &sink;
  takes_ = takes;
  open_ = 0;
  if ((takes & (kTakesTcp4 | kTakesTcp6)) == 0 || picks.size() == 1) {
    for (const uint16_t frame : picks) pass(frame);
    return;
  }
  for (const uint16_t frame : picks) {
    Segment segment;
    switch (classify(frame, segment)) {
      case Kind::segment:
        take(segment);
        break;
      case Kind::bars_all:
        flush_all();
        [[fallthrough]];
      case Kind::other:
        pass(frame);
        break;
    }
  }
  flush_all();
}

}  // namespace ethercast
