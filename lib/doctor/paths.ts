/** Facts of paths and descriptors, for ports over Unix sockets. Reading only. Sources: unix(7), proc(5). */

import { accessSync, constants, lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { resolve } from 'node:path'

export interface HostPath {
  kind: 'socket' | 'folder' | 'other'
  /** Number of its user. */
  uid: number
  /** This user may write: to a folder, make something in it; to a socket, connect. */
  isWritable: boolean
}

export type SocketType = 'stream' | 'dgram' | 'seqpacket'

/** What is there; undefined when nothing is. */
export function hostPath(path: string): HostPath | undefined {
  try {
    const status = lstatSync(path)
    const kind = status.isSocket() ? 'socket' : status.isDirectory() ? 'folder' : 'other'
    return { kind, uid: status.uid, isWritable: mayWrite(path) }
  } catch {
    return undefined
  }
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

const TYPES: Readonly<Record<string, SocketType>> = { '0001': 'stream', '0002': 'dgram', '0005': 'seqpacket' }

/** Of the socket that somebody in this network namespace has at a path; undefined when nobody has. Datagram sockets take without listening. */
export function boundSocket(path: string): SocketType | undefined {
  // Num RefCount Protocol Flags Type St Inode Path, where the path is as it was given.
  for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n').slice(1)) {
    const [, , , flags, type, , , ...name] = line.split(/ +/)
    const listens = (parseInt(flags ?? '0', 16) & 0x10000) !== 0 // __SO_ACCEPTCON
    if (name.length === 0 || resolve(name.join(' ')) !== resolve(path)) continue
    if (listens || type === '0002') return TYPES[type!]
  }
  return undefined
}

/** What a descriptor of this process is, as `socket:[123]` or a path; undefined when there is none. */
export function descriptor(number: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${number}`)
  } catch {
    return undefined
  }
}
