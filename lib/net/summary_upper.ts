/**
 * The words about what an IP packet carries: ICMP, ICMPv6 with Neighbour Discovery, UDP, TCP. See `summary.ts`.
 */

import { formatIpv6 } from '../spec/ip.js'
import { formatMac } from '../spec/mac.js'
import { IcmpType, parseEcho, parseIcmp } from './icmp.js'
import type { IcmpMessage } from './icmp.js'
import { Icmpv6Type, parseIcmpv6 } from './icmpv6.js'
import { IpProtocol } from './ipv4.js'
import { parseNdp } from './ndp.js'
import { get16, get32 } from './octets.js'

/** What of an IP packet is needed to describe its payload. */
export interface UpperPacket {
  source: Uint8Array
  destination: Uint8Array
  protocol: number
  ttl: number
  payload: Uint8Array
}

/** The words, and the ports that belong to the addresses. */
export interface UpperSummary {
  sourcePort?: number
  destinationPort?: number
  text: string
}

/** TCP flags from the lowest bit up (RFC 9293 section 3.1). */
const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR']

/** Describes the payload of an unfragmented packet. UDP and TCP checksums are not checked: offload leaves them unfinished. */
export function summariseUpper(packet: UpperPacket): UpperSummary {
  const isIpv4 = packet.source.length === 4
  if (packet.protocol === IpProtocol.icmp && isIpv4) return { text: summariseIcmp(packet.payload) }
  if (packet.protocol === IpProtocol.icmpv6 && !isIpv4) return { text: summariseIcmpv6(packet) }
  if (packet.protocol === IpProtocol.udp) return summariseUdp(packet.payload)
  if (packet.protocol === IpProtocol.tcp) return summariseTcp(packet.payload)
  return { text: `protocol ${packet.protocol} length ${packet.payload.length}` }
}

function summariseIcmp(payload: Uint8Array): string {
  const message = parseIcmp(payload)
  if (message === undefined) return 'ICMP malformed'
  const { type, code } = message
  if (type === IcmpType.echoRequest) return `ICMP echo request ${idAndSeq(message)}`
  if (type === IcmpType.echoReply) return `ICMP echo reply ${idAndSeq(message)}`
  if (type === IcmpType.unreachable) return `ICMP unreachable code ${code}`
  if (type === IcmpType.timeExceeded) return `ICMP time exceeded code ${code}`
  return `ICMP type ${type} code ${code}`
}

/** A parsed message has room for both. */
function idAndSeq({ body }: IcmpMessage): string {
  const { id, seq } = parseEcho(body)!
  return `id ${id} seq ${seq}`
}

const ICMPV6_NAMES: ReadonlyMap<number, string> = new Map([
  [Icmpv6Type.unreachable, 'unreachable'],
  [Icmpv6Type.packetTooBig, 'packet too big'],
  [Icmpv6Type.timeExceeded, 'time exceeded'],
  [Icmpv6Type.routerSolicitation, 'router solicitation'],
  [Icmpv6Type.routerAdvertisement, 'router advertisement'],
  [Icmpv6Type.neighbourSolicitation, 'malformed neighbour solicitation'],
  [Icmpv6Type.neighbourAdvertisement, 'malformed neighbour advertisement'],
  [143, 'multicast listener report'],
])

function summariseIcmpv6(packet: UpperPacket): string {
  const message = parseIcmpv6(packet.payload, packet)
  if (message === undefined) return 'ICMPv6 malformed'
  if (message.type === Icmpv6Type.echoRequest) return `ICMPv6 echo request ${idAndSeq(message)}`
  if (message.type === Icmpv6Type.echoReply) return `ICMPv6 echo reply ${idAndSeq(message)}`
  const ndp = parseNdp(message, {
    ...packet,
    hopLimit: packet.ttl,
    nextHeader: packet.protocol,
    fragment: false,
  })
  if (ndp === undefined) {
    const name = ICMPV6_NAMES.get(message.type)
    return `ICMPv6 ${name ?? `type ${message.type}`} code ${message.code}`
  }
  const target = formatIpv6(ndp.target)
  if (ndp.kind === 'solicitation') return `ICMPv6 neighbour solicitation who-has ${target}`
  const where = ndp.targetMac === undefined ? '' : ` is-at ${formatMac(ndp.targetMac)}`
  const flags = [ndp.router && 'router', ndp.solicited && 'solicited', ndp.override && 'override']
  return ['ICMPv6 neighbour advertisement', `${target}${where}`, ...flags].filter(Boolean).join(' ')
}

function summariseUdp(payload: Uint8Array): UpperSummary {
  if (payload.length < 8) return { text: 'UDP malformed' }
  return { ...ports(payload), text: `UDP length ${payload.length - 8}` }
}

function summariseTcp(payload: Uint8Array): UpperSummary {
  if (payload.length < 20) return { text: 'TCP malformed' }
  const headerOctets = (payload[12]! >> 4) * 4
  if (headerOctets < 20 || headerOctets > payload.length) return { text: 'TCP malformed' }
  const flags = TCP_FLAGS.filter((_, bit) => payload[13]! & (1 << bit))
  const names = flags.length === 0 ? 'none' : flags.join(',')
  const ack = payload[13]! & 0x10 ? ` ack ${get32(payload, 8)}` : ''
  const text = `TCP ${names} seq ${get32(payload, 4)}${ack} win ${get16(payload, 14)} length ${payload.length - headerOctets}`
  return { ...ports(payload), text }
}

function ports(payload: Uint8Array): { sourcePort: number; destinationPort: number } {
  return { sourcePort: get16(payload, 0), destinationPort: get16(payload, 2) }
}
