/**
 * The folder where the journal is: this user's own, and reached through a descriptor, so that nobody can put another one in its place (symlink(7),
 * open(2)). `/run/ethercast` unless told otherwise (FHS 3.0, 3.15): gone at reboot, as what is set up.
 *
 * Exclusive use is claimed by a file named after the process. Who claims writes first and then looks for others: of two at once each sees the
 * other, so never both go on. A claim whose process is gone is nobody's, and its name is no other's: removing it is always safe.
 */

import { randomInt } from 'node:crypto'
import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { readdirSync, readFileSync, readlinkSync, rmdirSync, unlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { getSystemErrorMap } from 'node:util'
import { EthercastError } from '../spec/error.js'
import { orphansGone } from './orphans.js'

export const DEFAULT_STATE_FOLDER = '/run/ethercast'

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants
/** Looks at claims of others, before giving up. Two that claim in the same instant both step back, and try again. */
const ATTEMPTS = 5
/** Longest pause between two attempts, in milliseconds; random, so that two do not keep meeting. */
const PAUSE_MS = 100

export class StateFolder implements Disposable {
  #claim: string | undefined
  /** Processes that were killed while they had it. */
  readonly #dead = new Set<string>()
  #isClosed = false

  private constructor(
    readonly path: string,
    readonly descriptor: number,
    /** It was not there before. */
    readonly isNew: boolean,
  ) {}

  /**
   * @param create makes it (0700) when it is not there; else undefined is returned then
   * @throws EthercastError `ERR_ETHERCAST_STATE` for a folder that is not safe, the kernel's for one that can't be opened
   */
  static open(path: string, { create }: { create: true }): StateFolder
  static open(path: string, { create }: { create: boolean }): StateFolder | undefined
  static open(path: string, { create }: { create: boolean }): StateFolder | undefined {
    let isNew = false
    try {
      if (create) {
        mkdirSync(path, { mode: 0o700 })
        isNew = true
      }
    } catch (error) {
      if (errno(error) !== 'EEXIST') throw folderError(path, error)
    }
    let descriptor: number
    try {
      descriptor = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    } catch (error) {
      if (errno(error) === 'ENOENT' && !create) return undefined
      throw folderError(path, error)
    }
    const { uid, mode } = fstatSync(descriptor)
    const me = process.geteuid!()
    const trouble =
      uid !== me && !(uid === 0 && !create)
        ? `belongs to user ${uid}, who could make user ${me} do what that one wants`
        : (mode & 0o022) !== 0
          ? `may be written to by others (mode ${(mode & 0o777).toString(8)}); chmod 700 ${path}`
          : undefined
    if (trouble === undefined) return new StateFolder(path, descriptor, isNew)
    closeSync(descriptor)
    throw new EthercastError(
      'ERR_ETHERCAST_STATE',
      `${path}: this folder ${trouble}; or name another one: --state DIR`,
    )
  }

  /** A path to a file in this folder, whatever is renamed meanwhile. */
  at(name: string): string {
    return `/proc/self/fd/${this.descriptor}/${name}`
  }

  /** Makes names last. */
  sync(): void {
    fsyncSync(this.descriptor)
  }

  /** Claims it for this process, until it is closed. @throws EthercastError `ERR_ETHERCAST_STATE`: another process has it */
  async claim(): Promise<void> {
    const name = claimName()
    for (let attempt = 1; ; attempt++) {
      try {
        closeSync(openSync(this.at(name), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600))
      } catch (error) {
        throw errno(error) === 'EEXIST' ? inUse(this.path, name) : folderError(this.path, error)
      }
      const other = this.#otherClaim(name)
      if (other === undefined) break
      unlinkSync(this.at(name))
      if (attempt === ATTEMPTS) throw inUse(this.path, other)
      await sleep(randomInt(1, PAUSE_MS))
    }
    this.#claim = name
    await orphansGone([...this.#dead].map((dead) => CLAIM.exec(dead)![1]!))
    for (const dead of this.#dead) unlinkIfThere(this.at(dead))
  }

  /** A claim of a process that is still there; what others have left is remembered. */
  #otherClaim(own: string): string | undefined {
    for (const name of readdirSync(this.at('.'))) {
      if (name === own || !CLAIM.test(name)) continue
      if (isAlive(name)) return name
      this.#dead.add(name)
    }
    return undefined
  }

  /** Removes it as well if nothing else is in it. */
  remove(): void {
    this.#release()
    try {
      rmdirSync(this.path)
    } catch {
      // Not empty: others have their things there.
    }
  }

  #release(): void {
    if (this.#claim === undefined) return
    unlinkSync(this.at(this.#claim))
    this.#claim = undefined
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#release()
    closeSync(this.descriptor)
  }
}

/** A process by its number and the time it was started (in ticks since boot), within a pid namespace. */
export const CLAIM = /^lock-(\d+)-(\d+)-(\d+)$/
/** proc_pid_stat(5): what follows the name in brackets starts with field 3, and the start time is field 22. */
const START_FIELD = 22 - 3

function startTime(pid: number | string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return ['Z', 'X'].includes(fields[0]!) ? undefined : fields[START_FIELD]
  } catch {
    return undefined
  }
}

const pidNamespace = (): string => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0]
const claimName = (): string => `lock-${process.pid}-${startTime('self')}-${pidNamespace()}`

export function isAlive(claim: string): boolean {
  const [, pid, start, namespace] = CLAIM.exec(claim)!
  // Processes of another pid namespace can't be seen from here: taken as alive.
  return namespace !== pidNamespace() || startTime(pid!) === start
}

function inUse(path: string, claim: string): EthercastError {
  const [, pid, , namespace] = CLAIM.exec(claim)!
  const message =
    namespace === pidNamespace()
      ? `another ethercast (process ${pid}) is just at it, with ${path}: wait for its end`
      : `another ethercast, process ${pid} of another pid namespace, is at it with ${path}: wait for its end, or, if it has gone, remove ${path}/${claim}`
  return new EthercastError('ERR_ETHERCAST_STATE', message)
}

export function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error
  }
}

export const errno = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

export function folderError(path: string, error: unknown): Error {
  const { code, errno: number, syscall } = error as NodeJS.ErrnoException
  if (code === undefined) return error as Error
  const why = getSystemErrorMap().get(number ?? 0)?.[1] ?? code
  const remedy: Record<string, string> = {
    EACCES:
      process.geteuid!() === 0
        ? '; name another folder: --state DIR'
        : '; as root, or --state DIR with a folder of yours',
    ELOOP: '; a symbolic link is not followed: name the folder itself with --state DIR',
    ENOTDIR: '; name a folder: --state DIR',
    ENOENT: '; make the folder that it is to be in',
  }
  const message = `${path}: can't keep the journal there: ${why} (${code})${remedy[code] ?? ''}`
  return new EthercastError(code, message, { errno: code, syscall, cause: error })
}
