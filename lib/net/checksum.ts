/**
 * The internet checksum (RFC 1071) and the pseudo headers that TCP, UDP (RFC 9293, RFC 768) and everything over IPv6
 * (RFC 8200 section 8.1) put before it.
 */

import { get16 } from './octets.js'

/**
 * Ones' complement sum of 16-bit words in network order, folded to 16 bits, not complemented. An odd last octet counts as if
 * a zero followed.
 *
 * @param initial an earlier sum to go on from; the earlier part must have had an even number of octets
 */
export function sum16(octets: Uint8Array, initial = 0): number {
  let sum = initial
  const even = octets.length & ~1
  for (let i = 0; i < even; i += 2) sum += get16(octets, i)
  if (even !== octets.length) sum += octets[even]! << 8
  // Exact: even 2^32 octets of 0xff stay far below 2^53.
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000)
  return sum
}

/**
 * The checksum field for these octets (RFC 1071 section 1), whose own field must be zero. Over octets with a right field in
 * them the result is 0.
 *
 * @param initial sum of what goes before, as a pseudo header
 */
export function internetChecksum(octets: Uint8Array, initial = 0): number {
  return ~sum16(octets, initial) & 0xffff
}

/**
 * Sum of the IPv4 pseudo header (RFC 9293 section 3.1).
 *
 * @param length octets of the upper-layer packet, header included
 */
export function pseudoSum4(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  length: number,
): number {
  return sum16(destination, sum16(source, protocol + length))
}

/**
 * Sum of the IPv6 pseudo header (RFC 8200 section 8.1).
 *
 * @param length octets of the upper-layer packet, header included, extension headers not
 */
export function pseudoSum6(
  source: Uint8Array,
  destination: Uint8Array,
  nextHeader: number,
  length: number,
): number {
  return sum16(destination, sum16(source, nextHeader + (length >>> 16) + (length & 0xffff)))
}
