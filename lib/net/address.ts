/**
 * Addresses of hosts: text from people, made into octets once, and the addresses that are derived from others.
 */

import { EthercastError } from '../spec/error.js'
import {
  formatIp,
  isIpv4Mapped,
  isLimitedBroadcast,
  isLinkLocalUnicast,
  isMulticast,
  isUnspecified,
  parseIp,
} from '../spec/ip.js'
import { octetsKey } from './octets.js'

/** A unicast address in each form that is needed. */
export interface HostAddress {
  readonly family: 4 | 6
  /** 4 or 16 octets. Not to be written to. */
  readonly octets: Uint8Array
  /** Canonical text, without a zone. */
  readonly text: string
  /** For Maps; see `octetsKey`. */
  readonly key: string
}

/**
 * Reads the unicast address of a host on a link. A zone (`%eth0`) is dropped: a network interface has one link.
 *
 * @param field what the address is for, named in the error
 * @param family the one that it must be of; default either
 * @throws EthercastError `ERR_ETHERCAST_FIELD` when it is no IP address, or one that no single host on a link can have
 */
export function hostAddress(text: string, field = 'address', family?: 4 | 6): HostAddress {
  const parsed = parseIp(text)
  if (parsed === undefined) refuse(text, field, 'is not an IPv4 or IPv6 address')
  if (family !== undefined && parsed.family !== family) refuse(text, field, `is not an IPv${family} address`)
  const address = fromOctets(parsed.octets)
  if (!isUnicast(address.octets)) refuse(text, field, 'is not the unicast address of a host on a link')
  return address
}

function refuse(value: string, field: string, why: string): never {
  throw new EthercastError('ERR_ETHERCAST_FIELD', `${field}: ${JSON.stringify(value)} ${why}`, {
    field,
    value,
  })
}

/** The same from 4 or 16 octets, unchecked. */
export function fromOctets(octets: Uint8Array): HostAddress {
  const family = octets.length === 4 ? 4 : 6
  return { family, octets, text: formatIp({ family, octets }), key: octetsKey(octets) }
}

/** Whether one host can have this address on a link: not a group, unspecified, loopback, broadcast or IPv4-mapped. */
export function isUnicast(octets: Uint8Array): boolean {
  const address = { family: octets.length === 4 ? 4 : 6, octets } as const
  if (isMulticast(address) || isUnspecified(address) || isLimitedBroadcast(address)) return false
  if (address.family === 4) return octets[0] !== 127
  return !isIpv4Mapped(address) && !isLoopback6(octets)
}

function isLoopback6(octets: Uint8Array): boolean {
  return octets[15] === 1 && octets.subarray(0, 15).every((octet) => octet === 0)
}

/** fe80::/10. */
export function isLinkLocal({ family, octets }: HostAddress): boolean {
  return isLinkLocalUnicast({ family, octets })
}

/** The link-local address of a station: fe80::, two zero octets, and its MAC address as it is (not EUI-64). */
export function linkLocalOf(mac: Uint8Array): HostAddress {
  const octets = new Uint8Array(16)
  octets.set([0xfe, 0x80])
  octets.set(mac, 10)
  return fromOctets(octets)
}
