/**
 * Generators of addresses and specs, for the property tests.
 */

import fc from 'fast-check'
import type { SpecObject } from '../../lib/spec/index.js'
import { dgram, stream } from './arbitrary_stream.js'
import { bess, fd } from './arbitrary_bess.js'
import { pcap } from './arbitrary_pcap.js'
import { daemonSpecs } from './arbitrary_daemon.js'

const octet = fc.integer({ min: 0, max: 255 })

/** Any dotted quad; or one with this first octet. */
export const ipv4 = (first = octet) => fc.tuple(first, octet, octet, octet).map((octets) => octets.join('.'))

/** Any 16 octets, with long runs of zeros as often as not. */
export const ipv6Octets = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])))

/** IPv6 addresses with this first group, spelled out in eight groups, in upper case or lower case. */
export const ipv6 = (first: fc.Arbitrary<string>) =>
  fc.tuple(first, ipv6Octets, fc.boolean()).map(([start, octets, upper]) => {
    const rest = [1, 2, 3, 4, 5, 6, 7].map((at) =>
      ((octets[2 * at]! << 8) | octets[2 * at + 1]!).toString(16),
    )
    const text = [start, ...rest].join(':')
    return upper ? text.toUpperCase() : text
  })

/** The MAC address of a station, in one of its spellings. */
export const mac = fc
  .tuple(fc.array(octet, { minLength: 6, maxLength: 6 }), fc.boolean(), fc.boolean())
  .map(([octets, upper, padded]) => {
    octets[0] = (octets[0]! & 0xfe) | 0x02
    const text = octets.map((value) => value.toString(16).padStart(padded ? 2 : 1, '0')).join(':')
    return upper ? text.toUpperCase() : text
  })

const port = fc.integer({ min: 1, max: 65535 })
const interfaceName = fc.stringMatching(/^[a-z][a-z0-9._@=-]{0,14}$/)

const tuning = {
  buffer: fc.integer({ min: 4096, max: 2 ** 30 }),
  mss: fc.oneof(fc.constantFrom('auto' as const, 'off' as const), fc.integer({ min: 536, max: 65495 })),
  offload: fc.constantFrom('auto' as const, 'off' as const),
  mtu: fc.integer({ min: 68, max: 65493 }),
}
const anyInterface = fc.oneof(
  interfaceName,
  fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  ipv4(fc.constant(10)),
  ipv6(fc.constant('fe80')),
)

/** Objects with any of these keys. */
const some = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [] })

const mcastRest = some({ mac, port, ttl: fc.integer({ min: 0, max: 255 }), loop: fc.boolean(), ...tuning })

const mcast4 = fc
  .record({
    rest: mcastRest,
    place: fc.record(
      { group: ipv4(fc.integer({ min: 225, max: 231 })), interface: anyInterface },
      { requiredKeys: [] },
    ),
  })
  .map(({ rest, place }): SpecObject => ({ transport: 'mcast', ...rest, ...place }))

const sourceSpecific = fc
  .record({
    rest: mcastRest,
    pair: fc.oneof(
      fc.record({ group: ipv4(fc.constant(232)), source: ipv4(fc.constant(10)) }),
      fc.record({ group: ipv6(fc.constant('ff35')), source: ipv6(fc.constant('2001')) }),
    ),
  })
  .map(({ rest, pair }): SpecObject => ({ transport: 'mcast', ...rest, ...pair }))

const withZone = fc
  .record({
    rest: mcastRest,
    group: ipv6(fc.constantFrom('ff01', 'ff02', 'ff05', 'ff1e')),
    zone: interfaceName,
  })
  .map(({ rest, group, zone }): SpecObject => ({ transport: 'mcast', ...rest, group: `${group}%${zone}` }))

const ucast = fc
  .record({
    rest: some({ mac, listenPort: port, remotePort: port, interface: anyInterface, ...tuning }),
    remote: fc.oneof(ipv4(fc.constant(10)), ipv6(fc.constant('2001'))),
  })
  .map(({ rest, remote }): SpecObject => ({ transport: 'ucast', ...rest, remote }))

const host = some({
  mac,
  maxFrame: fc.integer({ min: 14, max: 65535 }),
  ringOctets: fc.integer({ min: 18, max: 30 }).map((power) => 2 ** power),
}).map((rest): SpecObject => ({ transport: 'host', ...rest }))

const tapName = fc.stringMatching(/^[a-z][a-z0-9._@-]{0,14}$/)
const account = fc.oneof(
  fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,20}$/),
  fc.integer({ min: 0, max: 2 ** 32 - 2 }),
)
// Never the first or the last address of its net.
const hostIp = fc.oneof(
  fc
    .tuple(octet, fc.integer({ min: 1, max: 6 }), fc.option(fc.integer({ min: 8, max: 29 })))
    .map(([third, last, length]) => `198.18.${third}.${last}${length === null ? '' : `/${length}`}`),
  fc
    .tuple(ipv6(fc.constant('2001')), fc.option(fc.integer({ min: 1, max: 128 })))
    .map(([address, length]) => (length === null ? address : `${address}/${length}`)),
)

const tap = {
  mac,
  hostIp,
  mtu: fc.oneof(fc.constant('auto' as const), fc.integer({ min: 68, max: 65521 })),
  offload: fc.constantFrom('auto' as const, 'off' as const),
  owner: account,
  group: account,
  persist: fc.boolean(),
}
const tuntap = some({ device: tapName, ...tap }).map((rest): SpecObject => ({ transport: 'tuntap', ...rest }))
const ethertap = fc
  .tuple(tapName, some(tap))
  .map(([device, rest]): SpecObject => ({ transport: 'ethertap', device, ...rest }))

/** Specs that are allowed, in any spelling. */
export const validSpec = fc.oneof(
  mcast4,
  sourceSpecific,
  withZone,
  ucast,
  tuntap,
  ethertap,
  bess,
  daemonSpecs(mac),
  fd,
  pcap,
  host,
  stream,
  dgram,
)
