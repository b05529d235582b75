/**
 * The real System: ip(8) and nft(8) as child processes without a shell, /proc/sys, and the access of a file. Everything is bounded in time and
 * size, and what fails says the command, the complaint, and what would help.
 */

import { spawn } from 'node:child_process'
import { chmodSync, chownSync, closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs'
import { readFileSync, writeFileSync } from 'node:fs'
import { EthercastError } from '../spec/error.js'
import { accountNumber } from './accounts.js'
import { commandText } from './action.js'
import type { Action, RunAction } from './action.js'
import { STEP_OF } from './orphans.js'
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

/** The machine, or the namespace, that this process is in. */
export const localSystem = (options?: LocalSystemOptions): System => new LocalSystem(options)

class LocalSystem implements System {
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

  async #run(action: RunAction): Promise<string> {
    const { error, code, signal, stdout, stderr, stopped } = await runProgram(
      action,
      this.#path,
      this.#programMs,
    )
    if (code === 0 && stopped === undefined) return stdout
    const { program } = action
    const complaint =
      error?.code === 'ENOENT'
        ? `there is no program ${program}; Debian's package ${packages[program]} has it`
        : (stopped ??
          error?.message ??
          (stderr.trim().slice(0, MOST_COMPLAINT) || `ended with ${signal ?? code}`))
    throw failure(action, complaint, error)
  }
}

interface Outcome {
  error?: NodeJS.ErrnoException
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Why it was ended from here. */
  stopped?: string
}

/** Runs it to its end, which comes in time. */
function runProgram(action: RunAction, path: string, programMs: number): Promise<Outcome> {
  const { promise, resolve } = deferred<Outcome>()
  // Detached: an interrupt at the terminal is for ethercast, which then ends the step it is at. LC_ALL: complaints are told by their words.
  const child = spawn(action.program, action.args, {
    env: { PATH: path, LC_ALL: 'C', [STEP_OF]: String(process.pid) },
    detached: true,
  })
  const outcome: Outcome = { code: null, signal: null, stdout: '', stderr: '' }
  const stop = (why: string) => {
    outcome.stopped ??= why
    child.kill('SIGKILL')
  }
  const timer = setTimeout(() => stop(`it did not end within ${programMs} ms`), programMs)
  const settle = () => {
    clearTimeout(timer)
    resolve(outcome)
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (outcome.stdout.length + text.length > MOST_OUTPUT) stop(`it printed more than ${MOST_OUTPUT} octets`)
    else outcome.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    outcome.stderr = (outcome.stderr + text).slice(0, MOST_COMPLAINT)
  })
  child.once('error', (error) => {
    outcome.error = error
    settle()
  })
  child.once('close', (code, signal) => {
    Object.assign(outcome, { code, signal })
    settle()
  })
  child.stdin.on('error', () => {}) // it ended without having read all: its own complaint is the one that counts
  child.stdin.end(action.input ?? '')
  return promise
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
  const promise = new Promise<T>((settle) => (resolve = settle))
  return { promise, resolve }
}
