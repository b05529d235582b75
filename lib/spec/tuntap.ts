/**
 * `tuntap,DEVICE,MAC,HOST_IP`: a tap of this host, the kernel's Ethernet device with a program instead of a cable. DEVICE stands before
 * MAC, as in User-Mode Linux. Sources: arch/um/drivers/tuntap_kern.c in Linux 6.1, Documentation/networking/tuntap.rst.
 */

import { stationMac } from './address.js'
import type { Field, InputOf, Transport } from './grammar.js'
import { choice, choiceOrInteger, onOff, PACKET_MTU } from './kinds.js'
import { account, hostIp, tapName } from './tap_kinds.js'

/** A normalised `tuntap` spec. */
export interface TuntapSpec {
  transport: 'tuntap'
  /** The tap's name; it is made if there is none of that name. Left out: the next free one of tap0, tap1… is made. */
  device?: string
  /** MAC address of the host port that a helper makes, canonical; not that of the tap. Left out: made up. */
  mac?: string
  /** Address of this host on the tap, with prefix length unless it is 24 (IPv4) or 64 (IPv6). Given: the tap is also set up. */
  hostIp?: string
  /** Largest IP packet, in octets: `auto` suits a tap that is made here to the LAN; a number is set. Default `auto`. */
  mtu: 'auto' | number
  /** Super-frames and unfinished checksums on the tap: `auto` uses what the kernel can do. Default `auto`. */
  offload: 'auto' | 'off'
  /** Who may use a tap that is made here, without root: name or number of a user. */
  owner?: string
  /** Name or number of a group, likewise. */
  group?: string
  /** A tap that is made here stays when the port closes. Default false. */
  persist: boolean
}

/** A `tuntap` spec as it may be given: all but `transport` optional, `owner` and `group` also as numbers. */
export type TuntapObject = Omit<InputOf<TuntapSpec>, 'owner' | 'group'> & {
  owner?: string | number
  group?: string | number
}

/** What a tap may be told, whatever the transport that it stands for is called. */
export const tapOptions: readonly Field<Omit<TuntapSpec, 'device' | 'mac' | 'hostIp'>>[] = [
  { name: 'mtu', kind: choiceOrInteger(['auto'], ...PACKET_MTU), default: 'auto' },
  { name: 'offload', kind: choice('auto', 'off'), default: 'auto' },
  { name: 'owner', kind: account('user') },
  { name: 'group', kind: account('group') },
  { name: 'persist', kind: onOff, default: false },
]

/** What a person should hear about a tap that is asked for so. */
export function tapNotices({
  transport,
  owner,
  group,
  persist,
}: Pick<TuntapSpec, 'owner' | 'group' | 'persist'> & { transport: string }): string[] {
  if (persist || (owner === undefined && group === undefined)) return []
  const which = owner === undefined ? 'group' : 'owner'
  return [
    `${transport}: option ${which} does little without persist=on: a tap that is made here goes when its port closes`,
  ]
}

export const tuntap: Transport<TuntapObject, TuntapSpec> = {
  name: 'tuntap',
  example: { transport: 'tuntap', device: 'tap0' },
  fields: [
    { name: 'device', kind: tapName },
    { name: 'mac', kind: stationMac },
    { name: 'hostIp', kind: hostIp },
  ],
  options: tapOptions,
  notices: tapNotices,
}
