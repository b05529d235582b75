/** What the doctor knows of a host. The checks see nothing else, so that they can be tried on hosts that are made up. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { release } from 'node:os'
import { interfaces, probeBind, routeTo } from '../binding.js'
import { hasProgram } from '../programs.js'
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
  /** What a program on the PATH says to --version, its number; undefined when it says none. */
  programVersion?(name: string): string | undefined
  node: string
  /** The versions of Node that this package is for, as in `>=20.20`. */
  engines?: string
  kernel: string
  /** As in `glibc 2.36`. */
  libc?: string
  /** Descriptors that this process may have open; left out: not known. */
  openFiles?: number
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
    hasProgram,
    programVersion,
    node: process.versions.node,
    engines: engines(),
    kernel: release(),
    libc: libc(),
    openFiles: openFiles(),
  }
}

/** A program that takes longer to say its version has none, in milliseconds. */
const VERSION_TIMEOUT_MS = 3000

function programVersion(name: string): string | undefined {
  const { stdout } = spawnSync(name, ['--version'], { encoding: 'utf8', timeout: VERSION_TIMEOUT_MS })
  return /\d+(\.\d+)+/.exec(stdout ?? '')?.[0]
}

function engines(): string {
  const require = createRequire(import.meta.url)
  return (require('../../package.json') as { engines: { node: string } }).engines.node
}

function libc(): string | undefined {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean }
  report.excludeNetwork = true // else it looks up the names of peers, which takes its time
  const { header } = report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime && `glibc ${header.glibcVersionRuntime}`
}

function openFiles(): number | undefined {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const limit = /^Max open files\s+(\S+)/m.exec(limits)?.[1]
  if (limit === undefined) return undefined
  return limit === 'unlimited' ? Infinity : Number(limit)
}

function orErrno<T>(ask: () => T): T | string {
  try {
    return ask()
  } catch (error) {
    if (error instanceof EthercastError) return error.errno ?? error.code
    throw error
  }
}
