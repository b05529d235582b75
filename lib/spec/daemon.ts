/**
 * `daemon,MAC,unix,SOCKET`: a port of a switch daemon: uml_switch, vde_switch, or our own `switch`. Source: arch/um/drivers/daemon_kern.c
 * in Linux 6.1.
 */

import { stationMac } from './address.js'
import type { InputOf, Transport } from './grammar.js'
import { choice, packetMtu, textKind } from './kinds.js'
import type { Kind } from './kinds.js'
import { refuse } from './refuse.js'
import { checkPath, reconnecting, socketBuffer } from './unix.js'
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

/** The path of a socket in a field by position, where what begins with `key=` would be an option. */
export const positionalPath: Kind<string> = textKind((text, place) => {
  if (/^[a-z][\w-]*=/i.test(text)) refuse(place, text, 'looks like an option: write ./ before it')
  return checkPath(text, place)
})

/** A socket, or a folder of VDE's, which a name alone does not tell: a slash at the end is as good as none. */
const socketOrFolder: Kind<string> = textKind((text, place) => positionalPath.fromText(bare(text), place))

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
  options: [socketBuffer, packetMtu, ...reconnecting],
}
