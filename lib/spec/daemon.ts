/**
 * `daemon,MAC,unix,SOCKET`: a port of a switch daemon: uml_switch, vde_switch, or our own `switch`. Source: arch/um/drivers/daemon_kern.c
 * in Linux 6.1.
 */

import { stationMac } from './address.js'
import type { InputOf, Transport } from './grammar.js'
import { choice, integer } from './kinds.js'
import type { Kind } from './kinds.js'
import { checkPath, reconnecting, socketBuffer, socketPath } from './unix.js'
import type { Reconnecting } from './unix.js'

/** A normalised `daemon` spec. */
export interface DaemonSpec extends Reconnecting {
  transport: 'daemon'
  /** MAC address of the host port that a helper makes, canonical. Left out: made up. */
  mac?: string
  /** The kind of socket; UML's grammar has a place for it, and there is one kind. */
  socketType: 'unix'
  /**
   * The daemon's control socket, or a folder that has it as `ctl`, as vde_switch makes it. Left out: the first that is there of
   * `/var/run/uml-utilities/uml_switch.ctl` and `/tmp/uml.ctl`.
   */
  socket?: string
  /** Size of each socket buffer, in octets, 4096 to 1 GiB. Left out: 1 MiB, where the host allows it. */
  buffer?: number
  /** Largest IP packet, in octets. Left out: not limited here; uml_switch cuts beyond 1500. */
  mtu?: number
}

/** A `daemon` spec as it may be given: all but `transport` optional. */
export type DaemonObject = InputOf<DaemonSpec>

/** 68 is the least that IPv4 forwards whole (RFC 791); a frame has at most 65535 octets with its Ethernet header. */
const MTU = [68, 65521] as const

/** The largest IP packet within a frame of one message. */
export const messageMtu = { name: 'mtu', kind: integer(...MTU) } as const

/** A socket, or a folder of VDE's, which a name alone does not tell: a slash at the end is as good as none. */
const socketOrFolder: Kind<string> = {
  fromText: (text, place) => checkPath(bare(text), place),
  fromValue: (value, place) => socketPath.fromValue(typeof value === 'string' ? bare(value) : value, place),
  print: (value) => value,
}

function bare(text: string): string {
  return text.replace(/(?<=[^/])\/+$/, '')
}

export const daemon: Transport<DaemonObject, DaemonSpec> = {
  name: 'daemon',
  example: { transport: 'daemon', socket: '/tmp/uml.ctl' },
  fields: [
    { name: 'mac', kind: stationMac },
    { name: 'socketType', kind: choice('unix'), default: 'unix' },
    { name: 'socket', kind: socketOrFolder },
  ],
  options: [socketBuffer, messageMtu, ...reconnecting],
}
