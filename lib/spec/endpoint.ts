/**
 * The address of a socket that may be a path or HOST:PORT, as QEMU and passt have them.
 */

import {
  formatIp,
  isLimitedBroadcast,
  isLinkLocalUnicast,
  isMulticast,
  isUnspecified,
  parseIp,
} from './ip.js'
import { textKind } from './kinds.js'
import type { Kind } from './kinds.js'
import { refuse } from './refuse.js'
import type { Place } from './refuse.js'
import { checkPath } from './unix.js'

export type Endpoint = { path: string } | { host: string; port: number }

/** What an endpoint's text says. It is a path if it holds a slash, else HOST:PORT with an IPv4 address or an IPv6 one in brackets. */
export function parseEndpoint(text: string, place: Place): Endpoint {
  if (text.includes('/')) return { path: checkPath(text, place) }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]+)$/.exec(text) ?? []
  const written = bracketed ?? plain
  if (written === undefined) {
    const bare = parseIp(text)
    if (bare !== undefined)
      refuse(place, text, 'has no port: write HOST:PORT, as in 192.0.2.7:1234 or [2001:db8::7]:1234')
    refuse(place, text, 'is neither a path (with a slash, as ./lan.sock) nor HOST:PORT (as 127.0.0.1:1234)')
  }
  const host = written === 'localhost' ? '127.0.0.1' : written
  const address = parseIp(host)
  if (address === undefined || (address.family === 6) !== (bracketed !== undefined)) {
    refuse(
      place,
      text,
      'names no IP address: allowed are one as 127.0.0.1:1234 or [::1]:1234, and localhost; names are not looked up',
    )
  }
  if (address.zone !== undefined || isLinkLocalUnicast(address)) {
    refuse(
      place,
      text,
      'is an address of one link only: give one that needs no interface, or use ucast with interface=',
    )
  }
  const port = Number(digits)
  if (port < 1 || port > 65535 || digits!.startsWith('0'))
    refuse(place, text, 'has no port that can be: allowed are 1 to 65535')
  return { host: formatIp(address), port }
}

/** The parts of an endpoint that has been read already. */
export function splitEndpoint(text: string): Endpoint {
  return parseEndpoint(text, { transport: 'spec', field: 'endpoint' })
}

/** The canonical text of an endpoint. */
export function endpointText(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path
  return endpoint.host.includes(':')
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`
}

/** A path, or HOST:PORT of one host. */
export const endpoint: Kind<string> = textKind((text, place) => {
  const read = parseEndpoint(text, place)
  if ('host' in read && isMulticast(parseIp(read.host)!)) {
    refuse(place, text, 'is a multicast group: for a group there is mcast')
  }
  return endpointText(read)
})

/** Refuses an endpoint, read already, that nobody can be at: the address for all of this host's, or for all hosts. */
export function refuseUnreachable(place: Place, text: string): void {
  const read = parseEndpoint(text, place)
  if ('path' in read) return
  const address = parseIp(read.host)!
  if (isUnspecified(address) || isLimitedBroadcast(address))
    refuse(place, text, 'is no address of one host: give that of the other side, as 127.0.0.1:1234')
}
