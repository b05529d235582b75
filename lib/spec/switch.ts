/**
 * `switch,,unix,SOCKET`: be the switch daemon that `daemon` ports, UML's and ours, and vde_plug join. The grammar is that of `daemon`,
 * from the other side.
 */

import { stationMac } from './address.js'
import { positionalPath } from './daemon.js'
import type { InputOf, Transport } from './grammar.js'
import { choice, packetMtu } from './kinds.js'
import type { Kind } from './kinds.js'
import { clients, permissions, socketBuffer, unixAccess } from './unix.js'
import type { Listening, UnixAccess } from './unix.js'

/** A normalised `switch` spec. */
export interface SwitchSpec extends UnixAccess, Listening {
  transport: 'switch'
  /** Has no effect: a listener has no station of its own. */
  mac?: string
  /** The kind of socket; there is one. */
  socketType: 'unix'
  /** The control socket that is made. Default `/tmp/uml.ctl`, as uml_switch has it. */
  socket: string
  /** Permissions of the socket, in octal, or `umask`: what the process's umask leaves of 0777. Default `0600`. */
  mode: string
  /** Size of each client's socket buffer, in octets, 4096 to 1 GiB. Left out: 1 MiB, where the host allows it. */
  buffer?: number
  /** Largest IP packet, in octets. Left out: not limited. */
  mtu?: number
}

/** A `switch` spec as it may be given: all but `transport` optional. */
export type SwitchObject = InputOf<SwitchSpec>

const UMASK = 'umask'
const modeOrUmask: Kind<string> = {
  fromText: (text, place) => (text === UMASK ? text : permissions.fromText(text, place)),
  fromValue: (value, place) => (value === UMASK ? value : permissions.fromValue(value, place)),
  print: (value) => value,
}

export const switchDaemon: Transport<SwitchObject, SwitchSpec> = {
  name: 'switch',
  example: { transport: 'switch', socket: '/tmp/uml.ctl' },
  fields: [
    { name: 'mac', kind: stationMac },
    { name: 'socketType', kind: choice('unix'), default: 'unix' },
    { name: 'socket', kind: positionalPath, default: '/tmp/uml.ctl' },
  ],
  options: [
    { name: 'mode', kind: modeOrUmask, default: '0600' },
    unixAccess[1],
    clients,
    socketBuffer,
    packetMtu,
  ],
}
