/** Reality: what this host looks like now, as far as ethercast.yaml has words for it. A snapshot; read with `ip -j` and `nft -j`. */

import type { Prefix } from './prefix.js'

/** One object of what `ip -j` printed. */
export type RawFields = Record<string, unknown>

export interface HostAddress {
  prefix: Prefix
  /** Seconds it is still valid; undefined: for ever. */
  validS?: number
  /** As `ip -j addr` tells it, all fields: for putting it back as it was. */
  raw: RawFields
}

export interface HostLink {
  name: string
  index: number
  /** `tun`, `bridge`, `veth`…; undefined: hardware or loopback. */
  kind?: string
  up: boolean
  mtu: number
  mac?: string
  /** The bridge it is a port of. */
  master?: string
  /** Of kind `tun`. */
  tun?: { type: 'tap' | 'tun'; persistent: boolean; multiQueue: boolean; uid?: number; gid?: number }
  addresses: HostAddress[]
}

export interface HostRoute {
  /** Canonical prefix; `default` is `0.0.0.0/0` or `::/0`. */
  to: Prefix
  via?: string
  device?: string
  /** `kernel`: made by the kernel for an address, and gone with it. */
  protocol?: string
  metric?: number
  raw: RawFields
}

export interface Reality {
  links: HostLink[]
  /** Of the main tables, both families, in the order of `ip`. */
  routes: HostRoute[]
  /** Of all other tables but `local`, which is the kernel's own. */
  otherRoutes: HostRoute[]
  /** Devices that have the route of IPv6 multicast, ff00::/8 in the table `local`. */
  multicast: string[]
  /** Addresses that this host answers for: `ip neigh show proxy`. */
  proxies: { address: string; device: string }[]
  /** IPv4 neighbours whose MAC somebody has written down: `ip neigh show nud permanent`. */
  neighbours: { address: string; mac: string; device: string }[]
  /** Our table, as `nft -j list table inet ethercast` tells it; undefined: there is none. */
  nat?: unknown
  /** What could not be read, and why: without root `nat` is not known. */
  notes: string[]
  sysctl(name: string): string | undefined
  access(path: string): { gid: number; mode: number; uid: number } | undefined
  /** The number of a user or group; undefined: nobody of that name. */
  uid(account: string | number): number | undefined
  gid(account: string | number): number | undefined
}

export const linkOf = (reality: Reality, name: string): HostLink | undefined =>
  reality.links.find((link) => link.name === name)
