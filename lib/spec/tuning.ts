/**
 * Options that every transport over UDP has, and what there is to say about them.
 */

import { networkInterface } from './address.js'
import { choice, choiceOrInteger, octets, integer } from './kinds.js'
import { parseIp } from './ip.js'
import { refuseField } from './refuse.js'

/** Options that every transport over UDP has. */
export interface UdpTuning {
  /** The interface to send and receive on: its name, its index in decimal, or an address it has. Left out: as the host's routes say. */
  interface?: string
  /** Size of each socket buffer, in octets, 4096 to 1 GiB. Left out: as the host has it set. */
  buffer?: number
  /** Clamping of the TCP MSS in SYNs: `auto` fits it to the path, `off` leaves it alone, a number (octets) sets it. Default `auto`. */
  mss: 'auto' | 'off' | number
  /** Segmentation offload of the UDP socket: `auto` uses what the kernel can do. Default `auto`. */
  offload: 'auto' | 'off'
  /** Largest IP packet inside a frame, in octets without the 14 of the Ethernet header. Left out: not limited. */
  mtu?: number
}

/** 536 is what every IPv4 host takes (RFC 9293 section 3.7.1); 65495 is the largest IPv4 packet without 20 + 20 octets of headers. */
const MSS = [536, 65495] as const
/** 68 is the least that IPv4 forwards whole (RFC 791); 65493 is the largest UDP payload over IPv4, 65507, without 14 octets of Ethernet. */
const MTU = [68, 65493] as const

/** The table entries of {@link UdpTuning}. */
export const udpTuning = [
  { name: 'interface', kind: networkInterface },
  { name: 'buffer', kind: octets(4096, 2 ** 30) },
  { name: 'mss', kind: choiceOrInteger(['auto', 'off'], ...MSS), default: 'auto' },
  { name: 'offload', kind: choice('auto', 'off'), default: 'auto' },
  { name: 'mtu', kind: integer(...MTU) },
] as const

/**
 * Moves the zone of an address (`ff02::1%eth0`) to the interface; both may be given if they are the same.
 *
 * @param field the name of the field that holds the address
 * @returns a spec with an address without zone
 * @throws EthercastError `ERR_ETHERCAST_FIELD` when zone and interface differ
 */
export function settleZone<
  Name extends string,
  Spec extends UdpTuning & { transport: string } & Record<Name, string>,
>(spec: Spec, field: Name): Spec {
  const [address, zone] = spec[field].split('%', 2) as [string, string?]
  if (zone === undefined) return spec
  if (spec.interface !== undefined && spec.interface !== zone) {
    refuseField(
      { transport: spec.transport, field: 'interface' },
      spec.interface,
      `interface ${spec.interface} differs from the zone of ${field}, ${zone}: give the same, or only one`,
    )
  }
  return { ...spec, [field]: address, interface: zone }
}

/** The parsed form of an address that a kind has already let through. */
export function knownIp(text: string) {
  return parseIp(text)!
}
