/**
 * ICMP for IPv4 (RFC 792): the common header, and the echo message, whose layout ICMPv6 shares.
 */

import { internetChecksum } from './checksum.js'
import { concat, get16, put16 } from './octets.js'

/** Octets before an echo message's payload. */
export const ICMP_ECHO_HEADER_OCTETS = 8

export const IcmpType = { echoReply: 0, unreachable: 3, echoRequest: 8, timeExceeded: 11 } as const

/** An ICMP or ICMPv6 message. What a parser returns are views. */
export interface IcmpMessage {
  type: number
  code: number
  /** What follows type, code and checksum. */
  body: Uint8Array
}

/** The rest of an echo request or reply. */
export interface Echo {
  /** 16 bits that tell one pinging program from another. */
  id: number
  /** 16 bits. */
  seq: number
  payload: Uint8Array
}

/** @returns undefined when it is shorter than 8 octets or the checksum is wrong */
export function parseIcmp(octets: Uint8Array): IcmpMessage | undefined {
  return parseIcmpWith(octets, 0)
}

/** The octets of an ICMP message with its checksum. */
export function buildIcmp(message: IcmpMessage): Uint8Array {
  return buildIcmpWith(message, () => 0)
}

/** As {@link parseIcmp} after a pseudo header. @param pseudo its sum */
export function parseIcmpWith(octets: Uint8Array, pseudo: number): IcmpMessage | undefined {
  if (octets.length < ICMP_ECHO_HEADER_OCTETS || internetChecksum(octets, pseudo) !== 0) return undefined
  return { type: octets[0]!, code: octets[1]!, body: octets.subarray(4) }
}

/** As {@link buildIcmp} after a pseudo header. @param pseudo its sum, given the message's length in octets */
export function buildIcmpWith(message: IcmpMessage, pseudo: (length: number) => number): Uint8Array {
  const octets = concat(new Uint8Array(4), message.body)
  octets[0] = message.type
  octets[1] = message.code
  put16(octets, 2, internetChecksum(octets, pseudo(octets.length)))
  return octets
}

/** The echo in the body of a message whose type says that it is one; undefined when the body is short. */
export function parseEcho(body: Uint8Array): Echo | undefined {
  if (body.length < 4) return undefined
  return { id: get16(body, 0), seq: get16(body, 2), payload: body.subarray(4) }
}

/** The body of an echo message; `payload` is copied. */
export function buildEcho({ id, seq, payload }: Echo): Uint8Array {
  const body = concat(new Uint8Array(4), payload)
  put16(body, 0, id)
  put16(body, 2, seq)
  return body
}
