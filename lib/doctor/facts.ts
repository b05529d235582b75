/** What the doctor knows of a host. The checks see nothing else, so that they can be tried on hosts that are made up. */

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { release } from 'node:os'
import { checkFilter, interfaces, link, probeBind, routeTo, tunFeatures, udpFeatures } from '../binding.js'
import type { NativeLink, UdpFeatures } from '../binding.js'
import { helperFacts } from '../host/helper_facts.js'
import type { HelperFacts } from '../host/helper_facts.js'
import { hasBuiltHelper } from '../host/helper_program.js'
import { listGuests } from '../mconsole/index.js'
import type { FoundGuest } from '../mconsole/index.js'
import { hasProgram } from '../programs.js'
import { EthercastError } from '../spec/error.js'
import { hostNetwork } from './network.js'
import type { HostNetwork } from './network.js'
import { runState } from './run_state.js'
import type { RunState } from './run_state.js'
import { socketFacts } from './sockets.js'
import type { SocketFacts } from './sockets.js'

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

/** A network device, whatever it is. */
export interface HostLink extends Omit<NativeLink, 'flags'> {
  isUp: boolean
  /** It is up, and somebody is at its other end; for a tap: some program has it. */
  hasCarrier: boolean
}

/** Who runs this, as far as the kernel cares. */
export interface HostUser {
  uid: number
  /** Numbers of all groups. */
  groups: number[]
  /** The capability to make and set up network devices. */
  hasNetAdmin: boolean
  /** The capability to capture. Left out: not known. */
  hasNetRaw?: boolean
}

/** Who may open /dev/net/tun. */
export interface TunDevice {
  /** Permission bits. */
  mode: number
  uid: number
  gid: number
  groupName?: string
}

/** What a capture meets on a device. */
export interface HostMedium {
  /** What packets of it start with: ARPHRD_ of linux/if_arp.h. */
  linkType: number
  isWireless: boolean
}

export interface HostFacts {
  interfaces: HostInterface[]
  /** The route to an address, through any interface or the given one; the errno's name when there is none. */
  route(address: string, interfaceIndex?: number): HostRoute | string
  /** Whether a UDP port can be bound just now; the errno's name when not. `shared`: with SO_REUSEADDR, as members of a group do. */
  bind(address: string, port: number, shared: boolean): { receiveBuffer: number } | string
  /** A network device by its name; undefined when there is none. */
  link(name: string): HostLink | undefined
  /** The IFF_ flags that /dev/net/tun knows (linux/if_tun.h); the errno's name when it can't be opened. */
  tunFeatures(): number | string
  /** What UDP sockets can do with runs of datagrams; the errno's name when there can be none. */
  udpFeatures(): UdpFeatures | string
  /** Sockets that are there. */
  sockets: SocketFacts
  /** What packets of a device are like; undefined when there is no such device, or nobody says. */
  medium?(name: string): HostMedium | undefined
  /** What libpcap calls itself when it takes a filter; else what is wrong, with the filter or with libpcap. */
  checkFilter?(filter: string): { by: string } | { field?: string; message: string }
  /** UML guests of this user, those that have left a folder included; left out: not known. */
  guests?(): readonly FoundGuest[]
  user: HostUser
  /** The file /dev/net/tun; the errno's name when there is none. Left out: not known. */
  tunDevice?(): TunDevice | string
  /** Bridges, groups, packet filters; left out: not known. */
  network?(): HostNetwork
  /** Names in a folder, none if there is no such folder. */
  folder?(path: string): string[]
  /** What is left of `ethercast up`; left out: not known. */
  run?(): RunState
  /** A kernel setting by its sysctl name; undefined when there is none. */
  sysctl(name: string): string | undefined
  /** Whether a program is on the PATH. */
  hasProgram(name: string): boolean
  /** What a program on the PATH says of its version, its number; undefined when it says none. */
  programVersion?(name: string): string | undefined
  /** What stands between UML and its helper uml_net; left out: not looked at. */
  helper?(): HelperFacts
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
const IFF_LOWER_UP = 0x10000
/** The number of CAP_NET_ADMIN, capabilities(7). */
const CAP_NET_ADMIN = 12n
const CAP_NET_RAW = 13n

/** The facts of this host. Reading only, except that `bind` opens a socket for a moment; nothing is sent. */
export function hostFacts(): HostFacts {
  const devices = hostInterfaces()
  const user = hostUser()
  let network: HostNetwork | undefined
  return {
    interfaces: devices,
    route: (address, interfaceIndex = 0) => orErrno(() => routeTo(address, interfaceIndex)),
    bind: (address, port, shared) => orErrno(() => probeBind(address, port, shared)),
    link: (name) => hostLink(name),
    tunFeatures: () => orErrno(tunFeatures),
    udpFeatures: () => orErrno(udpFeatures),
    sockets: socketFacts,
    guests: () => listGuests(),
    medium,
    checkFilter: (filter) => {
      try {
        return { by: checkFilter(filter) }
      } catch (error) {
        if (!(error instanceof EthercastError)) throw error
        return { field: error.field, message: error.message }
      }
    },
    user,
    tunDevice,
    network: () => (network ??= hostNetwork(devices, user.hasNetAdmin)),
    folder,
    run: () => runState(),
    sysctl,
    hasProgram,
    programVersion,
    ...(hasBuiltHelper() && { helper: () => helperFacts() }),
    node: process.versions.node,
    engines: engines(),
    kernel: release(),
    libc: libc(),
    openFiles: openFiles(),
  }
}

function hostInterfaces(): HostInterface[] {
  return interfaces().map(({ index, name, flags, mtu, addresses }) => ({
    index,
    name,
    isUp: (flags & IFF_UP) !== 0,
    isLoopback: (flags & IFF_LOOPBACK) !== 0,
    hasMulticast: (flags & IFF_MULTICAST) !== 0,
    mtu,
    addresses,
  }))
}

/** @param name as sysctl(8) has it: a dot within the name of a device is a slash */
function sysctl(name: string): string | undefined {
  const path = name.replace(/[./]/g, (mark) => (mark === '.' ? '/' : '.'))
  try {
    return readFileSync(`/proc/sys/${path}`, 'utf8').trim()
  } catch {
    return undefined
  }
}

function tunDevice(): TunDevice | string {
  try {
    const { mode, uid, gid } = statSync('/dev/net/tun')
    return { mode: mode & 0o777, uid, gid, groupName: groupName(gid) }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO'
  }
}

/** Of the local table, group(5). */
function groupName(gid: number): string | undefined {
  try {
    const lines = readFileSync('/etc/group', 'utf8').split('\n')
    return lines.map((line) => line.split(':')).find(([, , number]) => number === String(gid))?.[0]
  } catch {
    return undefined
  }
}

function folder(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function hostLink(name: string): HostLink | undefined {
  const found = link(name)
  if (found === null) return undefined
  const { flags, ...rest } = found
  return { ...rest, isUp: (flags & IFF_UP) !== 0, hasCarrier: (flags & IFF_LOWER_UP) !== 0 }
}

function medium(name: string): HostMedium | undefined {
  const folder = `/sys/class/net/${name}`
  try {
    const linkType = Number(readFileSync(`${folder}/type`, 'utf8'))
    return { linkType, isWireless: existsSync(`${folder}/wireless`) || existsSync(`${folder}/phy80211`) }
  } catch {
    return undefined
  }
}

function hostUser(): HostUser {
  const status = readFileSync('/proc/self/status', 'utf8')
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`)
  return {
    uid: process.geteuid!(),
    groups: [process.getegid!(), ...process.getgroups!()],
    hasNetAdmin: ((effective >> CAP_NET_ADMIN) & 1n) === 1n,
    hasNetRaw: ((effective >> CAP_NET_RAW) & 1n) === 1n,
  }
}

/** A program that takes longer to say its version has none, in milliseconds. */
const VERSION_TIMEOUT_MS = 3000

/** Those that want to be asked in another way. */
const VERSION_FLAGS: Readonly<Record<string, string>> = { ip: '-V' }

function programVersion(name: string): string | undefined {
  const { stdout } = spawnSync(name, [VERSION_FLAGS[name] ?? '--version'], {
    encoding: 'utf8',
    timeout: VERSION_TIMEOUT_MS,
  })
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
