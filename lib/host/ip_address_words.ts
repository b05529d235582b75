/** An address of a device, from what `ip -j addr` told of it to the words that make `ip addr add` put it back as it was. */

import { isPlainWord } from './batch.js'
import { contains, parsePrefix } from './prefix.js'
import type { Prefix } from './prefix.js'
import type { HostAddress, RawFields } from './reality.js'

/** INFINITY_LIFE_TIME of linux/if_addr.h. */
const FOR_EVER_S = 0xffff_ffff
/** Flags that a person can give; the others are the kernel's findings. */
const FLAGS = ['nodad', 'home', 'mngtmpaddr', 'noprefixroute', 'optimistic', 'autojoin'] as const

export interface AddressOptions {
  /** Seconds since `raw` was read: its lifetimes went on. */
  ageS?: number
  /** IPv6: it is known to be nobody else's, and of use at once. */
  nodad?: boolean
}

export const isIpv6 = (raw: RawFields): boolean => raw.family === 'inet6'

/** The words that say which address, as `ip addr del` needs them too. */
export function addressNames(raw: RawFields, device: string): string[] {
  const { local, address, prefixlen } = raw as { local: string; address?: string; prefixlen: number }
  const which = address === undefined ? [`${local}/${prefixlen}`] : [local, 'peer', `${address}/${prefixlen}`]
  return [...which, 'dev', device]
}

/** The words after `ip addr add` or `change`. @param from the device that it was read on: labels begin with its name */
export function addressWords(raw: RawFields, device: string, options: AddressOptions = {}): string[] {
  const { ageS = 0, nodad = false } = options
  const words = addressNames(raw, device)
  const field = (name: string, key: string, text = raw[key]) => {
    if (typeof text === 'string' || typeof text === 'number') words.push(name, String(text))
  }
  field('broadcast', 'broadcast')
  if (!isIpv6(raw)) {
    field('label', 'label', labelOn(raw, device))
    field('scope', 'scope')
  }
  field('metric', 'metric')
  for (const flag of FLAGS) if (raw[flag] === true || (flag === 'nodad' && nodad)) words.push(flag)
  const valid = remaining(raw.valid_life_time, ageS)
  const preferred = remaining(raw.preferred_life_time, ageS)
  if (valid !== undefined || preferred !== undefined)
    words.push('valid_lft', String(valid ?? 'forever'), 'preferred_lft', String(preferred ?? 'forever'))
  return words
}

/** Whether it has been valid for as long as it was to be. */
export const isOver = (raw: RawFields, ageS: number): boolean => remaining(raw.valid_life_time, ageS) === 0

/** Seconds; undefined: for ever. */
function remaining(lifetime: unknown, ageS: number): number | undefined {
  if (typeof lifetime !== 'number' || lifetime === FOR_EVER_S) return undefined
  return Math.max(0, Math.round(lifetime - ageS))
}

/** A label is the device's name, or that with `:` and something (ifconfig's aliases); on another device it begins with that one's. */
function labelOn(raw: RawFields, device: string): string | undefined {
  const { label } = raw
  if (typeof label !== 'string' || !isPlainWord(label)) return undefined
  const [, alias] = label.split(':', 2)
  const own = label.startsWith(`${device}:`) || label === device
  const moved = alias === undefined ? device : `${device}:${alias}`
  return own ? label : moved.length <= MOST_IN_A_LABEL ? moved : device
}

/** IFNAMSIZ without the NUL. */
const MOST_IN_A_LABEL = 15

/** The network that the kernel makes a route to for this address: that of the peer, if it has one. */
export function networkOf({ raw, prefix }: HostAddress): Prefix {
  const peer = typeof raw.address === 'string' ? parsePrefix(`${raw.address}/${prefix.length}`) : undefined
  return peer ?? prefix
}

/** The same address for the kernel: it would refuse the second on one device. */
export const isSameAddress = (a: RawFields, b: RawFields): boolean =>
  a.local === b.local && a.prefixlen === b.prefixlen && (a.address ?? '') === (b.address ?? '')

/** Addresses that go when these go: a secondary with its primary, unless net.ipv4.conf.*.promote_secondaries. */
export function collateral(all: readonly HostAddress[], victims: readonly HostAddress[]): HostAddress[] {
  const isBelow = (secondary: HostAddress, primary: HostAddress) =>
    primary.raw.secondary !== true &&
    networkOf(primary).length === networkOf(secondary).length &&
    contains(networkOf(primary), networkOf(secondary))
  return all.filter(
    (one) =>
      !victims.includes(one) &&
      !isIpv6(one.raw) &&
      one.raw.secondary === true &&
      victims.some((victim) => isBelow(one, victim)),
  )
}
