// Packets as they come: every mixture of tags, options, flags and sizes.
#pragma once

#include "test/support/packets.h"
#include "test/support/random.h"

namespace ethercast::test {

// TCP options of up to 40 octets, IPv4 options or extension headers, zero to two tags, all that may be cut.
inline Wire random_wire(Random& random) {
  Wire wire;
  wire.v6 = random.one_in(2);
  wire.udp = random.one_in(4);
  for (uint32_t tags = random.below(3); tags > 0; --tags)
    wire.tags.push_back(random.one_in(2) ? 0x8100 : 0x88a8);
  wire.from = 1 + random.below(3);
  wire.to = 10 + random.below(3);
  wire.from_port = static_cast<uint16_t>(random.word());
  wire.to_port = static_cast<uint16_t>(random.word());
  wire.tos = static_cast<uint8_t>(random.word());
  wire.ttl = static_cast<uint8_t>(1 + random.below(255));
  wire.id = static_cast<uint16_t>(random.word());
  wire.fragment = random.one_in(2) ? 0x4000 : 0;
  wire.flow_label = random.below(1 << 20);
  if (random.one_in(3)) wire.ip_options = Octets(4 * (1 + random.below(10)), 1);  // NOPs
  if (random.one_in(3)) {
    const uint8_t kinds[] = {0, 60, 43};
    for (uint32_t i = random.below(4); i > 0; --i) wire.extensions.push_back(kinds[random.below(3)]);
  }
  wire.sequence = random.word();
  wire.ack = random.word();
  wire.flags = static_cast<uint8_t>(kAck | (random.one_in(3) ? random.word() & ~(kSyn | kRst | kUrg) : 0));
  wire.reserved = random.one_in(8) ? static_cast<uint8_t>(random.below(16)) : 0;
  wire.window = static_cast<uint16_t>(random.word());
  if (random.one_in(2)) wire.tcp_options = pattern(4 * random.below(11), random.word());
  return wire;
}

}  // namespace ethercast::test
