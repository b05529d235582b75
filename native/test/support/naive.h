// A second opinion on frames: sums as RFC 1071 describes them, word by word, and a check of everything a
// finished IP packet says of itself. Shares nothing with core/checksum and core/packet, so that a mistake
// there is seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ethercast::test {

using Bytes = std::span<const uint8_t>;

inline uint16_t naive_be16(Bytes octets, size_t at) {
  return static_cast<uint16_t>(octets[at] << 8 | octets[at + 1]);
}

// The one's complement sum of big-endian words, as a number.
inline uint16_t naive_sum(Bytes octets, uint32_t sum = 0) {
  for (size_t i = 0; i < octets.size(); ++i) {
    sum += i % 2 == 0 ? uint32_t{octets[i]} << 8 : octets[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint16_t>((sum & 0xffff) + (sum >> 16));
}

struct NaiveFrame {
  const char* wrong = nullptr;  // null: it is a sound TCP or UDP frame, and the rest is filled in
  bool v6 = false, routed = false;
  uint8_t protocol = 0;
  size_t ip = 0, transport = 0, payload = 0, end = 0;
};

// Without `sums`, of an unfinished frame, checksums are left out.
inline NaiveFrame naive_look(Bytes frame, bool sums = true) {
  NaiveFrame look;
  const auto fail = [&](const char* why) {
    look.wrong = why;
    return look;
  };
  size_t at = 12;
  while (at + 4 <= frame.size() && at < 20 &&
         (naive_be16(frame, at) == 0x8100 || naive_be16(frame, at) == 0x88a8))
    at += 4;
  if (at + 2 > frame.size()) return fail("no type");
  look.ip = at + 2;
  look.v6 = naive_be16(frame, at) == 0x86dd;
  if (!look.v6 && naive_be16(frame, at) != 0x0800) return fail("no IP");
  const Bytes ip = frame.subspan(look.ip);
  uint32_t sum = 0;
  size_t header = look.v6 ? 40 : 20;
  if (ip.size() < header) return fail("no room for the IP header");
  if (look.v6) {
    if (ip[0] >> 4 != 6) return fail("version");
    look.end = look.ip + 40 + naive_be16(ip, 4);
    look.protocol = ip[6];
    sum = naive_sum(ip.subspan(8, 32));
    while (look.protocol == 0 || look.protocol == 43 || look.protocol == 60) {
      if (ip.size() < header + 8) return fail("no room for an extension header");
      look.routed = look.routed || look.protocol == 43;
      look.protocol = ip[header];
      header += (size_t{ip[header + 1]} + 1) * 8;
    }
  } else {
    header = (ip[0] & 15) * size_t{4};
    if (ip[0] >> 4 != 4 || header < 20 || header > ip.size()) return fail("IPv4 header length");
    look.end = look.ip + naive_be16(ip, 2);
    look.protocol = ip[9];
    if ((naive_be16(ip, 6) & 0x3fff) != 0) return fail("fragment");
    if (sums && naive_sum(ip.first(header)) != 0xffff) return fail("IPv4 header checksum");
    sum = naive_sum(ip.subspan(12, 8));
  }
  look.transport = look.ip + header;
  if (look.end > frame.size()) return fail("IP length beyond the frame");
  const size_t least = look.protocol == 6 ? 20 : 8;
  if (look.protocol != 6 && look.protocol != 17) return fail("neither TCP nor UDP");
  if (look.transport + least > look.end) return fail("no room for the transport header");
  const Bytes transport = frame.subspan(look.transport, look.end - look.transport);
  look.payload = look.transport + (look.protocol == 6 ? (transport[12] >> 4) * size_t{4} : 8);
  if (look.payload > look.end || look.payload < look.transport + least) return fail("TCP header length");
  if (look.protocol == 17 && naive_be16(transport, 4) != transport.size()) return fail("UDP length");
  sum += look.protocol + static_cast<uint32_t>(transport.size() >> 16) + (transport.size() & 0xffff);
  if (sums && look.protocol == 17 && naive_be16(transport, 6) == 0) return fail("UDP without a checksum");
  // What a checksum covers behind a routing header is not looked into.
  if (sums && !look.routed && naive_sum(transport, sum) != 0xffff) return fail("transport checksum");
  return look;
}

}  // namespace ethercast::test
