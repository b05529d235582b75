// TCP and UDP frames built field by field, with sums of their own (naive.h): what cutting and joining are
// measured by.
#pragma once

#include <cstdint>
#include <vector>

#include "core/segment.h"
#include "test/support/frames.h"
#include "test/support/naive.h"

namespace ethercast::test {

constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10, kUrg = 0x20, kEce = 0x40,
                  kCwr = 0x80;

// Everything that a frame may say; its lengths and sums follow.
struct Wire {
  bool v6 = false;
  bool udp = false;
  std::vector<uint16_t> tags = {};  // TPIDs; the VLANs count from 7
  uint32_t from = 1, to = 2;        // stations, and the last octet of the addresses
  uint16_t from_port = 4000, to_port = 5201;
  uint8_t tos = 0, ttl = 64;
  uint16_t id = 100, fragment = 0x4000;  // don't fragment
  Octets ip_options = {};                // a multiple of 4 octets; IPv4
  std::vector<uint8_t> extensions = {};  // kinds of extension headers, 8 octets each; IPv6
  uint32_t flow_label = 0;
  uint32_t sequence = 1000, ack = 77;
  uint8_t flags = kAck;
  uint8_t reserved = 0;  // the four bits behind the data offset
  uint16_t window = 500, urgent = 0;
  Octets tcp_options = {};  // a multiple of 4 octets
  Octets payload = {};
};

// The usual time stamps: two NOPs in front (RFC 7323).
inline Octets time_stamps(uint8_t value = 1) { return {1, 1, 8, 10, 0, 0, 0, value, 0, 0, 0, 9}; }

inline void put16(Octets& out, uint32_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}
inline void put32(Octets& out, uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
inline void set16(Octets& out, size_t at, uint32_t value) {
  out[at] = static_cast<uint8_t>(value >> 8);
  out[at + 1] = static_cast<uint8_t>(value);
}
inline void append(Octets& out, const Octets& more) { out.insert(out.end(), more.begin(), more.end()); }

struct Built {
  Octets frame;
  size_t ip = 0, transport = 0, payload = 0;
  size_t checksum = 0;  // of TCP or UDP
};

// `finished`: else the checksum's field holds the pseudo-header's sum alone.
inline Built build_parts(const Wire& wire, bool finished = true) {
  Built built;
  Octets& out = built.frame;
  out.resize(12);
  put_mac(out.data(), station(wire.to));
  put_mac(out.data() + 6, station(wire.from));
  for (size_t i = 0; i < wire.tags.size(); ++i) {
    put16(out, wire.tags[i]);
    put16(out, static_cast<uint32_t>(7 + i));
  }
  put16(out, wire.v6 ? 0x86dd : 0x0800);
  built.ip = out.size();
  const uint8_t protocol = wire.udp ? 17 : 6;
  const size_t transport_octets = (wire.udp ? 8 : 20 + wire.tcp_options.size()) + wire.payload.size();
  uint32_t pseudo = static_cast<uint32_t>(protocol + transport_octets);
  if (wire.v6) {
    put32(out, 6u << 28 | uint32_t{wire.tos} << 20 | wire.flow_label);
    put16(out, static_cast<uint32_t>(8 * wire.extensions.size() + transport_octets));
    out.push_back(wire.extensions.empty() ? protocol : wire.extensions[0]);
    out.push_back(wire.ttl);
    for (const uint32_t last : {wire.from, wire.to}) {
      for (const uint32_t word : {0x20010db8u, 0u, 0x00010000u, last}) put32(out, word);
    }
    pseudo += naive_sum(Bytes(out).subspan(built.ip + 8, 32));
    for (size_t i = 0; i < wire.extensions.size(); ++i) {
      const bool last = i + 1 == wire.extensions.size();
      out.push_back(last ? protocol : wire.extensions[i + 1]);
      // A PadN option of 6 octets; in a routing header: an unknown kind with no segments left.
      const bool routing = wire.extensions[i] == 43;
      append(out, routing ? Octets{0, 253, 0, 0, 0, 0, 0} : Octets{0, 1, 4, 0, 0, 0, 0});
    }
  } else {
    const size_t header = 20 + wire.ip_options.size();
    out.push_back(static_cast<uint8_t>(0x40 | header / 4));
    out.push_back(wire.tos);
    put16(out, static_cast<uint32_t>(header + transport_octets));
    put16(out, wire.id);
    put16(out, wire.fragment);
    out.push_back(wire.ttl);
    out.push_back(protocol);
    put16(out, 0);
    for (const uint32_t last : {wire.from, wire.to}) put32(out, 198u << 24 | 18u << 16 | last);
    append(out, wire.ip_options);
    set16(out, built.ip + 10, ~naive_sum(Bytes(out).subspan(built.ip)));
    pseudo += naive_sum(Bytes(out).subspan(built.ip + 12, 8));
  }
  built.transport = out.size();
  put16(out, wire.from_port);
  put16(out, wire.to_port);
  if (wire.udp) {
    put16(out, static_cast<uint32_t>(transport_octets));
    put16(out, 0);
  } else {
    put32(out, wire.sequence);
    put32(out, wire.ack);
    out.push_back(static_cast<uint8_t>((20 + wire.tcp_options.size()) / 4 << 4 | wire.reserved));
    out.push_back(wire.flags);
    put16(out, wire.window);
    put16(out, 0);
    put16(out, wire.urgent);
    append(out, wire.tcp_options);
  }
  built.checksum = built.transport + (wire.udp ? 6 : 16);
  built.payload = out.size();
  append(out, wire.payload);
  uint16_t sum = naive_sum({}, pseudo);
  if (finished) {
    sum = static_cast<uint16_t>(~naive_sum(Bytes(out).subspan(built.transport), sum));
    if (wire.udp && sum == 0) sum = 0xffff;
  }
  set16(out, built.checksum, sum);
  return built;
}

inline Octets build(const Wire& wire) { return build_parts(wire).frame; }

// What virtio-net would say of it.
inline OffloadClaim claim_of(const Wire& wire, const Built& built, uint16_t gso_size) {
  OffloadClaim claim;
  claim.needs_checksum = true;
  claim.gso_size = gso_size;
  if (gso_size != 0) claim.gso_type = wire.udp ? GsoType::udp : wire.v6 ? GsoType::tcp6 : GsoType::tcp4;
  claim.csum_start = static_cast<uint16_t>(built.transport);
  claim.csum_offset = static_cast<uint16_t>(built.checksum - built.transport);
  return claim;
}

// The frames that a super-frame of this stands for, each built anew: what Linux would cut it into.
inline std::vector<Octets> build_cut(const Wire& wire, uint16_t gso_size) {
  std::vector<Octets> frames;
  const size_t all = wire.payload.size();
  for (size_t start = 0; start < all; start += gso_size) {
    const size_t end = start + gso_size < all ? start + gso_size : all;
    Wire one = wire;
    one.id = static_cast<uint16_t>(wire.id + frames.size());
    one.sequence = static_cast<uint32_t>(wire.sequence + start);
    if (start != 0) one.flags &= static_cast<uint8_t>(~kCwr);
    if (end != all) one.flags &= static_cast<uint8_t>(~(kPsh | kFin));
    one.payload.assign(wire.payload.begin() + static_cast<ptrdiff_t>(start),
                       wire.payload.begin() + static_cast<ptrdiff_t>(end));
    frames.push_back(build(one));
  }
  return frames;
}

// Appends a frame described by what virtio-net would claim of it: with `gso_size` a super-frame, with 0 an
// ordinary one with an unfinished checksum. False when it does not fit in.
inline bool append_described(FrameBatch& batch, const Wire& wire, uint16_t gso_size) {
  const Built built = build_parts(wire, false);
  if (!batch.append(built.frame, 1)) return false;
  const auto index = static_cast<uint16_t>(batch.size() - 1);
  return describe(batch.meta(index), batch.octets(index), claim_of(wire, built, gso_size));
}

// What the Cutter makes of a described super-frame.
inline std::vector<Octets> cut_all(const FrameMeta& meta, const uint8_t* frame) {
  const Cutter cutter(meta, frame);
  std::vector<Octets> frames;
  for (uint32_t i = 0; i < cutter.segments(); ++i) {
    Octets one(cutter.header_length());
    cutter.write_header(i, one.data());
    append(one, copy(cutter.payload(i)));
    frames.push_back(std::move(one));
  }
  return frames;
}

}  // namespace ethercast::test
