/**
 * MAC addresses as text, and the two ways to make one up (User-Mode Linux HOWTO, "Network setup": `fe:fd` and the IPv4 address).
 */

import { parseIpv4 } from './ip.js'
import { refuse } from './refuse.js'
import type { Place } from './refuse.js'

const ALLOWED = 'allowed are six groups of one or two hex digits, as in fe:fd:0:0:0:1'
const SELF: Place = { transport: 'mac', field: 'address' }

/** Fills the array with random octets and returns it, as `crypto.getRandomValues` does. */
export type RandomSource = (octets: Uint8Array<ArrayBuffer>) => Uint8Array

/**
 * The six octets of a MAC address written in colon-separated hex, upper or lower case, leading zeros optional.
 *
 * Any address is taken, also group addresses; a spec's `mac` is narrower (see {@link parseStationMac}).
 *
 * @throws EthercastError `ERR_ETHERCAST_FIELD` when the text is no MAC address
 */
export function parseMac(text: string, place: Place = SELF): Uint8Array {
  const groups = text.split(':', 7)
  if (groups.length === 6 && groups.every((group) => /^[0-9a-f]{1,2}$/i.test(group))) {
    return Uint8Array.from(groups, (group) => parseInt(group, 16))
  }
  const dashed = /^[0-9a-f]{1,2}(-[0-9a-f]{1,2}){5}$/i.test(text)
  return refuse(
    place,
    text,
    dashed ? `has dashes: write ${text.replaceAll('-', ':')}` : `is not a MAC address: ${ALLOWED}`,
  )
}

/**
 * As {@link parseMac}, for the address of one station.
 *
 * @throws EthercastError `ERR_ETHERCAST_FIELD` also for a group address (odd first octet) and for all zero
 */
export function parseStationMac(text: string, place: Place = SELF): Uint8Array {
  const octets = parseMac(text, place)
  if (octets[0]! & 1) {
    refuse(
      place,
      text,
      'is a group address: allowed are addresses with an even first octet, such as 02 or fe',
    )
  }
  if (octets.every((octet) => octet === 0)) {
    refuse(place, text, 'is all zero: allowed are other addresses; leave it out to have one made up')
  }
  return octets
}

/** The canonical text of six octets: lower-case hex with leading zeros, `fe:fd:00:00:00:01`. */
export function formatMac(octets: ArrayLike<number>): string {
  return Array.from({ length: 6 }, (_, index) => octets[index]!.toString(16).padStart(2, '0')).join(':')
}

/**
 * The MAC address that User-Mode Linux derived from an IPv4 address: `fe:fd` and its four octets.
 *
 * @param address dotted quad
 * @returns canonical text
 * @throws EthercastError `ERR_ETHERCAST_FIELD` when it is no IPv4 address
 */
export function macFromIpv4(address: string): string {
  const octets = parseIpv4(address)
  if (octets === undefined) {
    return refuse(
      { transport: 'mac', field: 'IPv4 address' },
      address,
      'is not four decimal octets, as in 192.168.0.1',
    )
  }
  return formatMac([0xfe, 0xfd, ...octets])
}

/**
 * A random MAC address of a single station (first octet even), locally administered (local bit set).
 *
 * @param random where the octets come from; default `crypto.getRandomValues`
 * @returns canonical text
 */
export function randomMac(random: RandomSource = (octets) => crypto.getRandomValues(octets)): string {
  const octets = Uint8Array.from(random(new Uint8Array(6)))
  octets[0] = (octets[0]! & 0xfc) | 0x02
  return formatMac(octets)
}
