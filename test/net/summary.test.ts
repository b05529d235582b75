import assert from 'node:assert/strict'
import fc from 'fast-check'
import { buildIcmp } from '../../lib/net/icmp.js'
import { buildIcmpv6 } from '../../lib/net/icmpv6.js'
import { summarise } from '../../lib/net/summary.js'
import { summariseUpper } from '../../lib/net/summary_upper.js'
import { hex, joined } from './frames.js'
import { VECTORS } from './vectors.js'

const ENDS_4 = { source: new Uint8Array(4), destination: new Uint8Array(4), ttl: 64 }
const ENDS_6 = { source: new Uint8Array(16), destination: new Uint8Array(16), ttl: 64 }

const LINES: [string, Uint8Array][] = [
  ['fe:fd:00:00:00:01 > ff:ff:ff:ff:ff:ff ARP who-has 198.18.0.2 tell 198.18.0.1 (42)', VECTORS.arpRequest],
  ['fe:fd:00:00:00:02 > fe:fd:00:00:00:01 ARP 198.18.0.2 is-at fe:fd:00:00:00:02 (42)', VECTORS.arpReply],
  ['fe:fd:00:00:00:01 > ff:ff:ff:ff:ff:ff ARP probe 198.18.0.2 (42)', VECTORS.arpProbe],
  ['IPv4 198.18.0.1 > 198.18.0.2 ICMP echo request id 6699 seq 7 (51)', VECTORS.echoRequest4],
  ['IPv4 198.18.0.1 > 198.18.0.2 protocol 1 fragment at 8, more follow (50)', VECTORS.fragment4],
  ['IPv4 198.18.0.1:1102 > 198.18.0.2:1103 UDP length 3 (45)', VECTORS.udp4],
  ['IPv4 198.18.0.1:80 > 198.18.0.2:40000 TCP SYN,ACK seq 1 ack 1001 win 64240 length 2 (56)', VECTORS.tcp4],
  ['IPv6 [2001:db8::1]:40000 > [2001:db8::2]:80 TCP SYN seq 1000 win 64240 length 0 (74)', VECTORS.tcp6],
  [
    'IPv6 2001:db8::1 > ff02::1:ff00:2 ICMPv6 neighbour solicitation who-has 2001:db8::2 (86)',
    VECTORS.solicitation,
  ],
  [
    'IPv6 2001:db8::2 > 2001:db8::1 ICMPv6 neighbour advertisement 2001:db8::2 is-at fe:fd:00:00:00:02 solicited override (86)',
    VECTORS.advertisement,
  ],
  ['IPv6 2001:db8::1 > 2001:db8::2 ICMPv6 echo request id 6699 seq 7 (71)', VECTORS.echoRequest6],
  [
    'fe:fd:00:00:00:01 > ff:ff:ff:ff:ff:ff vlan 5 ARP malformed (20)',
    hex('ffffffffffff fefd00000001 8100 0005 0806 0001'),
  ],
  [
    'vlan 5 IPv4 198.18.0.1:1102 > 198.18.0.2:1103 UDP length 3 (49)',
    joined(VECTORS.udp4.subarray(0, 12), hex('8100 0005'), VECTORS.udp4.subarray(12)),
  ],
  [
    'fe:fd:00:00:00:01 > 01:80:c2:00:00:00 802.3 length 38 (17)',
    hex('0180c2000000 fefd00000001 0026 424203'),
  ],
  ['fe:fd:00:00:00:01 > 01:80:c2:00:00:0e ethertype 0x88cc (14)', hex('0180c200000e fefd00000001 88cc')],
  ['fe:fd:00:00:00:01 > fe:fd:00:00:00:02 IPv4 malformed (30)', VECTORS.udp4.subarray(0, 30)],
  ['short frame (3)', hex('010203')],
]

describe('net/summary', () => {
  for (const [line, frame] of LINES) it(line, () => assert.equal(summarise(frame), line))

  it('shows the MAC addresses of everything on request', () => {
    const line =
      'fe:fd:00:00:00:01 > fe:fd:00:00:00:02 IPv4 198.18.0.1:1102 > 198.18.0.2:1103 UDP length 3 (45)'
    assert.equal(summarise(VECTORS.udp4, { macs: true }), line)
  })

  it('says that an announcement is one', () => {
    const announce = Object.assign(VECTORS.arpRequest.slice(), { 41: 1 })
    assert.match(summarise(announce), / ARP announce 198\.18\.0\.1 /)
  })

  it('names ICMP and ICMPv6 messages of every kind', () => {
    const icmp = (type: number) => buildIcmp({ type, code: 1, body: new Uint8Array(4) })
    const names = {
      0: 'echo reply id 0 seq 0',
      3: 'unreachable code 1',
      11: 'time exceeded code 1',
      5: 'type 5 code 1',
    }
    for (const [type, name] of Object.entries(names)) {
      const { text } = summariseUpper({ ...ENDS_4, protocol: 1, payload: icmp(Number(type)) })
      assert.equal(text, `ICMP ${name}`)
    }
    const names6 = {
      1: 'unreachable',
      134: 'router advertisement',
      143: 'multicast listener report',
      99: 'type 99',
    }
    for (const [type, name] of Object.entries(names6)) {
      const payload = buildIcmpv6({ type: Number(type), code: 0, body: new Uint8Array(4) }, ENDS_6)
      assert.equal(summariseUpper({ ...ENDS_6, protocol: 58, payload }).text, `ICMPv6 ${name} code 0`)
    }
    assert.equal(summariseUpper({ ...ENDS_4, protocol: 47, payload: icmp(0) }).text, 'protocol 47 length 8')
    assert.equal(summariseUpper({ ...ENDS_4, protocol: 58, payload: icmp(0) }).text, 'protocol 58 length 8')
  })

  it('is one line of printable ASCII for whatever octets', () => {
    const beginnings = fc.constantFrom(...Object.values(VECTORS))
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 })
    fc.assert(
      fc.property(
        fc.oneof(beginnings, fc.uint8Array({ maxLength: 100 })),
        edits,
        fc.nat(),
        (frame, changes, cut) => {
          const copy = frame.slice(0, cut % 3 === 0 ? cut % (frame.length + 1) : frame.length)
          for (const [at, value] of changes) if (copy.length > 0) copy[at % copy.length] = value
          assert.match(summarise(copy), /^[\x20-\x7e]+$/)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
