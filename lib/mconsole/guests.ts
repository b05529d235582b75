/**
 * Where guests are found: each User-Mode Linux kernel has a folder of its own, named by its `umid`, with its console's socket and its pid
 * (arch/um/os-Linux/umid.c). Which of them live, the sockets say: a pid may be of another namespace, or another's by now.
 */

import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { probeDatagrams } from '../binding.js'
import { EthercastError } from '../spec/error.js'
import { nearest } from '../spec/nearest.js'

/** UMID_LEN without its NUL. */
const MAX_UMID_OCTETS = 63
/** A pid and a line's end; what is longer is none. */
const MAX_PID_OCTETS = 32
/** So many names of a folder are looked at, should somebody fill it. */
const MAX_GUESTS = 10_000

export interface FoundGuest {
  umid: string
  /** Of its console's socket. */
  path: string
  /** As its folder says, in the guest's own pid namespace; undefined when it does not. */
  pid?: number
  /** `stale`: nobody is there, a crash left the folder. `closed`: this user may not talk to it. */
  state: 'alive' | 'stale' | 'closed'
}

export interface FindOptions {
  /** UML's `uml_dir=`, if the guest was booted with one. */
  umlDir?: string | undefined
}

interface GuestsFolder {
  path: string
  /** Anybody may have made it, and what is in it. */
  isShared: boolean
}

/** In the order in which they are searched; uml_mconsole knows the same. */
function foldersOf({ umlDir }: FindOptions): GuestsFolder[] {
  if (umlDir !== undefined) return [{ path: umlDir, isShared: false }]
  return [
    { path: join(homedir(), '.uml'), isShared: false },
    { path: '/tmp/uml', isShared: true },
  ]
}

/** The guests of this user, by name. */
export function listGuests(options: FindOptions = {}): FoundGuest[] {
  const found = new Map<string, FoundGuest>()
  for (const { path, isShared } of foldersOf(options)) {
    if (isShared && !isOurs(path)) continue
    for (const umid of namesIn(path)) {
      const folder = join(path, umid)
      if (found.has(umid) || !isUmid(umid) || (isShared && !isOurs(folder))) continue
      if (isFolder(folder)) found.set(umid, examine(umid, folder))
    }
  }
  return [...found.values()].sort((a, b) => (a.umid < b.umid ? -1 : 1))
}

/**
 * The path of a guest's console: that of a `umid`, or what has a slash.
 *
 * @throws EthercastError `ERR_ETHERCAST_FIELD` for what can't be either; ENOENT when there is no such guest
 */
export function findConsole(umidOrPath: string, options: FindOptions = {}): string {
  if (umidOrPath.includes('\0')) throw badUmid(umidOrPath)
  if (umidOrPath.includes('/')) return consoleAt(umidOrPath)
  if (!isUmid(umidOrPath)) throw badUmid(umidOrPath)
  const folders = foldersOf(options)
  for (const { path, isShared } of folders) {
    const folder = join(path, umidOrPath)
    if (isShared && !(isOurs(path) && isOurs(folder))) continue
    if (isThere(join(folder, 'mconsole'))) return join(folder, 'mconsole')
  }
  const searched = folders.map(({ path }) => path)
  throw notFound(umidOrPath, searched, options)
}

/** A guest's folder will do for its socket. */
function consoleAt(path: string): string {
  return isFolder(path) ? join(path, 'mconsole') : path
}

function notFound(umid: string, folders: readonly string[], options: FindOptions): EthercastError {
  const others = listGuests(options)
    .filter(({ state }) => state === 'alive')
    .map((guest) => guest.umid)
  const near = nearest(umid, others)
  const hint =
    near !== undefined
      ? `did you mean ${near}?`
      : others.length > 0
        ? `these run: ${others.slice(0, 20).join(', ')}`
        : 'none runs there; one booted with uml_dir= is found by that, or by the path of its socket'
  const message = `there is no guest ${umid} in ${folders.join(' or ')}: ${hint}`
  return new EthercastError('ENOENT', message, { errno: 'ENOENT', field: 'umid', value: umid })
}

function badUmid(value: string): EthercastError {
  const message =
    `${JSON.stringify(value)} can't be a guest's name: allowed are 1 to ${MAX_UMID_OCTETS} octets without "/"; ` +
    'what has a slash is the path of its socket'
  return new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'umid', value })
}

/** Also no path trick: neither `.` nor `..`, nor a slash. */
function isUmid(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || Buffer.byteLength(name) > MAX_UMID_OCTETS) return false
  return !/[/\u0000-\u001f\u007f]/.test(name)
}

/** Not planted by somebody else for us to talk to. */
function isOurs(folder: string): boolean {
  const status = lstatSync(folder, { throwIfNoEntry: false })
  if (status === undefined || !status.isDirectory()) return false
  return status.uid === process.geteuid!() || status.uid === 0
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function isThere(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).slice(0, MAX_GUESTS)
  } catch {
    return []
  }
}

function examine(umid: string, folder: string): FoundGuest {
  const path = join(folder, 'mconsole')
  const pid = pidIn(join(folder, 'pid'))
  return { umid, path, ...(pid !== undefined && { pid }), state: stateOf(path) }
}

/** Whether somebody is behind a console's socket; nothing is sent. */
export function stateOf(path: string): FoundGuest['state'] {
  try {
    probeDatagrams(path)
    return 'alive'
  } catch (error) {
    const { code } = error as EthercastError
    // EAGAIN: somebody is there, with too many requests waiting.
    if (code === 'EAGAIN') return 'alive'
    return code === 'ENOENT' || code === 'ECONNREFUSED' ? 'stale' : 'closed'
  }
}

function pidIn(file: string): number | undefined {
  try {
    const status = lstatSync(file)
    if (!status.isFile() || status.size > MAX_PID_OCTETS) return undefined
    const pid = /^(\d{1,9})\n?$/.exec(readFileSync(file, 'utf8'))?.[1]
    return pid === undefined ? undefined : Number(pid)
  } catch {
    return undefined
  }
}
