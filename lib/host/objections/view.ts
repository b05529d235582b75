/** The host as it will be: what the file says and what is there already, in the words that objections need. */

import type { HostConfig } from '../config.js'
import type { Prefix } from '../prefix.js'
import { contains, isHost, parsePrefix, prefixOf } from '../prefix.js'
import type { HostLink, Reality } from '../reality.js'
import { linkOf } from '../reality.js'
import type { Objection, Wish } from '../resource.js'
import { isLinkLocalUnicast, parseIp } from '../../spec/ip.js'
import type { IpAddress } from '../../spec/ip.js'
import { nearest } from '../../spec/nearest.js'

type LookUp = (account: string | number) => number | undefined

/** What else is known of the host. */
export interface HostFacts {
  /** Other ways than the snapshot's to find the numbers of accounts. */
  uid?: LookUp
  gid?: LookUp
  /** Names of the devices that an earlier `up` made and that are still in its journal. */
  owned?: ReadonlySet<string>
  /** What an earlier `up` made and that is still in its journal. */
  made?: readonly Wish[]
}

/** An address that this host will have. */
export interface OwnAddress {
  prefix: Prefix
  /** Where it will be: of a NIC that becomes a port of a bridge, the bridge. */
  device: string
  /** Where it is in the file; undefined: the host has it already. */
  path?: Objection['path']
  /** `share_address: true` stands beside it. */
  shares: boolean
}

export type Section = 'taps' | 'slip' | 'bridges'
export const SECTIONS: readonly Section[] = ['taps', 'slip', 'bridges']

export type Check = (view: View) => Objection[]

export class View {
  readonly owned: ReadonlySet<string>
  readonly made: readonly Wish[]
  readonly uid: LookUp
  readonly gid: LookUp
  /** Every address that this host will have, those of the file first. */
  readonly addresses: readonly OwnAddress[]
  readonly #bridgeOf = new Map<string, string>()

  constructor(
    readonly config: HostConfig,
    readonly reality: Reality,
    facts: HostFacts,
  ) {
    this.owned = facts.owned ?? new Set()
    this.made = facts.made ?? []
    this.uid = facts.uid ?? ((account) => reality.uid(account))
    this.gid = facts.gid ?? ((account) => reality.gid(account))
    for (const [bridge, { ports }] of Object.entries(config.bridges))
      for (const port of ports) if (!this.#bridgeOf.has(port)) this.#bridgeOf.set(port, bridge)
    this.addresses = [...this.#ofFile(), ...this.#ofHost()]
  }

  /** The section of the file that makes this device. */
  section(device: string): Section | undefined {
    return SECTIONS.find((section) => Object.hasOwn(this.config[section], device))
  }

  link(device: string): HostLink | undefined {
    return linkOf(this.reality, device)
  }

  /** The bridge of the file that it is, or is to be, a port of. */
  bridgeOf(device: string): string | undefined {
    return this.#bridgeOf.get(device)
  }

  /** Where the addresses of a device will be. */
  placeOf(device: string): string {
    return this.bridgeOf(device) ?? device
  }

  /** Behind a bridge a guest is on the LAN itself; elsewhere this host is its router. */
  isBridged(device: string): boolean {
    return this.bridgeOf(device) !== undefined || this.section(device) === 'bridges'
  }

  isKnown(device: string): boolean {
    return this.section(device) !== undefined || this.link(device) !== undefined
  }

  /** An objection if there will be no such device, with the name that was probably meant. */
  unknown(device: string, path: Objection['path']): Objection[] {
    if (this.isKnown(device)) return []
    const names = [
      ...SECTIONS.flatMap((section) => Object.keys(this.config[section])),
      ...this.reality.links.map(({ name }) => name),
    ]
    const near = nearest(device, names)
    return [
      {
        path,
        message: `there is no device ${device} on this host, and none in the file`,
        remedy:
          near === undefined ? `there are ${[...new Set(names)].sort().join(', ')}` : `did you mean ${near}?`,
      },
    ]
  }

  /** Unknown, or a port of a bridge: there IP does not look, the bridge takes all that comes. */
  unusable(device: string, path: Objection['path'], purpose: string): Objection[] {
    const bridge = this.bridgeOf(device)
    if (bridge === undefined) return this.unknown(device, path)
    return [
      {
        path,
        message: `${device} is a port of ${bridge}: what comes in there goes to the bridge, and ${purpose} on ${device} has no effect`,
        remedy: `write ${bridge}`,
      },
    ]
  }

  /** Nets and lines that this host will be on, point-to-point partners included. */
  isConnected(address: IpAddress, device?: string): boolean {
    const one = prefixOf(address)
    if (address.family === 6 && isLinkLocalUnicast(address)) return device !== undefined
    const on = device === undefined ? undefined : this.placeOf(device)
    return (
      this.addresses.some(
        (own) => (on === undefined || own.device === on) && !isHost(own.prefix) && contains(own.prefix, one),
      ) ||
      this.guestAddresses().some(
        (guest) => (on === undefined || guest.device === on) && contains(prefixOf(guest.address), one),
      ) ||
      this.reality.routes.some(
        ({ to, via, device: by }) =>
          via === undefined &&
          by !== undefined &&
          to.length > 0 &&
          (on === undefined || this.placeOf(by) === on) &&
          contains(to, one),
      ) ||
      this.config.routes.some(({ to, via, device: by }) => {
        if (via !== undefined || to === 'default' || (on !== undefined && by !== on)) return false
        return contains(parsePrefix(to)!, one)
      })
    )
  }

  /** Addresses at the other end of the file's devices. */
  guestAddresses(): { address: IpAddress; device: string; path: Objection['path']; guest: string }[] {
    const guests = Object.entries(this.config.guests).flatMap(([guest, { addresses, device }]) =>
      addresses.map((text, index) => ({
        address: parsePrefix(text)!.address,
        device: this.placeOf(device),
        path: ['guests', guest, 'addresses', index],
        guest,
      })),
    )
    const lines = Object.entries(this.config.slip).map(([line, { guest }]) => ({
      address: parseIp(guest)!,
      device: line,
      path: ['slip', line, 'guest'],
      guest: line,
    }))
    return [...guests, ...lines]
  }

  #ofFile(): OwnAddress[] {
    const listed = (section: 'taps' | 'bridges', device: string, texts: readonly string[], shares: boolean) =>
      texts.map((text, index) => ({
        prefix: parsePrefix(text)!,
        device: this.placeOf(device),
        path: [section, device, 'addresses', index],
        shares,
      }))
    const taps = Object.entries(this.config.taps).flatMap(([device, tap]) =>
      listed('taps', device, tap.addresses, tap.share_address),
    )
    const bridges = Object.entries(this.config.bridges).flatMap(([device, bridge]) =>
      listed('bridges', device, bridge.addresses, false),
    )
    const lines = Object.entries(this.config.slip).map(([device, { host, share_address }]) => ({
      prefix: prefixOf(parseIp(host)!),
      device,
      path: ['slip', device, 'host'],
      shares: share_address,
    }))
    return [...taps, ...bridges, ...lines]
  }

  /** Those that stay: what an earlier `up` gave to a device of its own goes by the file, but for what it moved to a bridge. */
  #ofHost(): OwnAddress[] {
    return this.reality.links
      .filter(({ name }) => !this.owned.has(name) || Object.hasOwn(this.config.bridges, name))
      .flatMap(({ name, addresses }) =>
        addresses.map(({ prefix }) => ({ prefix, device: this.placeOf(name), shares: false })),
      )
  }
}

/** `eth0`, or for what is in the file `tap0 of this file`. */
export const whose = ({ device, path }: OwnAddress): string =>
  path === undefined ? `${device} of this host` : `${device} in this file`

/** Of the whole file: each kind of thing once. */
export const each = <T>(
  record: Record<string, T>,
  check: (name: string, value: T) => Objection[],
): Objection[] => Object.entries(record).flatMap(([name, value]) => check(name, value))
