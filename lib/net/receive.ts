/**
 * What an IP host does with a frame: the part that IPv4 and IPv6 have in common, and ARP. No state here: the host has it.
 */

import { ArpOperation, buildArp, parseArp } from './arp.js'
import { isUnicast } from './address.js'
import { buildEther, ETHER_HEADER_OCTETS, EtherType, isGroupMac, parseEther } from './ether.js'
import type { EtherFrame } from './ether.js'
import { sameOctets } from './octets.js'
import { receiveIpv4 } from './receive4.js'
import { receiveIpv6 } from './receive6.js'

/**
 * What became of a frame. `handled`: understood, answered if it asked. All others were ignored: `own` has our source MAC,
 * `tagged` is on a VLAN, `fragment` would need reassembly, `unhandled` is a protocol or message that the host does not have.
 */
export type Outcome = 'handled' | 'own' | 'notForUs' | 'tagged' | 'malformed' | 'fragment' | 'unhandled'

/** An echo reply to one of our addresses. The octets are views that do not outlive the call. */
export interface EchoReplyPacket {
  from: Uint8Array
  id: number
  seq: number
  /** TTL or hop limit, 0–255. */
  ttl: number
  payload: Uint8Array
}

/** What the receiving half needs of its host. Octets handed over are views that do not outlive the call. */
export interface Receiver {
  readonly mac: Uint8Array
  /** Whether an address is one of ours. */
  owns(address: Uint8Array): boolean
  /** Sends an answer, or drops and counts it; never throws. */
  answer(frame: Uint8Array, kind: 'arp' | 'ndp' | 'echo'): void
  /** A neighbour that asked us something: it is worth knowing where it is. */
  learn(address: Uint8Array, mac: Uint8Array): void
  /** A neighbour said that it has an address. @param override false: do not replace what is known (RFC 4861 section 7.2.5) */
  heard(address: Uint8Array, mac: Uint8Array, override: boolean): void
  /** A neighbour asks whether anyone has this address, because it wants it. */
  wanted(address: Uint8Array, mac: Uint8Array): void
  echoReply(reply: EchoReplyPacket): void
}

/** Deals with one frame. Never throws, whatever the octets. */
export function receive(host: Receiver, frame: Uint8Array): Outcome {
  if (frame.length < ETHER_HEADER_OCTETS) return 'malformed'
  // Before anything is allocated: on a hub, most frames are someone else's.
  if (!isAddressedTo(host.mac, frame)) return 'notForUs'
  const ether = parseEther(frame)
  if (ether === undefined || isGroupMac(ether.source)) return 'malformed'
  if (sameOctets(ether.source, host.mac)) return 'own'
  // VLAN 0 is a priority on an untagged frame (IEEE 802.1Q clause 6.9).
  if (ether.vlans?.some((vlan) => vlan !== 0)) return 'tagged'
  switch (ether.type) {
    case EtherType.arp:
      return receiveArp(host, ether)
    case EtherType.ipv4:
      return receiveIpv4(host, ether)
    case EtherType.ipv6:
      return receiveIpv6(host, ether)
    default:
      return 'unhandled'
  }
}

/** Whether the frame's destination is this station, broadcast, or an IPv6 group (33:33:…). */
function isAddressedTo(mac: Uint8Array, frame: Uint8Array): boolean {
  if (frame[0] === 0x33 && frame[1] === 0x33) return true
  return (
    startsWith(frame, mac) || (frame[0] === 0xff && frame.subarray(0, 6).every((octet) => octet === 0xff))
  )
}

function startsWith(frame: Uint8Array, mac: Uint8Array): boolean {
  for (let i = 0; i < 6; i++) if (frame[i] !== mac[i]) return false
  return true
}

/** RFC 826, "Packet Reception", and the probes of RFC 5227. */
function receiveArp(host: Receiver, ether: EtherFrame): Outcome {
  const arp = parseArp(ether.payload)
  if (arp === undefined || isGroupMac(arp.senderMac)) return 'malformed'
  const isProbe = arp.senderIp.every((octet) => octet === 0)
  if (!isProbe && !isUnicast(arp.senderIp)) return 'malformed'
  if (!isProbe) host.heard(arp.senderIp, arp.senderMac, true)
  if (arp.operation !== ArpOperation.request) return 'handled'
  if (isProbe) host.wanted(arp.targetIp, arp.senderMac)
  if (!host.owns(arp.targetIp)) return 'notForUs'
  if (!isProbe) host.learn(arp.senderIp, arp.senderMac)
  const reply = buildArp({
    operation: ArpOperation.reply,
    senderMac: host.mac,
    senderIp: arp.targetIp,
    targetMac: arp.senderMac,
    targetIp: arp.senderIp,
  })
  const header = { destination: arp.senderMac, source: host.mac, type: EtherType.arp }
  host.answer(buildEther(header, reply), 'arp')
  return 'handled'
}
