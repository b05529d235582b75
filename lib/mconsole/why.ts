/** Why a guest has not got a device, as far as that can be told from outside: the kernel tells its own log alone. */

import { connect } from 'node:net'
import { resolve } from 'node:path'
import { EthercastError } from '../spec/error.js'
import { nearest } from '../spec/nearest.js'
import { ETH_TRANSPORTS } from './device_spec.js'
import type { DeviceSpec } from './device_spec.js'
import { MconsoleError } from './error.js'

/** Debian's kernel has the first, others the second. */
const SWITCH_SOCKETS = ['/var/run/uml-utilities/uml_switch.ctl', '/tmp/uml.ctl']
/** A switch on this host answers at once. */
const CONNECT_MS = 1000

/** The kernel refused the configuration: in words, or without any when it knows no such transport or can't read the fields. */
export function whyRefused(error: MconsoleError, { transport, fields }: DeviceSpec): MconsoleError {
  if (error.text.trim() !== '') return error
  const near = ETH_TRANSPORTS.includes(transport) ? undefined : nearest(transport, ETH_TRANSPORTS)
  const why =
    near !== undefined
      ? `there is no transport ${transport}: did you mean ${near}?`
      : `the guest's kernel was built without the transport ${transport}` +
        (fields.length > 0 ? ', or can make nothing of what stands behind it' : '')
  return new MconsoleError(error.command, error.status, error.text, why)
}

/** The kernel took the configuration, and there is no device. */
export async function whyAbsent(wanted: DeviceSpec): Promise<EthercastError> {
  const { device } = wanted
  const why = wanted.kind === 'eth' ? await whyNoEth(wanted) : undefined
  const message =
    `attach: the guest took ${device}, but has no such device: ` +
    (why ?? `its kernel could not make it, and tells why in its log alone (dmesg in the guest)`)
  return new EthercastError('ERR_ETHERCAST_MCONSOLE', message, { field: 'device', value: device })
}

async function whyNoEth(wanted: DeviceSpec): Promise<string | undefined> {
  const { transport, fields } = wanted
  if (transport === 'daemon') return whyNoSwitch(wanted)
  if (transport !== 'mcast' && transport !== 'ucast') return undefined
  // MAC, address, port, and then the TTL or another port.
  const bad = fields.slice(2, 4).find((field) => !/^\d*$/.test(field))
  return bad === undefined ? undefined : `${bad} is no number`
}

/** `daemon[,MAC[,SOCKTYPE[,SOCKET]]]`: the kernel connects when the device is made, and never again. */
async function whyNoSwitch({ fields }: DeviceSpec): Promise<string> {
  const [, kind = '', given = ''] = fields
  if (kind !== '' && kind !== 'unix') return `the kind of a switch's socket is unix, not ${kind}`
  const paths = given === '' ? SWITCH_SOCKETS : [given]
  const faults = await Promise.all(paths.map(faultOf))
  const at = paths.join(' or ')
  if (faults.every((fault) => fault === 'ENOENT')) return `there is no switch at ${at}: start one first`
  if (faults.every((fault) => fault !== undefined))
    return `no switch answers at ${at} (${faults.join(', ')}): start one first`
  return `a switch listens at ${at}, but did not let it in, or the guest is on another host or in another folder`
}

/** What keeps us from a socket; undefined: nothing. */
function faultOf(path: string): Promise<string | undefined> {
  return new Promise((settle) => {
    const socket = connect(resolve(path))
    socket.setTimeout(CONNECT_MS, () => end('ETIMEDOUT'))
    const end = (fault: string | undefined) => {
      socket.destroy()
      settle(fault)
    }
    socket.once('connect', () => end(undefined))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })
}
