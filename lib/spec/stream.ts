/**
 * `stream,listen=ADDR` and `stream,connect=ADDR`: frames over a connection, each behind its length. Sources: net/stream.c, net/socket.c and
 * net/net.c in QEMU 7.2; passt(1).
 */

import { stationMac } from './address.js'
import { endpoint, refuseUnreachable } from './endpoint.js'
import type { InputOf, Transport } from './grammar.js'
import { packetMtu } from './kinds.js'
import { refuseField } from './refuse.js'
import { checkRoles, roleOptions, socketBuffer } from './unix.js'
import type { Roles } from './unix.js'

/** A normalised `stream` spec: with either `listen` or `connect`. */
export interface StreamSpec extends Roles {
  transport: 'stream'
  /** MAC address of the host port that a helper makes, canonical. Left out: made up. */
  mac?: string
  /** Where to take clients, each of them a port of its own: a path or HOST:PORT. */
  listen?: string
  /** Whom to connect to: a path or HOST:PORT. */
  connect?: string
  /** Size of each socket buffer, in octets, 4096 to 1 GiB. Left out: as the host has it set. */
  buffer?: number
  /** Largest IP packet inside a frame, in octets without the 14 of the Ethernet header. Left out: not limited. */
  mtu?: number
}

/** A `stream` spec as it may be given: `transport` and one of `listen` and `connect`, the rest optional. */
export type StreamObject = InputOf<StreamSpec>

export const stream: Transport<StreamObject, StreamSpec> = {
  name: 'stream',
  example: { transport: 'stream', listen: '/tmp/lan.sock' },
  fields: [],
  options: [
    { name: 'mac', kind: stationMac },
    { name: 'listen', kind: endpoint },
    { name: 'connect', kind: endpoint },
    ...roleOptions,
    socketBuffer,
    packetMtu,
  ],
  complete(spec) {
    checkRoles(spec, { listen: '/tmp/lan.sock', connect: '127.0.0.1:1234' })
    const { listen, connect } = spec
    if (connect !== undefined) refuseUnreachable({ transport: 'stream', field: 'connect' }, connect)
    if (listen !== undefined && !listen.includes('/')) refuseAccess(spec)
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
