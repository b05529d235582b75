/**
 * The frames with which a host asks its link something: who has an address, is an address free, are you there.
 */

import { EthercastError } from '../spec/error.js'
import type { HostAddress } from './address.js'
import { ArpOperation, buildArp } from './arp.js'
import { BROADCAST_MAC, buildEther, EtherType } from './ether.js'
import { buildEcho, buildIcmp, ICMP_ECHO_HEADER_OCTETS, IcmpType } from './icmp.js'
import type { Echo } from './icmp.js'
import { buildIcmpv6, Icmpv6Type } from './icmpv6.js'
import { buildIpv4Packet, IpProtocol, IPV4_HEADER_OCTETS } from './ipv4.js'
import { buildIpv6Packet, IPV6_HEADER_OCTETS } from './ipv6.js'
import { buildNdp, multicastMac, NDP_HOP_LIMIT, solicitedNode } from './ndp.js'

/**
 * Asks who has `target`: an ARP request, or a solicitation to its solicited-node group.
 *
 * @param mac ours
 * @param source our address of the same family. Left out: a probe, which no one learns from (RFC 5227 section 2.1.1, RFC 4862
 *   section 5.4.2).
 */
export function whoHasFrame(mac: Uint8Array, target: HostAddress, source?: HostAddress): Uint8Array {
  if (target.family === 4) {
    const request = buildArp({
      operation: ArpOperation.request,
      senderMac: mac,
      senderIp: source?.octets ?? new Uint8Array(4),
      targetMac: new Uint8Array(6),
      targetIp: target.octets,
    })
    return buildEther({ destination: BROADCAST_MAC, source: mac, type: EtherType.arp }, request)
  }
  const group = solicitedNode(target.octets)
  const ends = { source: source?.octets ?? new Uint8Array(16), destination: group }
  const kind = 'solicitation'
  const message = buildNdp(
    source ? { kind, target: target.octets, sourceMac: mac } : { kind, target: target.octets },
  )
  const fields = { ...ends, nextHeader: IpProtocol.icmpv6, hopLimit: NDP_HOP_LIMIT }
  const header = { destination: multicastMac(group), source: mac, type: EtherType.ipv6 }
  return buildEther(header, buildIpv6Packet(fields, buildIcmpv6(message, ends)))
}

/** Where an echo request comes from and goes to; both addresses of one family. */
export interface EchoEnds {
  mac: Uint8Array
  source: HostAddress
  targetMac: Uint8Array
  target: HostAddress
}

/** An echo request. */
export function echoRequestFrame({ mac, source, targetMac, target }: EchoEnds, echo: Echo): Uint8Array {
  const body = buildEcho(echo)
  const ends = { source: source.octets, destination: target.octets }
  if (target.family === 4) {
    const message = buildIcmp({ type: IcmpType.echoRequest, code: 0, body })
    const packet = buildIpv4Packet({ ...ends, protocol: IpProtocol.icmp }, message)
    return buildEther({ destination: targetMac, source: mac, type: EtherType.ipv4 }, packet)
  }
  const message = buildIcmpv6({ type: Icmpv6Type.echoRequest, code: 0, body }, ends)
  const packet = buildIpv6Packet({ ...ends, nextHeader: IpProtocol.icmpv6 }, message)
  return buildEther({ destination: targetMac, source: mac, type: EtherType.ipv6 }, packet)
}

/**
 * Checks that an echo request fits into one packet.
 *
 * @param mtu octets of the largest IP packet
 * @throws EthercastError `ERR_ETHERCAST_FRAME_SIZE` when it does not, or the number is no whole one from 0
 */
export function checkEchoSize(family: 4 | 6, mtu: number, payloadOctets: number): void {
  const headers = (family === 4 ? IPV4_HEADER_OCTETS : IPV6_HEADER_OCTETS) + ICMP_ECHO_HEADER_OCTETS
  if (Number.isInteger(payloadOctets) && payloadOctets >= 0 && payloadOctets <= mtu - headers) return
  const message = `payloadOctets: ${payloadOctets} is not within 0–${mtu - headers}, what an MTU of ${mtu} leaves`
  throw new EthercastError('ERR_ETHERCAST_FRAME_SIZE', message, {
    field: 'payloadOctets',
    value: payloadOctets,
  })
}

/** The payload of our echo requests: 0, 1, … 255, 0, … so that a changed reply is told from a right one. */
export function echoPattern(octets: number): Uint8Array {
  const payload = new Uint8Array(octets)
  for (let i = 0; i < octets; i++) payload[i] = i
  return payload
}

/** Whether a payload is what {@link echoPattern} makes for its length. */
export function isEchoPattern(payload: Uint8Array): boolean {
  for (let i = 0; i < payload.length; i++) if (payload[i] !== (i & 0xff)) return false
  return true
}
