/** Which sockets there are, from the kernel's tables: nobody is connected to, since a peer may serve just one client. proc(5). */

import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

export type UnixKind = 'stream' | 'dgram' | 'seqpacket'

/** What is at a path. */
export interface PathFact {
  what: 'nothing' | 'socket' | 'something else'
  /** This user may write to it: connect to it, or send. */
  isWritable: boolean
  /** Its folder: there, and this user may make something in it. */
  folder: 'missing' | 'closed' | 'open'
  /** The kind of the socket, where somebody of this network namespace has it open. */
  open?: UnixKind
}

export interface SocketFacts {
  path(path: string): PathFact
  /** Whether somebody of this network namespace listens at a TCP port of this address, or of all addresses. */
  isTcpListening(host: string, port: number): boolean
}

/** SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET. */
const KINDS: Readonly<Record<string, UnixKind>> = { '0001': 'stream', '0002': 'dgram', '0005': 'seqpacket' }
/** TCP_LISTEN, in the table's hex. */
const LISTEN = '0A'

export function socketFacts(): SocketFacts {
  return {
    path: pathFact,
    isTcpListening: (host, port) => listens(host, port, [readTable('net/tcp'), readTable('net/tcp6')]),
  }
}

function pathFact(path: string): PathFact {
  const stat = statSync(path, { throwIfNoEntry: false })
  const what = stat === undefined ? 'nothing' : stat.isSocket() ? 'socket' : 'something else'
  const open = what === 'socket' ? openKind(readTable('net/unix'), path) : undefined
  const folder = dirname(path)
  return {
    what,
    isWritable: stat !== undefined && may(path),
    folder:
      statSync(folder, { throwIfNoEntry: false }) === undefined ? 'missing' : may(folder) ? 'open' : 'closed',
    ...(open === undefined ? {} : { open }),
  }
}

function may(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function readTable(name: string): string {
  try {
    return readFileSync(`/proc/${name}`, 'utf8')
  } catch {
    return '' // no IPv6, say
  }
}

/** The kind of the open socket of this name in /proc/net/unix: `Num RefCount Protocol Flags Type St Inode Path`. */
export function openKind(table: string, path: string): UnixKind | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [, type, name] = /^\S+ \S+ \S+ \S+ (\S+) \S+ +\S+ (.*)$/.exec(line) ?? []
    if (name === path) return KINDS[type!]
  }
  return undefined
}

/** Whether a table as /proc/net/tcp has a listener there. */
export function listens(host: string, port: number, tables: readonly string[]): boolean {
  const number = port.toString(16).toUpperCase().padStart(4, '0')
  for (const line of tables.join('\n').split('\n')) {
    const [, address, itsPort, state] =
      /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) /.exec(line) ?? []
    if (itsPort !== number || state !== LISTEN) continue
    // The first four octets of the address come in the host's order, and a loopback or wildcard is told by that.
    const isWildcard = /^0+$/.test(address!)
    if (isWildcard || address === tableAddress(host)) return true
  }
  return false
}

/** An IPv4 address, or `::1`, as the table of a little-endian host has it; others are taken for what they are on the wire. */
function tableAddress(host: string): string {
  if (host === '::1') return '00000000000000000000000001000000'
  const octets = host.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'))
  return octets.reverse().join('').toUpperCase()
}
