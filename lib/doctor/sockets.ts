/**
 * Which sockets there are: at paths, at TCP ports, as descriptors. Reading only: whoever listens would take a connection for a client, and
 * may serve just one. Sources: unix(7), proc(5).
 */

import {
  accessSync,
  constants,
  lstatSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs'
import type { Stats } from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'

export type UnixType = 'stream' | 'dgram' | 'seqpacket'

/** What has a path. */
export interface PathFact {
  kind: 'socket' | 'folder' | 'link' | 'other'
  /** Permission bits. */
  mode: number
  /** Number of the user it belongs to. */
  owner: number
  /** This user may write to it: connect to a socket, or send. */
  isWritable: boolean
  /** The socket's holder, as `uml_switch (812)` or `somebody`, and its type; left out: nobody in this network namespace takes anything there. */
  holder?: { name: string; type: UnixType }
}

/** Why no socket can be made in a folder, and which part of the way there is the reason. */
export interface FolderFault {
  why: 'missing' | 'no folder' | 'closed' | 'foreign link' | 'open to all'
  part: string
}

export interface SocketFacts {
  /** What is at a path, behind all links; undefined when nothing is, the errno's name when that can't be told. */
  at(path: string): PathFact | string | undefined
  /** The same of the name itself: a link is a link, whatever it leads to. */
  named(path: string): PathFact | string | undefined
  /** What keeps a socket from being made in the folder of a path; undefined when nothing does. */
  folderFault(path: string): FolderFault | undefined
  /** Whether somebody of this network namespace listens at a TCP port of this address, or of all addresses. */
  isTcpListening(host: string, port: number): boolean
  /** What a descriptor of this process is, as `socket:[123]` or a path; undefined when there is none. */
  descriptor(number: number): string | undefined
}

export const socketFacts: SocketFacts = {
  at: (path) => pathFact(path, false),
  named: (path) => pathFact(path, true),
  folderFault,
  isTcpListening: (host, port) => listens(host, port, [readTable('net/tcp'), readTable('net/tcp6')]),
  descriptor: (number) => linkOf(`/proc/self/fd/${number}`),
}

function pathFact(path: string, isOfName: boolean): PathFact | string | undefined {
  const status = orErrno(() => (isOfName ? lstatSync(path) : statSync(path)))
  if (typeof status === 'string') return status === 'ENOENT' ? undefined : status
  const holder = status.isSocket() ? holderOf(path, status) : undefined
  return {
    kind: kindOf(status),
    mode: status.mode & 0o777,
    owner: status.uid,
    isWritable: may(path, constants.W_OK),
    ...(holder === undefined ? {} : { holder }),
  }
}

function kindOf(status: Stats): PathFact['kind'] {
  if (status.isSocket()) return 'socket'
  if (status.isDirectory()) return 'folder'
  return status.isSymbolicLink() ? 'link' : 'other'
}

function orErrno<T>(ask: () => T): T | string {
  try {
    return ask()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO'
  }
}

function may(path: string, mode: number): boolean {
  return orErrno(() => accessSync(path, mode)) === undefined
}

/** As the kernel follows at most, path_resolution(7). */
const MAX_LINKS = 40
const WRITABLE_BY_ALL = 0o002
const STICKY = 0o1000

/** The rules of native/engine/unix_folder.h, and the right to write. */
function folderFault(path: string): FolderFault | undefined {
  const parts = partsOf(dirname(path))
  let folder = isAbsolute(path) ? '/' : '.'
  for (let links = 0; parts.length > 0;) {
    const part = join(folder, parts.shift()!)
    const status = orErrno(() => lstatSync(part))
    if (typeof status === 'string') return { why: status === 'ENOENT' ? 'missing' : 'closed', part }
    if (status.isSymbolicLink()) {
      if (status.uid !== 0 && status.uid !== process.geteuid!()) return { why: 'foreign link', part }
      const target = linkOf(part)
      if (target === undefined || ++links > MAX_LINKS) return { why: 'closed', part }
      if (isAbsolute(target)) folder = '/'
      parts.unshift(...partsOf(target))
    } else if (status.isDirectory()) {
      folder = part
    } else {
      return { why: 'no folder', part }
    }
  }
  const { mode } = statSync(folder)
  if ((mode & WRITABLE_BY_ALL) !== 0 && (mode & STICKY) === 0) return { why: 'open to all', part: folder }
  return may(folder, constants.W_OK | constants.X_OK) ? undefined : { why: 'closed', part: folder }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

/** SOCK_STREAM, SOCK_DGRAM and SOCK_SEQPACKET, as the table has them. */
const TYPES: Readonly<Record<string, UnixType>> = { '0001': 'stream', '0002': 'dgram', '0005': 'seqpacket' }
/** SO_ACCEPTCON in the flags of the table (linux/net.h). */
const LISTENS = 0x10000

export interface BoundSocket {
  type: UnixType
  inode: string
  /** As it was given to bind(2), so perhaps relative to another process's folder. */
  path: string
}

/**
 * Sockets with a path that take something: those that listen, and all for datagrams. What a listener has accepted has its name, too.
 * @param table as /proc/net/unix: `Num RefCount Protocol Flags Type St Inode Path`
 */
export function boundSockets(table: string): BoundSocket[] {
  return table.split('\n').flatMap((line) => {
    const [, flags, type, inode, path] = /^\S+: \S+ \S+ (\S+) (\S+) \S+ +(\d+) ([^@].*)$/.exec(line) ?? []
    if (path === undefined || TYPES[type!] === undefined) return []
    if (TYPES[type!] !== 'dgram' && (parseInt(flags!, 16) & LISTENS) === 0) return []
    return [{ type: TYPES[type!]!, inode: inode!, path }]
  })
}

/** By the file, since a path may be spelled in many ways. */
function holderOf(path: string, { dev, ino }: Stats): PathFact['holder'] {
  const name = basename(realpathSync(path))
  for (const { type, inode, path: bound } of boundSockets(readTable('net/unix'))) {
    if (basename(bound) !== name) continue
    const pid = pidOf(inode)
    const file = isAbsolute(bound) ? bound : `/proc/${pid}/cwd/${bound}`
    const status = orErrno(() => statSync(file))
    if (typeof status === 'string' || status.dev !== dev || status.ino !== ino) continue
    const program = pid === undefined ? '' : readTable(`${pid}/comm`).trim()
    return { type, name: program === '' ? 'somebody' : `${program} (${pid})` }
  }
  return undefined
}

/** The process that has a socket, if this user may look. */
function pidOf(inode: string): string | undefined {
  return readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readdirSync(`/proc/${pid}/fd`).some(
        (fd) => linkOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`,
      )
    } catch {
      return false // another user's, or ended meanwhile
    }
  })
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** Empty where there is none: no IPv6, say. */
function readTable(name: string): string {
  try {
    return readFileSync(`/proc/${name}`, 'utf8')
  } catch {
    return ''
  }
}

/** TCP_LISTEN, in the table's hex. */
const LISTEN = '0A'

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
