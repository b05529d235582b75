/**
 * The only file that touches the addon: loads it, and declares what it exports. Everything here is internal.
 */

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { EthercastError } from './spec/error.js'
import type { ErrorDetails } from './spec/error.js'

/** How a switch forwards, every option given (native/node/fabric_options.h). Limits of 0: none. */
export interface NativeOptions {
  hub: boolean
  ageingUs: number
  tableSize: number
  stationLimit: number
  stormLimit: number
  forwardReserved: boolean
}

/** One switch: an I/O thread with its ports. All calls return at once, except `stop`, which waits for the thread to end. */
export interface NativeSwitch {
  addPort(request: number, transport: string, config: object, name: string): void
  addHostPort(
    request: number,
    toProgram: Uint8Array,
    fromProgram: Uint8Array,
    maxFrame: number,
    name: string,
  ): void
  removePort(id: number): void
  /** Closes the copy of a pair's other end that a port has. */
  releasePeer(id: number): void
  /** Wakes the I/O thread for a host port that sleeps; `request` is that of its addHostPort. */
  bell(request: number): void
  /** What happened since the last call, as JSON. */
  takeEvents(): string
  /** Copies a port's counters, in the order of `counterNames`; false when the port is unknown. */
  counters(id: number, into: Float64Array): boolean
  /** Releases what a closed port still held here. */
  forget(id: number, request: number): void
  /** Asks for the stations the switch has learned; they come as an event. */
  stations(request: number): void
  /** Binds a station to a port; the answer comes as an event. `mac` as a number. */
  pin(request: number, mac: number, vlan: number, port: number): void
  /** Undoes that; the answer comes as an event. */
  unpin(request: number, mac: number, vlan: number): void
  stop(): void
  ref(): void
  unref(): void
}

export interface NativeError {
  code: string
  message: string
  errno?: string
  syscall?: string
  field?: string
}

export type NativePortState = 'opening' | 'up' | 'degraded' | 'reconnecting' | 'blocked' | 'closed'

export type NativeEvent =
  | {
      event: 'opened'
      /** 0 for a listener's client. */
      request: number
      id: number
      /** The listener's number; 0: none. */
      parent: number
      name: string
      state: NativePortState
    }
  | { event: 'failed'; request: number; tried: boolean; error: NativeError }
  | {
      event: 'port'
      id: number
      state: NativePortState
      reason: string
      message: string
      errno?: string
    }
  | { event: 'note'; id: number; key: string; value: string }
  | { event: 'closed'; id: number }
  | {
      event: 'stations'
      request: number
      /** [MAC as a number, VLAN, port, milliseconds since it was heard, pinned] */
      stations: [number, number, number, number, boolean][]
    }
  | { event: 'answer'; request: number; done: boolean; error?: NativeError }

export interface NativeInterface {
  index: number
  name: string
  flags: number
  mtu: number
  addresses: string[]
}

/** A network device, as the kernel tells of it. */
export interface NativeLink {
  name: string
  /** `tun`, `veth`, `bridge`…; empty for hardware and loopback. */
  kind: string
  flags: number
  mtu: number
  /** A tap; the rest says something of taps alone. */
  isTap: boolean
  hasMultiQueue: boolean
  isPersistent: boolean
  /** Queues in use; told for devices with several alone. */
  queues: number
  /** Numbers of the user and the group that may use it. */
  owner?: number
  group?: number
}

/** A datagram socket of AF_UNIX with a path (native/node/datagram_handle.h). Texts are JSON: null, or what went wrong. */
export interface NativeDatagrams {
  connect(path: string): string
  send(octets: Uint8Array): string
  /** To whoever sent the last message received. */
  answer(octets: Uint8Array): string
  /** How long the message was, more than `into` holds when it was cut; -1: there is none. */
  receive(into: Uint8Array): number
  close(): void
  ref(): void
  unref(): void
}

/** What becomes of a device of /dev/net/tun; see native/engine/tun_persist.h. */
export interface TunWish {
  /** Where taps are had from; default: /dev/net/tun. */
  clone?: string
  /** Empty: the next free tap. */
  device: string
  /** Left out: a tap; false: a TUN device. */
  ethernet?: boolean
  /** Whether it stays. */
  persist: boolean
  owner?: number
  group?: number
}

interface Binding {
  NativeDatagrams: new (path: string, mode: number, readable: () => void) => NativeDatagrams
  probeDatagrams(path: string): string
  tunPersist(wanted: TunWish): string
  accountNumber(kind: 'user' | 'group', name: string): string
  NativeSwitch: new (options: NativeOptions, wake: () => void) => NativeSwitch
  counterNames: string[]
  interfaces(): string
  routeTo(address: string, interfaceIndex: number): string
  probeBind(address: string, port: number, shared: boolean): string
  link(name: string): string
  tunFeatures(): string
  udpFeatures(): string
  checkFilter(filter: string): string
}

/** What UDP sockets of this kernel have (udp(7)). */
export interface UdpFeatures {
  /** UDP_SEGMENT: one message becomes many datagrams. */
  segment: boolean
  /** UDP_GRO: a run of datagrams comes as one message. */
  gro: boolean
}

function load(): Binding {
  const require = createRequire(import.meta.url)
  const root = fileURLToPath(new URL('..', import.meta.url))
  try {
    // Looks for build/Release first, then for a prebuilt binary that fits; ETHERCAST_PREBUILD names another root.
    return (require('node-gyp-build') as (root: string) => Binding)(root)
  } catch (cause) {
    throw new EthercastError(
      'ERR_ETHERCAST_UNSUPPORTED',
      'the native part of ethercast is not built for this Node: run `npm rebuild ethercast` (in a checkout: `npm start`); ' +
        'it needs g++, make and python3',
      { cause },
    )
  }
}

const binding = load()

/** Names of the counters, in the order of the native block. */
export const counterNames: readonly string[] = binding.counterNames

export const NativeSwitchClass = binding.NativeSwitch

/** An error of the native core as the library's own. */
export function fromNative(error: NativeError, more: ErrorDetails = {}): EthercastError {
  const { code, message, ...details } = error
  return new EthercastError(code, message, { ...details, ...more })
}

function answer<T>(json: string): T {
  const value = JSON.parse(json) as T | { error: NativeError }
  if (typeof value === 'object' && value !== null && 'error' in value) throw fromNative(value.error)
  return value
}

/** The interfaces of this host. */
export function interfaces(): NativeInterface[] {
  return answer(binding.interfaces())
}

/** The route to an address; `interfaceIndex` 0: through any interface. Throws the kernel's error when there is none. */
export function routeTo(
  address: string,
  interfaceIndex = 0,
): { interfaceIndex: number; mtu: number; source: string } {
  return answer(binding.routeTo(address, interfaceIndex))
}

/** Binds a UDP socket for a moment. Throws the kernel's error when that fails; else what receive buffer it would get. */
export function probeBind(address: string, port: number, shared: boolean): { receiveBuffer: number } {
  return answer(binding.probeBind(address, port, shared))
}

/** A network device by its name; null when there is none. */
export function link(name: string): NativeLink | null {
  return answer(binding.link(name))
}

/** The abilities of /dev/net/tun, as IFF_ flags (linux/if_tun.h). Throws the kernel's error when it can't be opened. */
export function tunFeatures(): number {
  return answer<{ features: number }>(binding.tunFeatures()).features
}

/** What UDP sockets of this kernel can do with runs. Throws the kernel's error when there can be no UDP socket. */
export function udpFeatures(): UdpFeatures {
  return answer(binding.udpFeatures())
}

/** Checks a filter for captures, without privilege; what libpcap calls itself. Throws what is wrong with it, or that there is no libpcap. */
export function checkFilter(filter: string): string {
  return answer<{ by: string }>(binding.checkFilter(filter)).by
}

/**
 * Binds a datagram socket to a path; `readable` is called while there are messages. Until `unref` it keeps the process alive, and until
 * `close` it stays, whoever forgets it.
 *
 * @param mode permission bits of the path: who may send
 */
export function bindDatagrams(path: string, mode: number, readable: () => void): NativeDatagrams {
  try {
    return new binding.NativeDatagrams(path, mode, readable)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw code === 'details' ? fromNative(JSON.parse(message) as NativeError) : error
  }
}

/** Throws what a call of a NativeDatagrams says went wrong. */
export function throwIfRefused(json: string): void {
  answer<null>(json)
}

/** Throws the kernel's error unless somebody takes datagrams at a path. Nothing is sent. */
export function probeDatagrams(path: string): void {
  answer<null>(binding.probeDatagrams(path))
}

/** Makes or takes a device of /dev/net/tun, and lets it stay or go; its name. Throws the kernel's error in its own words. */
export function tunPersist(wanted: TunWish): string {
  return answer<{ device: string }>(binding.tunPersist(wanted)).device
}

/** The number of a user or group, wherever this system has them from; null: there is none of that name. */
export function accountNumber(kind: 'user' | 'group', name: string): number | null {
  return answer(binding.accountNumber(kind, name))
}
