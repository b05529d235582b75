/**
 * ICMPv6 (RFC 4443): as ICMP, with a checksum that also covers the IPv6 pseudo header.
 */

import { pseudoSum6 } from './checksum.js'
import { buildIcmpWith, parseIcmpWith } from './icmp.js'
import type { IcmpMessage } from './icmp.js'
import { IpProtocol } from './ipv4.js'

export const Icmpv6Type = {
  unreachable: 1,
  packetTooBig: 2,
  timeExceeded: 3,
  echoRequest: 128,
  echoReply: 129,
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
} as const

/** The two addresses that the checksum covers. */
export interface Icmpv6Ends {
  source: Uint8Array
  destination: Uint8Array
}

/** @returns undefined when it is shorter than 8 octets or the checksum is wrong for these addresses */
export function parseIcmpv6(
  octets: Uint8Array,
  { source, destination }: Icmpv6Ends,
): IcmpMessage | undefined {
  return parseIcmpWith(octets, pseudoSum6(source, destination, IpProtocol.icmpv6, octets.length))
}

/** The octets of an ICMPv6 message with its checksum. */
export function buildIcmpv6(message: IcmpMessage, { source, destination }: Icmpv6Ends): Uint8Array {
  return buildIcmpWith(message, (length) => pseudoSum6(source, destination, IpProtocol.icmpv6, length))
}
