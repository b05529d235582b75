/**
 * Kinds and options of the transports whose far end takes bare IPv4 packets, `slip` and `slirp`: how such a line stands on a LAN.
 * Sources: RFC 1055, RFC 1027 (proxy ARP), arch/um/drivers/slip_kern.c and slirp_kern.c in Linux 6.1.
 */

import { hostAddress } from './address.js'
import { parseIp, parseIpv4 } from './ip.js'
import { textKind } from './kinds.js'
import type { Kind } from './kinds.js'
import { refuse, refuseField } from './refuse.js'
import { hostIp } from './tap_kinds.js'

/** Fields that such transports have in common. */
export interface IpLine {
  /** MAC address of the line's station on the LAN, canonical. Left out: `fe:fd` and hostIp's octets, else random. */
  mac?: string
  /** The IPv4 address that ARP is asked from, and answered for, with prefix length unless it is 24: the LAN's net. */
  hostIp?: string
  /** Where packets to other nets go. Left out: ARP asks for their hosts themselves. */
  gateway?: string
  /** Addresses at the far end, one or a net, for which ARP is answered. Left out: learned from what it sends. */
  peer?: string
  /** Largest IP packet, in octets. Default 1500, the most that UML takes. */
  mtu: number
}

/** UML's (arch/um/drivers/slip_common.h). */
export const USUAL_IP_MTU = 1500

const v4Only = (kind: Kind<string>): Kind<string> =>
  textKind((text, place) => {
    const canonical = kind.fromText(text, place)
    if (canonical.includes(':')) refuse(place, text, 'is an IPv6 address: the far end takes IPv4 alone')
    return canonical
  })

export const hostIpv4 = v4Only(hostIp)
export const hostAddressV4 = v4Only(hostAddress('without zone'))

/** One IPv4 address, or a net: `198.18.1.7`, `198.18.1.4/30`; what stands behind the prefix is cleared. */
export const ipv4Net: Kind<string> = textKind((text, place) => {
  const [, bare, length] = /^([^/]*)(?:\/(.*))?$/s.exec(text) as unknown as [string, string, string?]
  const octets = parseIpv4(bare)
  const prefix = length === undefined ? 32 : /^[1-9][0-9]?$/.test(length) ? Number(length) : 0
  if (octets === undefined || prefix < 1 || prefix > 32) {
    return refuse(
      place,
      text,
      'is no IPv4 address or net: write one as in 198.18.1.7, a net as in 198.18.1.4/30',
    )
  }
  if (octets[0] === 0 || octets[0] === 127 || octets[0]! >= 224) {
    refuse(place, text, 'has addresses that are no hosts: allowed are 1.0.0.0 to 223.255.255.255 without 127')
  }
  const masked = Array.from(octets, (octet, at) => {
    const bits = Math.min(Math.max(prefix - 8 * at, 0), 8)
    return octet & (0xff << (8 - bits)) & 0xff
  }).join('.')
  return prefix === 32 ? masked : `${masked}/${prefix}`
})

/** Checks gateway against hostIp. @throws EthercastError `ERR_ETHERCAST_FIELD` */
export function checkGateway({ transport, hostIp: host, gateway }: IpLine & { transport: string }): void {
  if (gateway === undefined) return
  const place = { transport, field: 'gateway' }
  if (host === undefined) {
    refuseField(
      place,
      gateway,
      `gateway ${gateway} needs hostIp, whose net says what is not behind it: ${transport},198.18.1.254,gateway=${gateway}`,
    )
  }
  const [bare, length = '24'] = host.split('/') as [string, string?]
  if (bare === gateway) refuse(place, gateway, "is hostIp itself: give the LAN's router")
  const inNet = (text: string) => Math.floor(number(text) / 2 ** (32 - Number(length)))
  if (inNet(bare) !== inNet(gateway)) {
    refuse(place, gateway, `is not in the net of hostIp, ${bare}/${length}: it could not be reached`)
  }
}

const number = (text: string) => parseIp(text)!.octets.reduce((all, octet) => all * 256 + octet, 0)
