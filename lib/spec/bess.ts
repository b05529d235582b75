/**
 * `bess,listen=PATH` and `bess,connect=PATH`: a raw frame a packet of a Unix socket that keeps packets apart (SOCK_SEQPACKET). The wire
 * of the UML `vector` device `bess`, whose guests connect, and of slirp4netns, which listens. Source: arch/um/drivers/vector_user.c in
 * Linux 6.1.
 */

import { stationMac } from './address.js'
import type { InputOf, Transport } from './grammar.js'
import { packetMtu } from './kinds.js'
import { checkRoles, roleOptions, socketBuffer, socketPath } from './unix.js'
import type { Roles } from './unix.js'

/** A `bess` spec with every default filled in. It has `listen` or `connect`. */
export interface BessSpec extends Roles {
  transport: 'bess'
  /** Path of the socket that is made: guests connect to it, and each is a port of its own. */
  listen?: string
  /** Path of a socket that another program listens on. */
  connect?: string
  /** MAC address of the host port that a helper makes, canonical. Left out: made up. */
  mac?: string
  /** Size of each socket buffer, in octets. Left out: 1 MiB. */
  buffer?: number
  /** Largest IP packet inside a frame, in octets without the 14 of the Ethernet header. Left out: not limited. */
  mtu?: number
}

export type BessObject = InputOf<BessSpec>

export const bess: Transport<BessObject, BessSpec> = {
  name: 'bess',
  example: { transport: 'bess', listen: '/run/lan.sock' },
  fields: [],
  options: [
    { name: 'listen', kind: socketPath },
    { name: 'connect', kind: socketPath },
    { name: 'mac', kind: stationMac },
    ...roleOptions,
    socketBuffer,
    packetMtu,
  ],
  complete(spec) {
    checkRoles(spec, { listen: '/run/lan.sock', connect: '/run/lan.sock' })
    return spec
  },
}
