/** Generator of `pcap` specs. */

import fc from 'fast-check'
import type { SpecObject } from '../../lib/spec/index.js'

const words = fc.constantFrom(
  ...['tcp port 80', 'arp or icmp', 'vlan 5 and (ip6 or arp)', 'ether[0] & 1 = 0', ' host 192.0.2.1 '],
  ...['not udp port 1102', 'a=b', 'buffer', 'x"y', "it's"],
)

export const pcap = fc
  .record(
    {
      interface: fc.oneof(
        fc.stringMatching(/^[a-z][a-z0-9._@-]{0,14}$/),
        fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        fc.constantFrom('192.0.2.7', '2001:DB8:0::7'),
      ),
      filter: fc.array(words, { minLength: 1, maxLength: 4 }).map((all) => all.join(' and ')),
      promisc: fc.boolean(),
      optimize: fc.boolean(),
      mac: fc.constantFrom('02:0:0:0:0:1', 'FE:FD:00:00:00:0a'),
      buffer: fc.integer({ min: 4096, max: 2 ** 30 }),
      mtu: fc.integer({ min: 68, max: 65521 }),
    },
    { requiredKeys: [] },
  )
  .map((rest): SpecObject => ({ transport: 'pcap', ...rest }))
