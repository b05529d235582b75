/**
 * The IPv6 header and the extension headers before the payload (RFC 8200). Fragments are told apart and not reassembled.
 */

import { DEFAULT_TTL } from './ipv4.js'
import { concat, get16, put16 } from './octets.js'

export const IPV6_HEADER_OCTETS = 40

const NextHeader = { hopByHop: 0, routing: 43, fragment: 44, destinationOptions: 60 } as const

/** Extension headers followed at most; more is not seen in practice, and a limit bounds the work a frame can cause. */
const MAX_EXTENSIONS = 8
const MAX_PAYLOAD = 0xffff

/** An IPv6 packet. What a parser returns are views. */
export interface Ipv6Packet {
  source: Uint8Array
  destination: Uint8Array
  /** The protocol of `payload`, after the extension headers. */
  nextHeader: number
  /** 0–255 */
  hopLimit: number
  /** True when there is a fragment header; `payload` is then what follows it. */
  fragment: boolean
  /** Cut to the header's payload length: no Ethernet padding in it. */
  payload: Uint8Array
}

/** @returns undefined for a wrong version or length, and for a routing header that has segments left */
export function parseIpv6Packet(octets: Uint8Array): Ipv6Packet | undefined {
  if (octets.length < IPV6_HEADER_OCTETS || octets[0]! >> 4 !== 6) return undefined
  const end = IPV6_HEADER_OCTETS + get16(octets, 4)
  if (end > octets.length) return undefined
  let nextHeader = octets[6]!
  let offset = IPV6_HEADER_OCTETS
  let fragment = false
  for (let seen = 0; isExtension(nextHeader); seen++) {
    if (seen === MAX_EXTENSIONS || offset + 8 > end) return undefined
    if (nextHeader === NextHeader.routing && octets[offset + 3] !== 0) return undefined
    const isFragment = nextHeader === NextHeader.fragment
    const length = isFragment ? 8 : (octets[offset + 1]! + 1) * 8
    nextHeader = octets[offset]!
    offset += length
    if (offset > end) return undefined
    if (isFragment) {
      fragment = true
      break
    }
  }
  return {
    source: octets.subarray(8, 24),
    destination: octets.subarray(24, 40),
    nextHeader,
    hopLimit: octets[7]!,
    fragment,
    payload: octets.subarray(offset, end),
  }
}

function isExtension(nextHeader: number): boolean {
  return (
    nextHeader === NextHeader.hopByHop ||
    nextHeader === NextHeader.routing ||
    nextHeader === NextHeader.fragment ||
    nextHeader === NextHeader.destinationOptions
  )
}

/** What {@link buildIpv6Packet} takes. */
export interface Ipv6Fields {
  source: Uint8Array
  destination: Uint8Array
  nextHeader: number
  /** Default 64. */
  hopLimit?: number
}

/**
 * A packet without extension headers, traffic class and flow label zero; `payload` is copied.
 *
 * @throws RangeError when the payload is longer than 65535 octets
 */
export function buildIpv6Packet(fields: Ipv6Fields, payload: Uint8Array): Uint8Array {
  if (payload.length > MAX_PAYLOAD) {
    throw new RangeError(`an IPv6 packet carries ${MAX_PAYLOAD} octets, not ${payload.length}`)
  }
  const header = new Uint8Array(IPV6_HEADER_OCTETS)
  header[0] = 0x60
  put16(header, 4, payload.length)
  header[6] = fields.nextHeader
  header[7] = fields.hopLimit ?? DEFAULT_TTL
  header.set(fields.source, 8)
  header.set(fields.destination, 24)
  return concat(header, payload)
}
