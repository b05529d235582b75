import assert from 'node:assert/strict'
import fc from 'fast-check'
import { buildArp, parseArp } from '../../lib/net/arp.js'
import { buildEther, parseEther } from '../../lib/net/ether.js'
import { buildEcho, buildIcmp, parseEcho, parseIcmp } from '../../lib/net/icmp.js'
import { buildIcmpv6, parseIcmpv6 } from '../../lib/net/icmpv6.js'
import { buildIpv4Packet, parseIpv4Packet } from '../../lib/net/ipv4.js'
import { buildIpv6Packet, parseIpv6Packet } from '../../lib/net/ipv6.js'
import { buildNdp, multicastMac, parseNdp, solicitedNode } from '../../lib/net/ndp.js'
import type { NdpMessage } from '../../lib/net/ndp.js'
import { hex, joined, same } from './frames.js'
import { VECTORS } from './vectors.js'

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const mac = octets(6)
const ip4 = octets(4)
const ip6 = octets(16)
const u16 = fc.nat({ max: 0xffff })
const u8 = fc.nat({ max: 0xff })
const payload = fc.uint8Array({ maxLength: 1600 })

describe('net: what is built reads back the same', () => {
  it('Ethernet', () => {
    const type = fc.integer({ min: 0, max: 0xffff }).filter((value) => value !== 0x8100 && value !== 0x88a8)
    fc.assert(
      fc.property(fc.record({ destination: mac, source: mac, type, payload }), (frame) =>
        same(parseEther(buildEther(frame, frame.payload)), frame),
      ),
    )
  })

  it('ARP, padded or not', () => {
    const packets = fc.record({
      operation: u16,
      senderMac: mac,
      senderIp: ip4,
      targetMac: mac,
      targetIp: ip4,
    })
    fc.assert(
      fc.property(packets, octets(18), (packet, padding) => {
        same(parseArp(buildArp(packet)), packet)
        same(parseArp(joined(buildArp(packet), padding)), packet)
      }),
    )
  })

  it('IPv4, without the padding', () => {
    const packets = fc.record({
      source: ip4,
      destination: ip4,
      protocol: u8,
      ttl: u8,
      identification: u16,
      dontFragment: fc.boolean(),
      payload,
    })
    fc.assert(
      fc.property(packets, octets(7), (packet, padding) =>
        same(parseIpv4Packet(joined(buildIpv4Packet(packet, packet.payload), padding)), packet),
      ),
    )
  })

  it('IPv6, without the padding', () => {
    const nextHeader = u8.filter((value) => ![0, 43, 44, 60].includes(value))
    const packets = fc.record({ source: ip6, destination: ip6, nextHeader, hopLimit: u8, payload })
    fc.assert(
      fc.property(packets, octets(7), (packet, padding) =>
        same(parseIpv6Packet(joined(buildIpv6Packet(packet, packet.payload), padding)), {
          ...packet,
          fragment: false,
        }),
      ),
    )
  })

  it('ICMP and ICMPv6 echo', () => {
    const messages = fc.record({ type: u8, code: u8, echo: fc.record({ id: u16, seq: u16, payload }) })
    fc.assert(
      fc.property(messages, ip6, ip6, ({ type, code, echo }, source, destination) => {
        const message = { type, code, body: buildEcho(echo) }
        same(parseIcmp(buildIcmp(message)), message)
        same(parseIcmpv6(buildIcmpv6(message, { source, destination }), { source, destination }), message)
        same(parseEcho(message.body), echo)
      }),
    )
  })

  it('Neighbour Discovery', () => {
    const target = ip6.filter((address) => address[0] !== 0xff)
    const solicitations = fc.record(
      { kind: fc.constant('solicitation' as const), target, sourceMac: mac },
      { requiredKeys: ['kind', 'target'] },
    )
    const flag = fc.boolean()
    const advertisements = fc.record(
      {
        kind: fc.constant('advertisement' as const),
        target,
        router: flag,
        solicited: flag,
        override: flag,
        targetMac: mac,
      },
      { requiredKeys: ['kind', 'target', 'router', 'solicited', 'override'] },
    )
    const packet = {
      source: hex('20010db8000000000000000000000001'),
      destination: hex('20010db8000000000000000000000002'),
      nextHeader: 58,
      hopLimit: 255,
      fragment: false,
      payload: new Uint8Array(0),
    }
    fc.assert(
      fc.property(fc.oneof(solicitations, advertisements), (message: NdpMessage) =>
        same(parseNdp(buildNdp(message), packet), message),
      ),
    )
  })
})

describe('net: known frames', () => {
  it('reads each layer of an ICMP echo request', () => {
    const ether = parseEther(VECTORS.echoRequest4)!
    same(ether.source, hex('fefd00000001'))
    const packet = parseIpv4Packet(ether.payload)!
    same([packet.ttl, packet.identification, packet.protocol], [64, 0x1234, 1])
    const echo = parseEcho(parseIcmp(packet.payload)!.body)!
    same([echo.id, echo.seq, Buffer.from(echo.payload).toString()], [0x1a2b, 7, 'ethercast'])
  })

  it('looks through VLAN tags', () => {
    const tagged = hex('ffffffffffff fefd00000001 88a8 6064 8100 0005 0806 00')
    same(parseEther(tagged), {
      destination: hex('ffffffffffff'),
      source: hex('fefd00000001'),
      type: 0x0806,
      vlans: [100, 5],
      payload: hex('00'),
    })
    assert.equal(parseEther(tagged.subarray(0, 20)), undefined)
  })

  it('tells fragments apart', () => {
    same(parseIpv4Packet(VECTORS.fragment4.subarray(14))?.fragment, { offset: 8, more: true })
    const fragment6 = buildIpv6Packet(
      { source: new Uint8Array(16), destination: new Uint8Array(16), nextHeader: 44 },
      hex('3a00000100000001 80000000'),
    )
    const parsed = parseIpv6Packet(fragment6)!
    same([parsed.fragment, parsed.nextHeader, parsed.payload], [true, 58, hex('80000000')])
  })

  it('steps over extension headers, and stops at their faults', () => {
    const packet = (next: number, body: Uint8Array) =>
      parseIpv6Packet(
        buildIpv6Packet(
          { source: new Uint8Array(16), destination: new Uint8Array(16), nextHeader: next },
          body,
        ),
      )
    const found = packet(0, hex('3a00050200000000 8f00'))!
    same([found.nextHeader, found.payload], [58, hex('8f00')])
    assert.equal(packet(0, hex('3a01050200000000 8f00')), undefined, 'runs over the end')
    assert.equal(packet(43, hex('3a00000100000000')), undefined, 'segments left')
    same(packet(43, hex('3a00000000000000'))?.nextHeader, 58)
    assert.equal(packet(0, hex('0000000000000000'.repeat(9))), undefined, 'no end of them')
  })

  it('derives the solicited-node group and its MAC address', () => {
    const group = solicitedNode(hex('20010db8000000000000000000a1b2c3'))
    same(group, hex('ff0200000000000000000001ffa1b2c3'))
    same(multicastMac(group), hex('3333ffa1b2c3'))
  })

  it('refuses to build what the length fields cannot hold', () => {
    const fields = { source: new Uint8Array(4), destination: new Uint8Array(4), protocol: 1 }
    assert.throws(() => buildIpv4Packet(fields, new Uint8Array(65516)), RangeError)
    assert.throws(() => buildIpv6Packet({ ...fields, nextHeader: 1 }, new Uint8Array(65536)), RangeError)
  })
})

describe('net: hostile octets', () => {
  const packet6 = parseIpv6Packet(VECTORS.solicitation.subarray(14))!
  const ndpBody = (text: string, type = 135) =>
    parseNdp({ type, code: 0, body: hex(`00000000 20010db8000000000000000000000002 ${text}`) }, packet6)

  it('any octet of a header changed makes IPv4 and ICMP malformed', () => {
    for (let at = 14; at < VECTORS.echoRequest4.length; at++) {
      const frame = VECTORS.echoRequest4.slice()
      frame[at] = frame[at]! ^ 0x11
      const packet = parseIpv4Packet(frame.subarray(14))
      assert.equal(packet && parseIcmp(packet.payload), undefined, `octet ${at}`)
    }
  })

  it('any cut makes a frame malformed', () => {
    for (let length = 0; length < VECTORS.solicitation.length; length++) {
      const ether = parseEther(VECTORS.solicitation.subarray(0, length))
      assert.equal(ether && parseIpv6Packet(ether.payload), undefined, `${length} octets`)
    }
  })

  it('Neighbour Discovery with bad options, hop limit, code, target or source is discarded', () => {
    same(ndpBody('0101fefd00000001')?.target, hex('20010db8000000000000000000000002'))
    assert.equal(ndpBody('0100fefd00000001'), undefined, 'length 0')
    assert.equal(ndpBody('0102fefd00000001'), undefined, 'runs over the end')
    assert.equal(ndpBody('01'), undefined, 'half an option')
    const message = { type: 135, code: 0, body: hex(`00000000 ff020000000000000000000000000002`) }
    assert.equal(parseNdp(message, packet6), undefined, 'group as target')
    const good = { ...message, body: hex('00000000 20010db8000000000000000000000002') }
    assert.equal(parseNdp(good, { ...packet6, hopLimit: 254 }), undefined)
    assert.equal(parseNdp({ ...good, code: 1 }, packet6), undefined)
    assert.equal(parseNdp({ ...good, type: 133 }, packet6), undefined)
    const unspecified = { ...packet6, source: new Uint8Array(16) }
    assert.notEqual(parseNdp(good, unspecified), undefined)
    assert.equal(parseNdp(good, { ...unspecified, destination: good.body.subarray(4) }), undefined)
    const withOption = { ...good, body: hex('00000000 20010db8000000000000000000000002 0101fefd00000001') }
    assert.equal(parseNdp(withOption, unspecified), undefined)
    const solicitedToGroup = { ...good, type: 136, body: hex('40000000 20010db8000000000000000000000002') }
    assert.equal(parseNdp(solicitedToGroup, packet6), undefined)
  })

  it('no parser throws on random octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        parseEther(random)
        parseArp(random)
        parseIcmp(random)
        parseEcho(random)
        const packet4 = parseIpv4Packet(random)
        const packet = parseIpv6Packet(random) ?? packet6
        parseIcmpv6(random, packet4 ?? packet)
        parseNdp({ type: 135, code: 0, body: random }, packet)
        parseNdp({ type: 136, code: 0, body: random }, packet)
      }),
    )
  })
})
