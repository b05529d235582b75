/** What the doctor knows of a host. The checks see nothing else, so that they can be tried on hosts that are made up. */

import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { interfaces, probeBind, routeTo } from '../binding.js'
import { EthercastError } from '../spec/error.js'

export interface HostInterface {
  index: number
  name: string
  isUp: boolean
  isLoopback: boolean
  hasMulticast: boolean
  /** Octets of the largest IP packet. */
  mtu: number
  addresses: string[]
}

export interface HostRoute {
  interfaceIndex: number
  /** Octets of the largest IP packet on this route. */
  mtu: number
}

export interface HostFacts {
  interfaces: HostInterface[]
  /** The route to an address, through any interface or the given one; the errno's name when there is none. */
  route(address: string, interfaceIndex?: number): HostRoute | string
  /** Whether a UDP port can be bound just now; the errno's name when not. `shared`: with SO_REUSEADDR, as members of a group do. */
  bind(address: string, port: number, shared: boolean): { receiveBuffer: number } | string
  /** A kernel setting by its sysctl name; undefined when there is none. */
  sysctl(name: string): string | undefined
  /** Whether a program is on the PATH. */
  hasProgram(name: string): boolean
  node: string
  kernel: string
}

/** Interface flags, netdevice(7). */
const IFF_UP = 0x1
const IFF_LOOPBACK = 0x8
const IFF_MULTICAST = 0x1000

/** The facts of this host. Reading only, except that `bind` opens a socket for a moment; nothing is sent. */
export function hostFacts(): HostFacts {
  return {
    interfaces: interfaces().map(({ index, name, flags, mtu, addresses }) => ({
      index,
      name,
      isUp: (flags & IFF_UP) !== 0,
      isLoopback: (flags & IFF_LOOPBACK) !== 0,
      hasMulticast: (flags & IFF_MULTICAST) !== 0,
      mtu,
      addresses,
    })),
    route: (address, interfaceIndex = 0) => orErrno(() => routeTo(address, interfaceIndex)),
    bind: (address, port, shared) => orErrno(() => probeBind(address, port, shared)),
    sysctl: (name) => {
      try {
        return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim()
      } catch {
        return undefined
      }
    },
    hasProgram: (name) =>
      (process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, name))),
    node: process.versions.node,
    kernel: release(),
  }
}

function orErrno<T>(ask: () => T): T | string {
  try {
    return ask()
  } catch (error) {
    if (error instanceof EthercastError) return error.errno ?? error.code
    throw error
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
