/**
 * The Ethernet II header (RFC 894) and IEEE 802.1Q / 802.1ad tags.
 */

import { concat, get16, put16 } from './octets.js'

export const ETHER_HEADER_OCTETS = 14

/** EtherTypes as IANA and IEEE list them. */
export const EtherType = {
  ipv4: 0x0800,
  arp: 0x0806,
  ipv6: 0x86dd,
  vlan: 0x8100,
  serviceVlan: 0x88a8,
} as const

/** ff:ff:ff:ff:ff:ff. Shared: not to be written to. */
export const BROADCAST_MAC: Uint8Array = new Uint8Array(6).fill(0xff)

/** Tags looked through at most. */
const MAX_TAGS = 2

/** One Ethernet frame. What a parser returns are views into the frame. */
export interface EtherFrame {
  destination: Uint8Array
  source: Uint8Array
  /** EtherType; below 0x600 it is an IEEE 802.3 length, and the payload starts with an LLC header. */
  type: number
  /** VLAN identifiers (0–4095), outermost first. Left out: no tag. */
  vlans?: number[]
  payload: Uint8Array
}

/**
 * Takes a frame apart, through up to two VLAN tags.
 *
 * @returns undefined when it is shorter than its headers
 */
export function parseEther(frame: Uint8Array): EtherFrame | undefined {
  if (frame.length < ETHER_HEADER_OCTETS) return undefined
  let type = get16(frame, 12)
  let offset = ETHER_HEADER_OCTETS
  let vlans: number[] | undefined
  while ((type === EtherType.vlan || type === EtherType.serviceVlan) && (vlans?.length ?? 0) < MAX_TAGS) {
    if (frame.length < offset + 4) return undefined
    vlans = [...(vlans ?? []), get16(frame, offset) & 0xfff]
    type = get16(frame, offset + 2)
    offset += 4
  }
  const parsed: EtherFrame = {
    destination: frame.subarray(0, 6),
    source: frame.subarray(6, 12),
    type,
    payload: frame.subarray(offset),
  }
  if (vlans !== undefined) parsed.vlans = vlans
  return parsed
}

/** What {@link buildEther} takes: an untagged frame. */
export type EtherFields = Pick<EtherFrame, 'destination' | 'source' | 'type'>

/** An untagged frame around `payload`, which is copied. It is not padded to 60 octets: virtual links carry short frames. */
export function buildEther({ destination, source, type }: EtherFields, payload: Uint8Array): Uint8Array {
  const frame = concat(destination, source, new Uint8Array(2), payload)
  put16(frame, 12, type)
  return frame
}

/** Whether a MAC address is that of a group: multicast or broadcast. */
export function isGroupMac(mac: Uint8Array): boolean {
  return (mac[0]! & 1) === 1
}
