/** What the commands do around a port that opens: which specs they take, and what they say when it fails. */

import type { HostPort } from '../host_port.js'
import type { Port } from '../port.js'
import { EthercastError, formatSpec, parseSpec } from '../spec/index.js'
import type { HostSpec, PortSpec } from '../spec/index.js'

/** The spec of a port that leads out of this process. */
export type LanSpec = Exclude<PortSpec, HostSpec>

/**
 * Reads the spec of a port that leads out of this process.
 *
 * @throws EthercastError `ERR_ETHERCAST_FIELD`
 */
export function lanSpec(text: string): LanSpec {
  const spec = parseSpec(text)
  if (spec.transport === 'fd' && spec.fd === undefined) {
    const message =
      'fd: the number is missing: give that of a descriptor this command was started with, as in fd,3; ' +
      'a program that is started with a new one: ethercast run SPEC -- PROGRAM'
    throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'fd', value: undefined })
  }
  if (spec.transport !== 'host') return spec
  const message = 'host is a port for programs, and leads nowhere here: name a LAN, as in mcast'
  throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'transport', value: 'host' })
}

/** The port that leads to the LAN of a NIC that `connect` made; beside it its switch has only the NIC. */
export function lanPort(nic: HostPort): Port | undefined {
  return [...nic.lan.ports.values()].find((port) => port !== nic)
}

/** A spec for a shell: quoted where the shell would do something with it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** The command that looks for what stands in a port's way. */
export function doctorCommand(spec: PortSpec): string {
  return `ethercast doctor ${shellWord(formatSpec(spec))}`
}

/** The error of a port that did not open, with where to go on. Mistakes in the spec stay as they are: they say it all. */
export function openError(error: unknown, spec: PortSpec): unknown {
  if (!(error instanceof EthercastError) || error.code === 'ERR_ETHERCAST_FIELD') return error
  const { code, errno, syscall } = error
  const why = errno === undefined || error.message.includes(errno) ? '' : ` (${errno})`
  const message = `${formatSpec(spec)}: ${error.message}${why}\nWhat stands in its way: ${doctorCommand(spec)}`
  return new EthercastError(code, message, { errno, syscall, port: formatSpec(spec), cause: error })
}
