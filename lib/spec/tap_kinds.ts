/**
 * Kinds of values that only a tap has: its name, this host's address on it, and whose it is.
 */

import { hostAddress } from './address.js'
import { isIpv4Mapped, isMulticast, parseIp } from './ip.js'
import type { IpAddress } from './ip.js'
import { expectString, textKind } from './kinds.js'
import type { Kind } from './kinds.js'
import { refuse, refuseType } from './refuse.js'
import type { Place } from './refuse.js'

/** Longest name of a Linux interface, in octets: IFNAMSIZ without the NUL. */
const MAX_NAME = 15
const NAME_FORM = `allowed are 1 to ${MAX_NAME} octets without '/', ':', '%', ',', '=' or spaces`

/** A tap's name, by the kernel's rule (dev_valid_name); `%` would make a pattern of it, and `=` an option in a spec string. */
export const tapName: Kind<string> = textKind((text, place) => {
  // tuntap picks one itself, ethertap must be told.
  const [device, orEmpty] = place.transport === 'tuntap' ? ['', '; empty is the next free tap'] : ['tap0', '']
  if (parseIp(text.replace(/\/[0-9]*$/, '')) !== undefined) {
    refuse(
      place,
      text,
      `is an IP address: device and mac stand before it, as in ${place.transport},${device},,${text}`,
    )
  }
  if (/^([0-9a-f]{1,2}[:-]){5}[0-9a-f]{1,2}$/i.test(text)) {
    refuse(
      place,
      text,
      `is a MAC address: device stands before it, as in ${place.transport},${device},${text.replaceAll('-', ':')}`,
    )
  }
  if (text === '.' || text === '..' || /[/:%,=\s]/.test(text)) {
    refuse(place, text, `is no name of a device: ${NAME_FORM}${orEmpty}`)
  }
  const length = new TextEncoder().encode(text).length
  if (length > MAX_NAME) refuse(place, text, `is too long, ${length} octets: ${NAME_FORM}`)
  return text
})

const bareAddress = hostAddress('without zone')

/** An address of this host and the length of its network part; without one /24 (IPv4) or /64 (IPv6) is meant. */
export const hostIp: Kind<string> = textKind((text, place) => {
  const [, bare, length] = /^(.*?)(?:\/(.*))?$/s.exec(text) as unknown as [string, string, string?]
  const canonical = bareAddress.fromText(bare, place)
  const address = parseIp(canonical)!
  const most = address.family === 4 ? 32 : 128
  const usual = address.family === 4 ? 24 : 64
  const prefix = length === undefined ? usual : readPrefix(text, length, most, place)
  checkHostPart(text, address, prefix, place)
  return prefix === usual ? canonical : `${canonical}/${prefix}`
})

function readPrefix(text: string, length: string, most: number, place: Place): number {
  const prefix = /^[1-9][0-9]{0,2}$/.test(length) ? Number(length) : 0
  if (prefix >= 1 && prefix <= most) return prefix
  const mask = parseIp(length)
  if (mask?.family === 4 && !isMulticast(mask) && !isIpv4Mapped(mask)) {
    refuse(place, text, 'has a netmask: write the number of its bits, as in /24')
  }
  return refuse(place, text, `has no prefix length behind the slash: allowed are /1 to /${most}`)
}

/** In IPv4 the first and the last address of a net are the net itself and all of its hosts (RFC 1122 section 3.2.1.3). */
function checkHostPart(text: string, { family, octets }: IpAddress, prefix: number, place: Place): void {
  if (family === 6 || prefix > 30) return
  const host = octets.reduce((all, octet) => all * 256 + octet, 0) % 2 ** (32 - prefix)
  const one = `${octets.subarray(0, 3).join('.')}.1`
  if (host === 0) refuse(place, text, `is the address of a net of /${prefix}: give one host's, as ${one}`)
  if (host === 2 ** (32 - prefix) - 1) {
    refuse(place, text, `is the broadcast address of its net of /${prefix}: give one host's, as ${one}`)
  }
}

/** The largest number of a user or group: the one above stands for nobody. */
const MAX_ACCOUNT = 2 ** 32 - 2

/** A user or group, by name or number. Whether there is such a name shows when the port opens. */
export function account(what: 'user' | 'group'): Kind<string> {
  const allowed = `allowed are a ${what}'s name or its number, 0 to ${MAX_ACCOUNT}`
  const read = (text: string, place: Place) => {
    if (/^-?[0-9]+$/.test(text)) {
      if (/^(0|[1-9][0-9]{0,9})$/.test(text) && Number(text) <= MAX_ACCOUNT) return text
      refuse(place, text, `is out of range: ${allowed}`)
    }
    // What useradd and its like let through, and directory services with their domains.
    if (/^[A-Za-z_][\w.@\\-]{0,63}\$?$/.test(text)) return text
    return refuse(place, text, `is no name of a ${what}: ${allowed}`)
  }
  return {
    fromText: read,
    fromValue(value, place) {
      if (typeof value === 'string') return read(expectString(value, place), place)
      if (typeof value !== 'number') return refuseType(place, value, 'a string or a number', allowed)
      if (Number.isInteger(value) && value >= 0 && value <= MAX_ACCOUNT) return String(value + 0)
      return refuse(place, value, `is out of range: ${allowed}`)
    },
    print: (value) => value,
  }
}
