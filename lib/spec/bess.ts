/**
 * `bess,listen=PATH` and `bess,connect=PATH`: a raw frame a packet of a Unix socket that keeps packets apart (SOCK_SEQPACKET). The wire
 * of the UML `vector` device `bess`, whose guests connect, and of slirp4netns, which listens. Source: arch/um/drivers/vector_user.c in
 * Linux 6.1.
 */

import { stationMac } from './address.js'
import type { InputOf, Transport } from './grammar.js'
import { integer } from './kinds.js'
import { refuseField } from './refuse.js'
import { reconnecting, refuseInRole, socketBuffer, socketPath, unixAccess } from './unix.js'
import type { Reconnecting, UnixAccess } from './unix.js'

/** A `bess` spec with every default filled in. It has `listen` or `connect`. */
export interface BessSpec extends UnixAccess, Reconnecting {
  transport: 'bess'
  /** Path of the socket that is made: guests connect to it, and each is a port of its own. */
  listen?: string
  /** Path of a socket that another program listens on. */
  connect?: string
  /** MAC address of the host port that a helper makes, canonical. Left out: made up. */
  mac?: string
  /** How many clients a listener has at most; further ones are turned away and counted. Default 1024. */
  clients: number
  /** Size of each socket buffer, in octets. Left out: 1 MiB. */
  buffer?: number
  /** Largest IP packet inside a frame, in octets without the 14 of the Ethernet header. Left out: not limited. */
  mtu?: number
}

export type BessObject = InputOf<BessSpec>

/** 68 is the least that IPv4 forwards whole (RFC 791); a frame has 65535 octets at the most, 14 of them the header. */
export const PACKET_MTU = [68, 65521] as const
const USUAL_CLIENTS = 1024

export const bess: Transport<BessObject, BessSpec> = {
  name: 'bess',
  example: { transport: 'bess', listen: '/run/lan.sock' },
  fields: [],
  options: [
    { name: 'listen', kind: socketPath },
    { name: 'connect', kind: socketPath },
    { name: 'mac', kind: stationMac },
    { name: 'clients', kind: integer(1, 60_000), default: USUAL_CLIENTS },
    ...unixAccess,
    ...reconnecting,
    socketBuffer,
    { name: 'mtu', kind: integer(...PACKET_MTU) },
  ],
  complete(spec) {
    if (spec.listen === undefined && spec.connect === undefined) {
      refuseField(
        { transport: 'bess', field: 'listen' },
        undefined,
        'listen= or connect= is missing: for guests, which connect, bess,listen=/run/lan.sock; for a program that listens, ' +
          'bess,connect=PATH',
      )
    }
    if (spec.listen !== undefined && spec.connect !== undefined) {
      refuseField(
        { transport: 'bess', field: 'connect' },
        spec.connect,
        'listen= and connect= exclude each other: give one of them, or two ports',
      )
    }
    if (spec.listen === undefined) {
      refuseInRole('bess', spec, 'connect', [
        ['clients', USUAL_CLIENTS],
        ['mode', undefined],
        ['group', undefined],
      ])
    } else {
      refuseInRole('bess', spec, 'listen', [
        ['reconnect', true],
        ['wait', false],
      ])
    }
    return spec
  },
}
