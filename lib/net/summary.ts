/**
 * One line about a frame, for people who watch a LAN on a terminal. Everything in it is made from numbers and fixed words, so that
 * no frame can send control characters to the terminal.
 */

import { formatIp } from '../spec/ip.js'
import { formatMac } from '../spec/mac.js'
import { ArpOperation, parseArp } from './arp.js'
import { EtherType, parseEther } from './ether.js'
import type { EtherFrame } from './ether.js'
import { parseIpv4Packet } from './ipv4.js'
import { parseIpv6Packet } from './ipv6.js'
import { summariseUpper } from './summary_upper.js'
import type { UpperPacket } from './summary_upper.js'

export interface SummaryOptions {
  /** Begin every line with the MAC addresses. Default: only those of frames that are not IP, or are broken. */
  macs?: boolean
}

/**
 * Sums a frame up, as in `fe:fd:00:00:00:01 > ff:ff:ff:ff:ff:ff ARP who-has 198.18.0.2 tell 198.18.0.1 (42)` or
 * `IPv4 198.18.0.1 > 198.18.0.2 ICMP echo request id 1 seq 2 (98)`.
 *
 * @returns one line of printable ASCII; the number in parentheses is the frame's length in octets, FCS excluded
 */
export function summarise(frame: Uint8Array, { macs = false }: SummaryOptions = {}): string {
  const ether = parseEther(frame)
  if (ether === undefined) return `short frame (${frame.length})`
  const packet = packetIn(ether)
  const withMacs = macs || packet === undefined
  const stations = withMacs ? `${formatMac(ether.source)} > ${formatMac(ether.destination)} ` : ''
  const vlans = ether.vlans?.map((vlan) => `vlan ${vlan} `).join('') ?? ''
  return `${stations}${vlans}${packet ?? summariseOther(ether)} (${frame.length})`
}

/** IPv4 and IPv6 packets; undefined for everything else. */
function packetIn({ type, payload }: EtherFrame): string | undefined {
  if (type === EtherType.ipv4) {
    const packet = parseIpv4Packet(payload)
    if (packet === undefined) return undefined
    const { protocol, fragment } = packet
    const name = fragment && `fragment at ${fragment.offset}${fragment.more ? ', more follow' : ''}`
    return ends('IPv4', { ...packet, protocol, fragment: name })
  }
  if (type === EtherType.ipv6) {
    const packet = parseIpv6Packet(payload)
    if (packet === undefined) return undefined
    return ends('IPv6', {
      ...packet,
      protocol: packet.nextHeader,
      ttl: packet.hopLimit,
      fragment: packet.fragment ? 'fragment' : undefined,
    })
  }
  return undefined
}

function ends(name: string, packet: UpperPacket & { fragment: string | undefined }): string {
  const family = packet.source.length === 4 ? 4 : 6
  const source = formatIp({ family, octets: packet.source })
  const destination = formatIp({ family, octets: packet.destination })
  if (packet.fragment !== undefined) {
    return `${name} ${source} > ${destination} protocol ${packet.protocol} ${packet.fragment}`
  }
  const { sourcePort, destinationPort, text } = summariseUpper(packet)
  const from = sourcePort === undefined ? source : withPort(source, sourcePort)
  const to = destinationPort === undefined ? destination : withPort(destination, destinationPort)
  return `${name} ${from} > ${to} ${text}`
}

function withPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** What stands in a frame that carries no readable IP packet. */
function summariseOther({ type, payload }: EtherFrame): string {
  if (type === EtherType.arp) return summariseArp(payload)
  if (type === EtherType.ipv4) return 'IPv4 malformed'
  if (type === EtherType.ipv6) return 'IPv6 malformed'
  if (type < 0x600) return `802.3 length ${type}`
  return `ethertype 0x${type.toString(16).padStart(4, '0')}`
}

function summariseArp(payload: Uint8Array): string {
  const arp = parseArp(payload)
  if (arp === undefined) return 'ARP malformed'
  const sender = formatIp({ family: 4, octets: arp.senderIp })
  const target = formatIp({ family: 4, octets: arp.targetIp })
  if (arp.operation === ArpOperation.reply) return `ARP ${sender} is-at ${formatMac(arp.senderMac)}`
  if (arp.operation !== ArpOperation.request) return `ARP operation ${arp.operation}`
  if (sender === '0.0.0.0') return `ARP probe ${target}`
  return sender === target ? `ARP announce ${target}` : `ARP who-has ${target} tell ${sender}`
}
