/**
 * ARP for IPv4 over Ethernet (RFC 826), with the probes of RFC 5227.
 */

import { get16, put16 } from './octets.js'

/** Octets of an ARP packet for IPv4 over Ethernet. */
export const ARP_OCTETS = 28

export const ArpOperation = { request: 1, reply: 2 } as const

const HARDWARE_ETHERNET = 1
const PROTOCOL_IPV4 = 0x0800

/** An ARP packet. What a parser returns are views. */
export interface ArpPacket {
  /** {@link ArpOperation}; others are parsed too. */
  operation: number
  senderMac: Uint8Array
  /** All zero in a probe (RFC 5227 section 1.1). */
  senderIp: Uint8Array
  targetMac: Uint8Array
  targetIp: Uint8Array
}

/**
 * Reads an ARP packet; octets after it (Ethernet padding) are let be.
 *
 * @returns undefined when it is short or not for IPv4 over Ethernet
 */
export function parseArp(payload: Uint8Array): ArpPacket | undefined {
  if (payload.length < ARP_OCTETS) return undefined
  if (get16(payload, 0) !== HARDWARE_ETHERNET || get16(payload, 2) !== PROTOCOL_IPV4) return undefined
  if (payload[4] !== 6 || payload[5] !== 4) return undefined
  return {
    operation: get16(payload, 6),
    senderMac: payload.subarray(8, 14),
    senderIp: payload.subarray(14, 18),
    targetMac: payload.subarray(18, 24),
    targetIp: payload.subarray(24, 28),
  }
}

/** The 28 octets of an ARP packet. */
export function buildArp(packet: ArpPacket): Uint8Array {
  const octets = new Uint8Array(ARP_OCTETS)
  put16(octets, 0, HARDWARE_ETHERNET)
  put16(octets, 2, PROTOCOL_IPV4)
  octets[4] = 6
  octets[5] = 4
  put16(octets, 6, packet.operation)
  octets.set(packet.senderMac, 8)
  octets.set(packet.senderIp, 14)
  octets.set(packet.targetMac, 18)
  octets.set(packet.targetIp, 24)
  return octets
}
