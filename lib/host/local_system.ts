/**
 * The real System: ip(8) and nft(8) as child processes without a shell, /proc/sys, and the access of a file. Everything is bounded in time and
 * size, and what fails says the command, the complaint, and what would help.
 */

import { execFile } from 'node:child_process'
import { chmodSync, chownSync, closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs'
import { readFileSync, writeFileSync } from 'node:fs'
import { EthercastError } from '../spec/error.js'
import { accountNumber } from './accounts.js'
import { commandText } from './action.js'
import type { Action } from './action.js'
import type { System } from './system.js'

/** A program of netlink's answers at once; this is for a machine under heavy load, or a kernel that hangs in a lock. */
const PROGRAM_MS = 10_000
/** A full table of the internet's routes in JSON is about a hundred million octets. */
const MOST_OUTPUT = 256 * 1024 * 1024
/** What is quoted of a complaint, octets: nft repeats the whole line of its input. */
const MOST_COMPLAINT = 1000
/** open(2) of what a path names, not of what it does: no driver is asked. Not in node:fs. */
const O_PATH = 0o10000000
const PERMISSION_BITS = 0o7777

const packages = { ip: 'iproute2', nft: 'nftables' } as const

/** Where administrators' programs are, also for a user whose PATH lacks it. */
const ADMIN_FOLDERS = '/usr/sbin:/sbin'

export interface LocalSystemOptions {
  /** Where `ip`, `nft` and `getent` are looked for; default $PATH and the folders of the administrator. */
  path?: string
  /** Milliseconds a program may take. */
  programMs?: number
}

export class LocalSystem implements System {
  readonly #path: string
  readonly #programMs: number

  constructor(options: LocalSystemOptions = {}) {
    this.#path = options.path ?? [process.env.PATH, ADMIN_FOLDERS].filter(Boolean).join(':')
    this.#programMs = options.programMs ?? PROGRAM_MS
  }

  read(program: 'ip' | 'nft', args: readonly string[], input?: string): Promise<string> {
    return this.#run({ do: 'run', program, args: [...args], input })
  }

  async perform(action: Action): Promise<void> {
    switch (action.do) {
      case 'run':
        await this.#run(action)
        return
      case 'sysctl':
        return attempt(action, () => {
          const path = sysctlPath(action.name)
          if (path === undefined) throw new TypeError('this is not the name of a value')
          writeFileSync(path, `${action.value}\n`, { flag: 'r+' })
        })
      case 'access':
        return attempt(action, () => setAccess(action.path, action.gid, action.mode))
    }
  }

  sysctl(name: string): string | undefined {
    const path = sysctlPath(name)
    try {
      return path === undefined ? undefined : readFileSync(path, 'utf8').trimEnd()
    } catch {
      return undefined
    }
  }

  access(path: string): { gid: number; mode: number; uid: number } | undefined {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined || found.isSymbolicLink()) return undefined
    return { gid: found.gid, mode: found.mode & PERMISSION_BITS, uid: found.uid }
  }

  uid(account: string | number): number | undefined {
    return accountNumber('passwd', account, this.#path)
  }

  gid(account: string | number): number | undefined {
    return accountNumber('group', account, this.#path)
  }

  #run(action: Action & { do: 'run' }): Promise<string> {
    const { promise, resolve, reject } = deferred<string>()
    // LC_ALL: complaints are recognised by their words.
    const env = { PATH: this.#path, LC_ALL: 'C' }
    const limits = { timeout: this.#programMs, killSignal: 'SIGKILL', maxBuffer: MOST_OUTPUT } as const
    const child = execFile(action.program, action.args, { env, ...limits }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(failure(action, this.#complaint(action, error, stderr), error))
    })
    child.stdin?.on('error', () => {}) // it ended without having read all: its own complaint is the one that counts
    child.stdin?.end(action.input ?? '')
    return promise
  }

  #complaint(action: Action & { do: 'run' }, error: Failure, stderr: string): string {
    if (error.code === 'ENOENT')
      return `there is no program ${action.program}; Debian's package ${packages[action.program]} has it`
    if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
      return `it printed more than ${MOST_OUTPUT} octets`
    if (error.killed) return `it did not end within ${this.#programMs} ms`
    const said = stderr.trim().slice(0, MOST_COMPLAINT)
    if (said !== '') return said
    return error.signal ? `it was ended by ${error.signal}` : `exit code ${error.code ?? 'unknown'}`
  }
}

interface Failure extends Error {
  code?: string | number | null
  killed?: boolean
  signal?: NodeJS.Signals | null
}

/** The file of a value; undefined: no such name. As in sysctl(8) a `/` of the name is a `.` of the path, and the reverse. */
export function sysctlPath(name: string): string | undefined {
  const parts = name.split('.').map((part) => part.replaceAll('/', '.'))
  const isSound = parts.every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'))
  return isSound ? `/proc/sys/${parts.join('/')}` : undefined
}

/** Group and mode of the very file found there, never of one that a symbolic link leads to. */
function setAccess(path: string, gid: number, mode: number): void {
  const descriptor = openSync(path, O_PATH | constants.O_NOFOLLOW)
  try {
    const found = fstatSync(descriptor)
    if (found.isSymbolicLink()) throw new TypeError('it is a symbolic link, which is not followed')
    // A descriptor of O_PATH can't be changed itself; the kernel's own link to it leads to the same file whatever the path says by now.
    const itself = `/proc/self/fd/${descriptor}`
    // -1: the owner stays. The mode comes last, as a new group may clear bits of it.
    if (found.gid !== gid) chownSync(itself, -1, gid)
    chmodSync(itself, mode & PERMISSION_BITS)
  } finally {
    closeSync(descriptor)
  }
}

async function attempt(action: Action, change: () => void): Promise<void> {
  try {
    change()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return Promise.reject(failure(action, code === undefined ? message : describe(code, message), error))
  }
  return Promise.resolve()
}

/** Node's message without the call and the path, which the command has already: `ENOENT: no such file or directory`. */
const describe = (code: string, message: string): string =>
  message.startsWith(`${code}: `) ? message.replace(/,.*/s, '') : `${code}: ${message}`

const errnoOf: readonly [RegExp, string][] = [
  [/operation not permitted|\bEPERM\b/i, 'EPERM'],
  [/permission denied|\bEACCES\b/i, 'EACCES'],
  [/file exists|\bEEXIST\b/i, 'EEXIST'],
  [/no such file or directory|there is no program|\bENOENT\b/i, 'ENOENT'],
  [/cannot find device|does not exist|no such device|\bENODEV\b/i, 'ENODEV'],
  [/device or resource busy|\bEBUSY\b/i, 'EBUSY'],
  [/read-only file system|\bEROFS\b/i, 'EROFS'],
]

function failure(action: Action, complaint: string, cause: unknown): EthercastError {
  const errno = errnoOf.find(([pattern]) => pattern.test(complaint))?.[1]
  const remedy =
    errno === 'EPERM' || errno === 'EACCES'
      ? `. This needs root, or the capability ${neededCapability(action)}`
      : errno === 'EROFS'
        ? '. Within a container that is so unless it is privileged'
        : ''
  const command = commandText(action).split('\n', 1)[0]!.replace(" <<'END'", '')
  const line = batchLine(action, complaint)
  const where = line === undefined ? command : `${command}: ${line}`
  complaint = complaint.replace(/\s*Command failed -:\d+$/, '')
  return new EthercastError(errno ?? 'ERR_ETHERCAST_STATE', `${where}: ${complaint}${remedy}`, {
    errno,
    cause,
  })
}

function neededCapability(action: Action): string {
  if (action.do === 'access') return 'CAP_CHOWN and CAP_FOWNER'
  // Values of net.* belong to the namespace's root; others are root's by the file alone.
  return action.do === 'sysctl' && !action.name.startsWith('net.') ? 'CAP_SYS_ADMIN' : 'CAP_NET_ADMIN'
}

/** `ip -batch -` names only the number of the line that failed. */
function batchLine(action: Action, complaint: string): string | undefined {
  if (action.do !== 'run' || action.program !== 'ip' || action.input === undefined) return undefined
  const number = /Command failed -:(\d+)/.exec(complaint)?.[1]
  return number === undefined ? undefined : action.input.split('\n')[Number(number) - 1]
}

function deferred<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
