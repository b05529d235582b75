/**
 * What an IP host does with an IPv6 packet: answers neighbour solicitations (RFC 4861 section 7.2.4) and echo requests
 * (RFC 4443 section 4.2), passes on advertisements and echo replies.
 */

import { isUnicast, linkLocalOf } from './address.js'
import { buildEther, EtherType, isGroupMac } from './ether.js'
import type { EtherFrame } from './ether.js'
import { buildEcho, parseEcho } from './icmp.js'
import type { Echo } from './icmp.js'
import { buildIcmpv6, Icmpv6Type, parseIcmpv6 } from './icmpv6.js'
import { IpProtocol } from './ipv4.js'
import { buildIpv6Packet, parseIpv6Packet } from './ipv6.js'
import type { Ipv6Packet } from './ipv6.js'
import { ALL_NODES, buildNdp, multicastMac, NDP_HOP_LIMIT, parseNdp } from './ndp.js'
import type { NdpMessage } from './ndp.js'
import { sameOctets } from './octets.js'
import type { Outcome, Receiver } from './receive.js'

/** Deals with the payload of an IPv6 frame. */
export function receiveIpv6(host: Receiver, ether: EtherFrame): Outcome {
  const packet = parseIpv6Packet(ether.payload)
  if (packet === undefined) return 'malformed'
  const toGroup = packet.destination[0] === 0xff
  if (toGroup ? !isOurGroup(packet.destination) : !host.owns(packet.destination)) return 'notForUs'
  if (isGroupMac(ether.destination) && !toGroup) return 'notForUs'
  if (packet.fragment) return 'fragment'
  if (packet.nextHeader !== IpProtocol.icmpv6) return 'unhandled'
  const message = parseIcmpv6(packet.payload, packet)
  if (message === undefined) return 'malformed'
  // Who has an address of ours says so from that very address: advertisements must get through, nothing else.
  if (host.owns(packet.source) && message.type !== Icmpv6Type.neighbourAdvertisement) return 'malformed'
  if (
    message.type === Icmpv6Type.neighbourSolicitation ||
    message.type === Icmpv6Type.neighbourAdvertisement
  ) {
    const ndp = parseNdp(message, packet)
    return ndp === undefined ? 'malformed' : receiveNdp(host, ether, packet, ndp)
  }
  if (message.type !== Icmpv6Type.echoRequest && message.type !== Icmpv6Type.echoReply) return 'unhandled'
  const echo = parseEcho(message.body)
  if (echo === undefined || message.code !== 0 || !isUnicast(packet.source)) return 'malformed'
  if (message.type === Icmpv6Type.echoReply) {
    host.echoReply({ from: packet.source, ttl: packet.hopLimit, ...echo })
  } else {
    const source = toGroup ? linkLocalOf(host.mac).octets : packet.destination
    if (!host.owns(source)) return 'notForUs'
    host.answer(echoReplyFrame(host, ether, { source, destination: packet.source }, echo), 'echo')
  }
  return 'handled'
}

/** ff02::1, or a solicited-node group: whose it is, the target of the solicitation tells. */
function isOurGroup(group: Uint8Array): boolean {
  return sameOctets(group, ALL_NODES) || (group[1] === 2 && group[11] === 1 && group[12] === 0xff)
}

function receiveNdp(host: Receiver, ether: EtherFrame, packet: Ipv6Packet, ndp: NdpMessage): Outcome {
  if (!isUnicast(ndp.target)) return 'malformed'
  if (ndp.kind === 'advertisement') {
    if (ndp.targetMac !== undefined && isGroupMac(ndp.targetMac)) return 'malformed'
    // A unicast answer may leave the option out: then the frame tells where it came from.
    host.heard(ndp.target, ndp.targetMac ?? ether.source, ndp.override)
    return 'handled'
  }
  if (ndp.sourceMac !== undefined && isGroupMac(ndp.sourceMac)) return 'malformed'
  const isDad = packet.source.every((octet) => octet === 0)
  if (!isDad && !isUnicast(packet.source)) return 'malformed'
  if (isDad) host.wanted(ndp.target, ether.source)
  if (!host.owns(ndp.target)) return 'notForUs'
  const mac = ndp.sourceMac ?? ether.source
  if (!isDad) host.learn(packet.source, mac)
  const ends = { source: ndp.target, destination: isDad ? ALL_NODES : packet.source }
  const answer = buildNdp({
    kind: 'advertisement',
    target: ndp.target,
    router: false,
    solicited: !isDad,
    override: true,
    targetMac: host.mac,
  })
  const fields = { ...ends, nextHeader: IpProtocol.icmpv6, hopLimit: NDP_HOP_LIMIT }
  const destination = isDad ? multicastMac(ALL_NODES) : mac
  const header = { destination, source: host.mac, type: EtherType.ipv6 }
  host.answer(buildEther(header, buildIpv6Packet(fields, buildIcmpv6(answer, ends))), 'ndp')
  return 'handled'
}

type Ends = Pick<Ipv6Packet, 'source' | 'destination'>

function echoReplyFrame(host: Receiver, ether: EtherFrame, ends: Ends, echo: Echo): Uint8Array {
  const message = { type: Icmpv6Type.echoReply, code: 0, body: buildEcho(echo) }
  const header = { destination: ether.source, source: host.mac, type: EtherType.ipv6 }
  const fields = { ...ends, nextHeader: IpProtocol.icmpv6 }
  return buildEther(header, buildIpv6Packet(fields, buildIcmpv6(message, ends)))
}
