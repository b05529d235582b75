/**
 * MAC addresses: spellings, and the two ways to make one up.
 */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { formatMac, macFromIpv4, parseMac, randomMac } from '../../lib/spec/index.js'
import { ipv4, mac } from './arbitraries.js'

describe('a MAC address', () => {
  it('has a canonical spelling, lower case with leading zeros', () => {
    assert.equal(formatMac(parseMac('FE:fd:0:A:0:1')), 'fe:fd:00:0a:00:01')
  })

  it('may be a group address where it is not the address of a port', () => {
    assert.deepEqual(parseMac('ff:ff:ff:ff:ff:ff'), new Uint8Array(6).fill(255))
  })

  it('is what it was after formatting and parsing', () => {
    fc.assert(
      fc.property(mac, (text) => {
        const octets = parseMac(text)
        assert.deepEqual(parseMac(formatMac(octets)), octets)
      }),
    )
  })

  for (const text of [
    '',
    ':::::',
    '1:2:3:4:5',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:',
    '001:2:3:4:5:6',
    '1:2:3:4:5:g',
    'fefd00000001',
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseMac(text), { code: 'ERR_ETHERCAST_FIELD', field: 'address', value: text })
    })
  }
})

describe('a MAC address made from an IPv4 address', () => {
  it('is fe:fd and the four octets', () => assert.equal(macFromIpv4('192.168.0.254'), 'fe:fd:c0:a8:00:fe'))

  it('is so for every address', () => {
    fc.assert(
      fc.property(ipv4(), (address) => {
        assert.deepEqual([...parseMac(macFromIpv4(address))], [0xfe, 0xfd, ...address.split('.').map(Number)])
      }),
    )
  })

  it('needs an IPv4 address', () => {
    assert.throws(() => macFromIpv4('::1'), {
      message: 'mac: IPv4 address ::1 is not four decimal octets, as in 192.168.0.1',
    })
  })
})

describe('a random MAC address', () => {
  it('has an even first octet with the local bit set, whatever the source gives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (octets) => {
        const made = parseMac(randomMac(() => octets))
        assert.equal(made[0]! & 0x03, 0x02)
        assert.deepEqual([made[0]! & 0xfc, ...made.subarray(1)], [octets[0]! & 0xfc, ...octets.subarray(1)])
      }),
    )
  })

  it('differs from one time to the next', () => assert.notEqual(randomMac(), randomMac()))
})
