/**
 * Kinds of values that name a station, a host, a group or an interface.
 */

import {
  formatIp,
  isIpv4Mapped,
  isLimitedBroadcast,
  isMulticast,
  isUnspecified,
  parseIp,
  parseIpv4,
} from './ip.js'
import type { IpAddress } from './ip.js'
import { expectString, textKind } from './kinds.js'
import type { Kind } from './kinds.js'
import { formatMac, parseStationMac } from './mac.js'
import { refuse, refuseType } from './refuse.js'
import type { Place } from './refuse.js'

/** Longest name of a Linux interface, in octets: IFNAMSIZ without the NUL. */
const MAX_INTERFACE_NAME = 15
/** Interface indexes are positive 32-bit integers. */
const MAX_INTERFACE_INDEX = 2 ** 31 - 1

/** The MAC address of one station. */
export const stationMac: Kind<string> = textKind((text, place) => {
  if (parseIp(text) !== undefined) {
    const example = `${place.transport},,${text}`
    refuse(
      place,
      text,
      `is an IP address, not a MAC address: an empty field goes before it, as in ${example}`,
    )
  }
  return formatMac(parseStationMac(text, place))
})

/**
 * A multicast group that is forwarded: 224/4 without 224.0.0/24 (RFC 5771 section 4), or ff00::/8 without scope 0
 * (RFC 4291 section 2.7). IPv6 may carry a zone, `ff02::1%eth0`.
 */
export const group: Kind<string> = textKind((text, place) => {
  const address = readIp(text, place, 'allowed are 224.0.1.0 to 239.255.255.255 and ff00::/8')
  const { family, octets } = address
  if (!isMulticast(address)) {
    refuse(
      place,
      text,
      'is not a multicast group: allowed are 224.0.1.0 to 239.255.255.255 and ff00::/8; to reach one host use ucast',
    )
  }
  if (family === 4 && octets[0] === 224 && octets[1] === 0 && octets[2] === 0) {
    refuse(
      place,
      text,
      'is in 224.0.0.0/24, which is reserved for routing protocols and never forwarded: ' +
        'allowed are 224.0.1.0 to 239.255.255.255, best is 239.0.0.0/8',
    )
  }
  if (family === 6 && (octets[1]! & 0x0f) === 0) {
    refuse(
      place,
      text,
      'has the reserved scope 0, which hosts drop: allowed are other scopes, such as ff02 for the link or ff05',
    )
  }
  return formatIp(address)
})

/** The address of one host. @param zone whether `fe80::1%eth0` is meaningful here */
export function hostAddress(zone: 'with zone' | 'without zone'): Kind<string> {
  return textKind((text, place) => {
    const address = readIp(text, place, 'allowed are IPv4 and IPv6 addresses')
    if (address.zone !== undefined && zone === 'without zone') {
      refuse(
        place,
        text,
        `has a zone: write ${formatIp({ ...address, zone: undefined })} and name the interface`,
      )
    }
    if (isUnspecified(address)) refuse(place, text, 'is no host: give the address of the one that is meant')
    if (isMulticast(address))
      refuse(place, text, 'is a multicast group, not a host: to join a group use mcast')
    if (isLimitedBroadcast(address)) {
      refuse(place, text, 'is the broadcast address, not a host: to reach many hosts use mcast')
    }
    if (isIpv4Mapped(address)) {
      refuse(place, text, `is an IPv4 address in IPv6 form: write ${address.octets.subarray(12).join('.')}`)
    }
    return formatIp(address)
  })
}

/**
 * A network interface: its name, its index, or an address that it has. Digits alone are an index.
 * Whether there is such an interface shows when the port opens.
 */
export const networkInterface: Kind<string> = {
  fromText: readInterface,
  fromValue(value, place) {
    if (typeof value === 'string') return readInterface(expectString(value, place), place)
    if (typeof value !== 'number') {
      return refuseType(place, value, 'a string or a number', 'give a name, an index or an address')
    }
    if (Number.isInteger(value) && value >= 1 && value <= MAX_INTERFACE_INDEX) return String(value)
    return refuse(place, value, `is not an index: allowed are 1 to ${MAX_INTERFACE_INDEX}`)
  },
  print: (value) => value,
}

function readInterface(text: string, place: Place): string {
  if (/^-?[0-9]+$/.test(text)) {
    const index = Number(text)
    if (/^[1-9]/.test(text) && index <= MAX_INTERFACE_INDEX) return text
    return refuse(
      place,
      text,
      `is not an index: allowed are 1 to ${MAX_INTERFACE_INDEX}, without leading zeros`,
    )
  }
  const address = parseIp(text)
  if (address !== undefined) {
    if (address.zone !== undefined) refuse(place, text, `has a zone: write ${address.zone} alone`)
    if (isUnspecified(address) || isMulticast(address) || isLimitedBroadcast(address)) {
      refuse(place, text, 'is not the address of an interface: give a name, an index or an address it has')
    }
    return formatIp(address)
  }
  // The kernel's own rule (dev_valid_name), and the comma, which no spec string can hold.
  if (text === '.' || text === '..' || /[/:,\s]/.test(text)) {
    refuse(
      place,
      text,
      "is not an interface: allowed are a name without '/', ':', ',' or spaces, an index or an address",
    )
  }
  const length = new TextEncoder().encode(text).length
  if (length > MAX_INTERFACE_NAME) {
    refuse(
      place,
      text,
      `is too long for an interface: allowed are at most ${MAX_INTERFACE_NAME} octets, not ${length}`,
    )
  }
  return text
}

function readIp(text: string, place: Place, allowed: string): IpAddress {
  const address = parseIp(text)
  if (address === undefined) return refuse(place, text, whyNoAddress(text, allowed))
  if (address.zone !== undefined) {
    if (address.zone.includes('%') || parseIp(address.zone) !== undefined) {
      refuse(place, text, 'has a zone that is no interface: allowed are a name or an index after the %')
    }
    readInterface(address.zone, { ...place, field: `zone of ${place.field}` })
  }
  return address
}

/** The likeliest reason why a text is no address, and what to do. */
function whyNoAddress(text: string, allowed: string): string {
  if (/^\[.*\]/.test(text)) return 'is in brackets: leave them out, the comma ends the field'
  if (/^[0-9]+(\.[0-9]+){3}$/.test(text) && /(^|\.)0[0-9]/.test(text)) {
    return 'has leading zeros: write plain decimal octets, as in 10.0.0.1'
  }
  const [quad, rest] = splitAtFirst(text, /[:%/]/)
  if (parseIpv4(quad) !== undefined) {
    if (rest.startsWith(':')) return `has a port: write ${quad}, the port has a field of its own`
    if (rest.startsWith('%')) return `has a zone, which only IPv6 has: write ${quad} and interface=`
    return `has a prefix length: write ${quad}`
  }
  if (/[g-z]/i.test(text) && !text.includes(':'))
    return `is not an IP address: names are not looked up; ${allowed}`
  return `is not an IP address: ${allowed}`
}

function splitAtFirst(text: string, separator: RegExp): [before: string, rest: string] {
  const at = text.search(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at)]
}
