/**
 * What is at the path of a Unix socket, and who listens there, without connecting: a daemon would take that for a client. Source: proc(5),
 * `/proc/net/unix`, which knows the sockets of this network namespace.
 */

import { accessSync, constants, lstatSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** What has the path of a socket. */
export interface SocketFile {
  kind: 'socket' | 'folder' | 'other'
  /** Permission bits. */
  mode: number
  /** Number of the user it belongs to. */
  owner: number
  /** This user may connect, which takes the right to write. */
  isWritable: boolean
  /** Who accepts connections there, as `uml_switch (812)`, or `somebody`; left out: nobody in this network namespace. */
  listener?: string
}

/** SO_ACCEPTCON in the flags of /proc/net/unix (linux/net.h). */
const LISTENS = 0x10000
/** SOCK_STREAM, as /proc/net/unix has it. */
const STREAM = '0001'

/** What is at a path; undefined when nothing is, the errno's name when that can't be told. */
export function socketFile(path: string): SocketFile | string | undefined {
  try {
    const status = statSync(path)
    const listener = status.isSocket() ? listenerAt(path) : undefined
    return {
      kind: status.isSocket() ? 'socket' : status.isDirectory() ? 'folder' : 'other',
      mode: status.mode & 0o777,
      owner: status.uid,
      isWritable: isWritable(path),
      ...(listener === undefined ? {} : { listener }),
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') return code ?? 'EIO'
    return existsItself(path) ? 'ELOOP' : undefined
  }
}

/** Whether a new socket can be made at a path; the errno's name when not, else `ok`. */
export function socketFolder(path: string): string {
  try {
    const folder = dirname(path)
    if (!statSync(folder).isDirectory()) return 'ENOTDIR'
    accessSync(folder, constants.W_OK | constants.X_OK)
    return 'ok'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO'
  }
}

function existsItself(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function listenerAt(path: string): string | undefined {
  for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n')) {
    const [, , , flags, type, , inode, ...name] = line.trim().split(/\s+/)
    if (name.join(' ') !== path || type !== STREAM || (parseInt(flags!, 16) & LISTENS) === 0) continue
    return holderOf(inode!) ?? 'somebody'
  }
  return undefined
}

/** The process that has a socket, if this user may look. */
function holderOf(inode: string): string | undefined {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const has = readdirSync(`/proc/${pid}/fd`).some(
        (fd) => linkOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`,
      )
      if (has) return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (${pid})`
    } catch {
      // another user's, or ended meanwhile
    }
  }
  return undefined
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
