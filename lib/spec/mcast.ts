/**
 * `mcast,MAC,GROUP,PORT,TTL`: the serverless LAN of User-Mode Linux, one Ethernet frame a UDP datagram to a multicast group.
 * Sources: UML HOWTO ("Multicast transport"), RFC 5771 and RFC 4291 for the groups, RFC 4607 for source-specific ones.
 */

import { group, hostAddress, stationMac } from './address.js'
import type { InputOf, Transport } from './grammar.js'
import type { IpAddress } from './ip.js'
import { integer, onOff } from './kinds.js'
import { refuse, refuseField } from './refuse.js'
import { knownIp, settleZone, udpTuning } from './tuning.js'
import type { UdpTuning } from './tuning.js'

/** A normalised `mcast` spec. */
export interface McastSpec extends UdpTuning {
  transport: 'mcast'
  /** MAC address of the host port that a helper makes, canonical. Left out: made up. */
  mac?: string
  /** Multicast group, canonical, without zone. Default 239.192.168.1. */
  group: string
  /** UDP port, 1 to 65535. Default 1102. */
  port: number
  /** IPv4 TTL or IPv6 hop limit of what is sent, 0 (this host only) to 255. Default 1 (this link only). */
  ttl: number
  /** Only datagrams from this address are received (source-specific multicast). Left out: from any. */
  source?: string
  /** Members on this host hear what is sent. Default true. */
  loop: boolean
}

/** An `mcast` spec as it may be given: all but `transport` optional, `interface` also as a number. */
export type McastObject = InputOf<McastSpec>

export const mcast: Transport<McastObject, McastSpec> = {
  name: 'mcast',
  example: { transport: 'mcast' },
  fields: [
    { name: 'mac', kind: stationMac },
    { name: 'group', kind: group, default: '239.192.168.1' },
    { name: 'port', kind: integer(1, 65535), default: 1102 },
    { name: 'ttl', kind: integer(0, 255), default: 1 },
  ],
  options: [
    ...udpTuning,
    { name: 'source', kind: hostAddress('without zone') },
    { name: 'loop', kind: onOff, default: true },
  ],
  complete(given) {
    const spec = settleZone(given, 'group')
    const address = knownIp(spec.group)
    checkScope(spec, address)
    checkSource(spec, address)
    return spec
  },
}

const at = (field: keyof McastSpec) => ({ transport: 'mcast', field })

/** Groups of interface-local and link-local scope mean another thing on each interface (RFC 4007 section 6). */
function checkScope(spec: McastSpec, { family, octets }: IpAddress): void {
  const scope = octets[1]! & 0x0f
  if (family === 4 || scope > 2 || spec.interface !== undefined) return
  const name = scope === 1 ? 'interface-local' : 'link-local'
  refuse(
    at('group'),
    spec.group,
    `has ${name} scope and needs an interface: add interface=, as in interface=eth0`,
  )
}

function checkSource(spec: McastSpec, address: IpAddress): void {
  if (spec.source === undefined) {
    if (!isSourceSpecific(address)) return
    refuse(
      at('group'),
      spec.group,
      'is in the source-specific range (RFC 4607): add source=, the one sender to hear',
    )
  }
  if (knownIp(spec.source).family === address.family) return
  refuseField(
    at('source'),
    spec.source,
    `source ${spec.source} and group ${spec.group} are of different families: give an IPv${address.family} source`,
  )
}

/** 232/8 or ff3x::/32 (RFC 4607 section 1). */
function isSourceSpecific({ family, octets }: IpAddress): boolean {
  if (family === 4) return octets[0] === 232
  return octets[1]! >> 4 === 3 && octets[2] === 0 && octets[3] === 0
}
