/** Addresses with the length of their prefix, as `ip` writes them. */

import { formatIp, isLimitedBroadcast, isMulticast, isUnspecified, parseIp } from '../spec/ip.js'
import type { IpAddress } from '../spec/ip.js'

export interface Prefix {
  /** All octets as written: `198.18.1.254/24` keeps its 254. */
  readonly address: IpAddress
  /** Bits. */
  readonly length: number
  /** Canonical: `198.18.1.254/24`, never without a length. */
  readonly text: string
}

/** Bits of an address: 32 or 128. */
export const bits = (address: IpAddress): number => address.octets.length * 8

/** `198.18.1.254/24`, `2001:db8::1/64`; without a length one host's (/32, /128). Undefined: it is none. */
export function parsePrefix(text: string): Prefix | undefined {
  const [, host, length] = /^([^/%\s]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? []
  const address = host === undefined ? undefined : parseIp(host)
  if (address === undefined) return undefined
  const most = bits(address)
  return Number(length ?? most) > most ? undefined : prefixOf(address, Number(length ?? most))
}

/** @param length left out: one host's */
export const prefixOf = (address: IpAddress, length = bits(address)): Prefix => ({
  address,
  length,
  text: `${formatIp(address)}/${length}`,
})

/** An address that one host can have; undefined: it is none. */
export function parseUnicast(text: string): IpAddress | undefined {
  const address = parseIp(text)
  if (address === undefined || isMulticast(address) || isUnspecified(address) || isLimitedBroadcast(address))
    return undefined
  return address
}

/** Whether `inner`, an address or a net, lies within `outer`'s net. */
export function contains(outer: Prefix, inner: Prefix): boolean {
  if (outer.address.family !== inner.address.family || inner.length < outer.length) return false
  return outer.address.octets.every(
    (octet, at) => ((octet ^ inner.address.octets[at]!) & mask(outer, at)) === 0,
  )
}

/** Its net: `198.18.1.254/24` is in `198.18.1.0/24`. */
export function netOf(prefix: Prefix): Prefix {
  const octets = prefix.address.octets.map((octet, at) => octet & mask(prefix, at))
  return prefixOf({ family: prefix.address.family, octets }, prefix.length)
}

/** No host in front of the length. */
export const isNet = (prefix: Prefix): boolean =>
  prefix.address.octets.every((octet, at) => (octet & ~mask(prefix, at) & 0xff) === 0)

/** One address alone: /32, /128. */
export const isHost = ({ address, length }: Prefix): boolean => length === bits(address)

export const sameAddress = (a: IpAddress, b: IpAddress): boolean =>
  a.family === b.family && a.octets.every((octet, at) => octet === b.octets[at])

/** The bits of octet `at` that belong to the net. */
const mask = ({ length }: Prefix, at: number): number =>
  (0xff00 >> Math.min(8, Math.max(0, length - 8 * at))) & 0xff
