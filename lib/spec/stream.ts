/**
 * `stream,listen=ADDR` and `stream,connect=ADDR`: frames over a connection, each behind its length. Sources: net/stream.c, net/socket.c and
 * net/net.c in QEMU 7.2; passt(1).
 */

import { stationMac } from './address.js'
import { endpoint, refuseUnreachable } from './endpoint.js'
import type { InputOf, Transport } from './grammar.js'
import { integer } from './kinds.js'
import { refuseField } from './refuse.js'
import { reconnecting, refuseInRole, socketBuffer, unixAccess } from './unix.js'
import type { Reconnecting, UnixAccess } from './unix.js'

/** A normalised `stream` spec: with either `listen` or `connect`. */
export interface StreamSpec extends Reconnecting, UnixAccess {
  transport: 'stream'
  /** MAC address of the host port that a helper makes, canonical. Left out: made up. */
  mac?: string
  /** Where to take clients, each of them a port of its own: a path or HOST:PORT. */
  listen?: string
  /** Whom to connect to: a path or HOST:PORT. */
  connect?: string
  /** How many clients a listener takes at once, 1 to 4096. Default 128. */
  clients: number
  /** Size of each socket buffer, in octets, 4096 to 1 GiB. Left out: as the host has it set. */
  buffer?: number
  /** Largest IP packet inside a frame, in octets without the 14 of the Ethernet header. Left out: not limited. */
  mtu?: number
}

/** A `stream` spec as it may be given: `transport` and one of `listen` and `connect`, the rest optional. */
export type StreamObject = InputOf<StreamSpec>

const CLIENTS = 128
/** 68 is the least that IPv4 forwards whole (RFC 791); a frame has at most 65535 octets with its header. */
const MTU = [68, 65521] as const

export const stream: Transport<StreamObject, StreamSpec> = {
  name: 'stream',
  example: { transport: 'stream', listen: '/tmp/lan.sock' },
  fields: [],
  options: [
    { name: 'mac', kind: stationMac },
    { name: 'listen', kind: endpoint },
    { name: 'connect', kind: endpoint },
    { name: 'clients', kind: integer(1, 4096), default: CLIENTS },
    ...unixAccess,
    ...reconnecting,
    socketBuffer,
    { name: 'mtu', kind: integer(...MTU) },
  ],
  complete(spec) {
    const { listen, connect } = spec
    if (listen === undefined && connect === undefined) {
      refuseField(
        { transport: 'stream', field: 'listen' },
        undefined,
        'listen or connect is missing: give one, as in stream,listen=/tmp/lan.sock or stream,connect=127.0.0.1:1234',
      )
    }
    if (listen !== undefined && connect !== undefined) {
      refuseField(
        { transport: 'stream', field: 'connect' },
        connect,
        'listen and connect are both given: keep one, the other end has the other',
      )
    }
    if (connect !== undefined) {
      refuseInRole('stream', spec, 'connect', [
        ['clients', CLIENTS],
        ['mode', undefined],
        ['group', undefined],
      ])
      refuseUnreachable({ transport: 'stream', field: 'connect' }, connect)
    }
    if (listen !== undefined) {
      refuseInRole('stream', spec, 'listen', [
        ['reconnect', true],
        ['wait', false],
      ])
      if (!listen.includes('/')) refuseAccess(spec)
    }
    return spec
  },
}

function refuseAccess(spec: StreamSpec): void {
  for (const field of ['mode', 'group'] as const) {
    if (spec[field] === undefined) continue
    refuseField(
      { transport: 'stream', field },
      spec[field],
      `${field} is for a path: whoever reaches ${spec.listen!} may connect`,
    )
  }
}
