/**
 * The IPv4 header (RFC 791). Options are stepped over; fragments are told apart and not reassembled.
 */

import { internetChecksum } from './checksum.js'
import { concat, get16, put16 } from './octets.js'

export const IPV4_HEADER_OCTETS = 20

/** IP protocol numbers, which IPv6 calls next headers (IANA). */
export const IpProtocol = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const

/** Hop limit of what we send ourselves, the value IANA recommends. */
export const DEFAULT_TTL = 64

const DONT_FRAGMENT = 0x4000
const MORE_FRAGMENTS = 0x2000
const MAX_TOTAL = 0xffff

/** An IPv4 packet. What a parser returns are views. */
export interface Ipv4Packet {
  source: Uint8Array
  destination: Uint8Array
  protocol: number
  /** 0–255 */
  ttl: number
  identification: number
  dontFragment: boolean
  /** Left out: a whole packet. Offset in octets. */
  fragment?: { offset: number; more: boolean }
  /** Cut to the header's total length: no Ethernet padding in it. */
  payload: Uint8Array
}

/** @returns undefined for a wrong version, length or header checksum */
export function parseIpv4Packet(octets: Uint8Array): Ipv4Packet | undefined {
  if (octets.length < IPV4_HEADER_OCTETS || octets[0]! >> 4 !== 4) return undefined
  const headerOctets = (octets[0]! & 15) * 4
  const total = get16(octets, 2)
  if (headerOctets < IPV4_HEADER_OCTETS || total < headerOctets || total > octets.length) return undefined
  if (internetChecksum(octets.subarray(0, headerOctets)) !== 0) return undefined
  const flags = get16(octets, 6)
  const packet: Ipv4Packet = {
    source: octets.subarray(12, 16),
    destination: octets.subarray(16, 20),
    protocol: octets[9]!,
    ttl: octets[8]!,
    identification: get16(octets, 4),
    dontFragment: (flags & DONT_FRAGMENT) !== 0,
    payload: octets.subarray(headerOctets, total),
  }
  const offset = (flags & 0x1fff) * 8
  const more = (flags & MORE_FRAGMENTS) !== 0
  if (more || offset > 0) packet.fragment = { offset, more }
  return packet
}

/** What {@link buildIpv4Packet} takes. */
export interface Ipv4Fields {
  source: Uint8Array
  destination: Uint8Array
  protocol: number
  /** Default 64. */
  ttl?: number
  /** Default 0, as RFC 6864 allows for what is never fragmented. */
  identification?: number
  /** Default true. */
  dontFragment?: boolean
}

/**
 * A whole packet without options; `payload` is copied.
 *
 * @throws RangeError when it would be longer than 65535 octets
 */
export function buildIpv4Packet(fields: Ipv4Fields, payload: Uint8Array): Uint8Array {
  const total = IPV4_HEADER_OCTETS + payload.length
  if (total > MAX_TOTAL) throw new RangeError(`an IPv4 packet holds ${MAX_TOTAL} octets, not ${total}`)
  const header = new Uint8Array(IPV4_HEADER_OCTETS)
  header[0] = 0x45
  put16(header, 2, total)
  put16(header, 4, fields.identification ?? 0)
  put16(header, 6, (fields.dontFragment ?? true) ? DONT_FRAGMENT : 0)
  header[8] = fields.ttl ?? DEFAULT_TTL
  header[9] = fields.protocol
  header.set(fields.source, 12)
  header.set(fields.destination, 16)
  put16(header, 10, internetChecksum(header))
  return concat(header, payload)
}
