/**
 * Addresses as text, against the vectors of RFC 4291 and RFC 5952 and against the parsers of Node.
 */

import assert from 'node:assert/strict'
import net from 'node:net'
import fc from 'fast-check'
import { formatIp, formatIpv6, parseIp, parseIpv4, parseIpv6 } from '../../lib/spec/ip.js'
import { ipv4, ipv6Octets } from './arbitraries.js'

/** Text and canonical text: RFC 4291 section 2.2, RFC 5952 sections 1, 4 and 5. */
const vectors = [
  ['2001:DB8:0:0:8:800:200C:417A', '2001:db8::8:800:200c:417a'],
  ['FF01:0:0:0:0:0:0:101', 'ff01::101'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['0:0:0:0:0:FFFF:129.144.52.38', '::ffff:129.144.52.38'],
  ['::FFFF:8190:3426', '::ffff:129.144.52.38'],
  ['::13.1.68.3', '::d01:4403'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:0db8::0001', '2001:db8::1'],
  ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
  ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:db8::0:1', '2001:db8::1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:aaaa:bbbb:cccc:dddd:eeee:AAAA', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['1::', '1::'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
] as const

const refused = [
  '', ':', ':::', '1', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4::5:6:7:8', '1::2::3', ':1', '1:', ':1:2:3:4:5:6:7:8',
  '12345::', 'g::', '::1.2.3', '::1.2.3.256', '1.2.3.4::', '::1.2.3.4:5', '1.2.3.4', '[::1]', '::1/64', '::1 ', ' ::1', '0x1::', '-1::',
] // prettier-ignore

describe('an IPv6 address', () => {
  for (const [text, canonical] of vectors) {
    it(`${text} is ${canonical}`, () => assert.equal(formatIp(parseIp(text)!), canonical))
  }

  for (const text of refused) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseIpv6(text), undefined))
  }

  it('is what it was after formatting and parsing', () => {
    fc.assert(fc.property(ipv6Octets, (octets) => assert.deepEqual(parseIpv6(formatIpv6(octets)), octets)))
  })

  it('is formatted as the URL standard does, but for IPv4-mapped ones', () => {
    fc.assert(
      fc.property(ipv6Octets, (octets) => {
        const text = formatIpv6(octets)
        if (!text.includes('.')) assert.equal(new URL(`http://[${text}]/`).hostname, `[${text}]`)
      }),
    )
  })

  it('is exactly what node:net takes for one', () => {
    const part = fc.oneof(
      fc.constantFrom(':', '::', '.', '0', '1.2.3.4'),
      fc.stringMatching(/^[0-9a-gA-F]{1,5}$/),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 16 }), (parts) => {
        const text = parts.join('')
        assert.equal(parseIpv6(text) !== undefined, net.isIPv6(text), text)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('an IPv4 address', () => {
  it('is what it was after parsing and formatting', () => {
    fc.assert(
      fc.property(ipv4(), (text) => assert.equal(formatIp({ family: 4, octets: parseIpv4(text)! }), text)),
    )
  })

  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.',
    '0x1.2.3.4',
    '1.2.3.4 ',
    '+1.2.3.4',
    '1.2.3.1e1',
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseIp(text), undefined))
  }
})

describe('a zone', () => {
  it('is kept apart from the octets', () => assert.equal(parseIp('ff02::1%eth0')?.zone, 'eth0'))
  it('is not empty', () => assert.equal(parseIp('ff02::1%'), undefined))
  it('is for IPv6 only', () => assert.equal(parseIp('10.0.0.1%eth0'), undefined))
})
