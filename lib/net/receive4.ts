/**
 * What an IP host does with an IPv4 packet: answers echo requests (RFC 1122 section 3.2.2.6), passes on echo replies.
 */

import { isUnicast } from './address.js'
import { buildEther, EtherType, isGroupMac } from './ether.js'
import type { EtherFrame } from './ether.js'
import { buildEcho, buildIcmp, IcmpType, parseEcho, parseIcmp } from './icmp.js'
import type { Echo } from './icmp.js'
import { buildIpv4Packet, IpProtocol, parseIpv4Packet } from './ipv4.js'
import type { Ipv4Packet } from './ipv4.js'
import type { Outcome, Receiver } from './receive.js'

/** Deals with the payload of an IPv4 frame. Broadcast pings are not answered (RFC 1122 lets us): they serve amplification. */
export function receiveIpv4(host: Receiver, ether: EtherFrame): Outcome {
  const packet = parseIpv4Packet(ether.payload)
  if (packet === undefined) return 'malformed'
  if (isGroupMac(ether.destination) || !host.owns(packet.destination)) return 'notForUs'
  if (!isUnicast(packet.source) || host.owns(packet.source)) return 'malformed'
  if (packet.fragment !== undefined) return 'fragment'
  if (packet.protocol !== IpProtocol.icmp) return 'unhandled'
  const message = parseIcmp(packet.payload)
  const echo = message && parseEcho(message.body)
  if (message === undefined || echo === undefined) return 'malformed'
  if (message.code !== 0) return 'unhandled'
  if (message.type === IcmpType.echoRequest) {
    host.answer(echoReplyFrame(host, ether, packet, echo), 'echo')
    return 'handled'
  }
  if (message.type !== IcmpType.echoReply) return 'unhandled'
  host.echoReply({ from: packet.source, ttl: packet.ttl, ...echo })
  return 'handled'
}

function echoReplyFrame(host: Receiver, ether: EtherFrame, packet: Ipv4Packet, echo: Echo): Uint8Array {
  const message = buildIcmp({ type: IcmpType.echoReply, code: 0, body: buildEcho(echo) })
  const fields = { source: packet.destination, destination: packet.source, protocol: IpProtocol.icmp }
  const header = { destination: ether.source, source: host.mac, type: EtherType.ipv4 }
  return buildEther(header, buildIpv4Packet(fields, message))
}
