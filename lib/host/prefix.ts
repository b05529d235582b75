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

/** `198.18.1.254/24`, `2001:db8::1/64`; without a length one host's (/32, /128). Undefined: it is none. */
export function parsePrefix(text: string): Prefix | undefined {
  const [, host, bits] = /^([^/%\s]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const address = host === undefined ? undefined : parseIp(host)
  if (address === undefined) return undefined
  const most = address.octets.length * 8
  const length = bits === undefined ? most : Number(bits)
  return length > most ? undefined : { address, length, text: `${formatIp(address)}/${length}` }
}

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
  for (let bit = 0; bit < outer.length; bit += 8) {
    const mask = 0xff & (0xff << Math.max(0, 8 - (outer.length - bit)))
    if (((outer.address.octets[bit / 8]! ^ inner.address.octets[bit / 8]!) & mask) !== 0) return false
  }
  return true
}
