/**
 * `fd,FD`: one end of a pair of sockets, a raw frame a packet, as the UML `vector` device `fd` has it. FD is a descriptor that this
 * process was given; without it a new pair is made, for a program that this one starts. Source: arch/um/drivers/vector_user.c in
 * Linux 6.1.
 */

import { stationMac } from './address.js'
import type { InputOf, Transport } from './grammar.js'
import { choice, integer, packetMtu } from './kinds.js'
import { refuseField } from './refuse.js'
import { socketBuffer } from './unix.js'

/** A `fd` spec with every default filled in. */
export interface FdSpec {
  transport: 'fd'
  /** Number of a descriptor of this process: a connected socket that keeps packets apart, or a tap. Left out: a new pair is made. */
  fd?: number
  /** MAC address of the host port that a helper makes, canonical. Left out: made up. */
  mac?: string
  /** Of a new pair: `seqpacket`, whose end is seen, or `dgram`, which QEMU wants. Default `seqpacket`. */
  type: 'seqpacket' | 'dgram'
  /** Size of each socket buffer, in octets. Left out: 1 MiB. */
  buffer?: number
  /** Largest IP packet inside a frame, in octets without the 14 of the Ethernet header. Left out: not limited. */
  mtu?: number
}

export type FdObject = InputOf<FdSpec>

export const fd: Transport<FdObject, FdSpec> = {
  name: 'fd',
  example: { transport: 'fd', fd: 3 },
  fields: [
    // Behind standard input, output and error output.
    { name: 'fd', kind: integer(3, 2 ** 31 - 1) },
    { name: 'mac', kind: stationMac },
  ],
  options: [
    { name: 'type', kind: choice('seqpacket', 'dgram'), default: 'seqpacket' },
    socketBuffer,
    packetMtu,
  ],
  complete(spec) {
    if (spec.fd !== undefined && spec.type !== 'seqpacket') {
      refuseField(
        { transport: 'fd', field: 'type' },
        spec.type,
        `type= is that of a new pair, and descriptor ${spec.fd} has one: leave it out`,
      )
    }
    return spec
  },
}
