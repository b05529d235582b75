/**
 * Kinds and options of transports over Unix sockets, and of those whose peer may come and go. Source: unix(7).
 */

import { integer, onOff, octets, textKind } from './kinds.js'
import type { Kind } from './kinds.js'
import { refuse, refuseField, refuseType } from './refuse.js'
import type { Place } from './refuse.js'
import { account } from './tap_kinds.js'

/** Longest path of a socket, in octets: sun_path without its NUL. */
const MAX_PATH = 107

/** The path of a socket. A comma would end the field in a spec string. */
export const socketPath: Kind<string> = textKind((text, place) => checkPath(text, place))

export function checkPath(text: string, place: Place): string {
  if (text.includes(',')) refuse(place, text, "has a comma, which a spec can't hold: choose another path")
  if (text.includes('\0')) refuse(place, text, 'has a NUL octet, which no path has')
  if (/(^|\/)\.{0,2}$/.test(text))
    refuse(place, text, 'names a folder, not a socket: add a name, as in /tmp/lan.sock')
  const length = new TextEncoder().encode(text).length
  if (length > MAX_PATH) {
    refuse(place, text, `is too long, ${length} octets: allowed are 1 to ${MAX_PATH}; a shorter folder helps`)
  }
  return text
}

/** Permissions in octal, as in 0660; a string in both forms, since 660 as a number would mean something else in each language. */
export const permissions: Kind<string> = {
  fromText: readMode,
  fromValue(value, place) {
    if (typeof value === 'string') return readMode(value, place)
    return refuseType(place, value, 'a string', "write the octal digits in quotes, as in '0660'")
  },
  print: (value) => value,
}

function readMode(text: string, place: Place): string {
  if (!/^[0-7]{3,4}$/.test(text) || parseInt(text, 8) > 0o777) {
    refuse(place, text, 'is no mode: allowed are three octal digits, as in 0660')
  }
  return text.padStart(4, '0')
}

/** Options of a socket that is made: who may connect to it. */
export interface UnixAccess {
  /** Permissions of the socket, in octal. Connecting takes the right to write. Default `0600`. */
  mode?: string
  /** The group it belongs to, by name or number. Left out: as the system gives. */
  group?: string
}

/** The table entries of {@link UnixAccess}. */
export const unixAccess = [
  { name: 'mode', kind: permissions },
  { name: 'group', kind: account('group') },
] as const

/** Options of a port that connects to a peer. */
export interface Reconnecting {
  /** When the peer goes, look for it (0.1 s, then twice as long each time, up to 5 s) instead of closing. Default true. */
  reconnect: boolean
  /** When the peer is not there at the start, wait for it instead of failing. Default false. */
  wait: boolean
}

/** The table entries of {@link Reconnecting}. */
export const reconnecting = [
  { name: 'reconnect', kind: onOff, default: true },
  { name: 'wait', kind: onOff, default: false },
] as const

/** Size of each socket buffer, in octets. */
export const socketBuffer = { name: 'buffer', kind: octets(4096, 2 ** 30) } as const

/** Options of a port that takes clients. */
export interface Listening {
  /** How many clients a listener has at most, 1 to 60000; further ones are turned away and counted. Default 1024. */
  clients: number
}

/** The table entry of {@link Listening}. Each client is a port, and their numbers have 16 bits. */
export const clients = { name: 'clients', kind: integer(1, 60_000), default: 1024 } as const

/** A port that listens or connects: which of the two is told by what it has. */
export interface Roles extends UnixAccess, Reconnecting, Listening {
  listen?: string
  connect?: string
}

/** The table entries of {@link Roles} besides `listen` and `connect`. */
export const roleOptions = [clients, ...unixAccess, ...reconnecting] as const

/** Refuses neither and both roles, and options of the one role in the other: `mode` where nothing is made, `reconnect` where nothing connects. */
export function checkRoles(
  spec: Roles & { transport: string },
  example: { listen: string; connect: string },
): void {
  const { transport, listen, connect } = spec
  if (listen === undefined && connect === undefined) {
    const { listen: one, connect: other } = example
    refuseField(
      { transport, field: 'listen' },
      undefined,
      `listen or connect is missing: give one, as in ${transport},listen=${one} or ${transport},connect=${other}`,
    )
  }
  if (listen !== undefined && connect !== undefined) {
    refuseField(
      { transport, field: 'connect' },
      connect,
      'listen and connect are both given: keep one; the other end has the other, or make two ports',
    )
  }
  const [role, elsewhere] =
    listen === undefined
      ? (['connect', [clients, ...unixAccess]] as const)
      : (['listen', reconnecting] as const)
  for (const field of elsewhere) {
    const value = spec[field.name]
    if (value === undefined || ('default' in field && value === field.default)) continue
    refuseField(
      { transport, field: field.name },
      value,
      `${field.name} has no meaning with ${role}=: leave it out`,
    )
  }
}
