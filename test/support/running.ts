// A child process that a test holds on to: its output so far, waiting for a line, and a sure end.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { childEnv, commandLine, findProgram } from '../../scripts/command.mjs'
import { atExit } from './cleanup.js'
import { within } from './wait.js'

const kKeptOctets = 1024 * 1024
// After a process has ended its pipes may still hold output; a daemon it left behind may hold them open for ever. So many looks in a row that
// find nothing are the end. Looks, not time alone: a busy event loop is late for its timers before it has read anything.
const kQuietLooks = 6
const kLookMs = 50
/** Of one that goes on talking no more is waited for. */
const kMostLooks = 100

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Result extends Exit {
  readonly stdout: string
  readonly stderr: string
}

export interface StartOptions {
  cwd?: string
  env?: Record<string, string | undefined>
  /** What the child reads on stdin, which then ends. Without it stdin stays open for `write`. */
  input?: string
  /** Called for each complete line of stdout. */
  onLine?: (line: string) => void
  /** How much of each stream is kept; the oldest goes first. */
  keptOctets?: number
  /** What `kill` tries first; SIGTERM when left out. */
  endSignal?: NodeJS.Signals
}

export class Running {
  readonly pid: number
  readonly exited: Promise<Exit>
  readonly commandLine: string
  stdout = ''
  stderr = ''
  /** Set once the process has ended. */
  exit: Exit | undefined

  readonly #child: ChildProcessWithoutNullStreams
  readonly #endSignal: NodeJS.Signals
  readonly #watchers = new Set<() => void>()
  /** That came through the pipes so far. */
  #pieces = 0

  /** Starts a command in a process group of its own, so that its end takes its children along. */
  constructor(command: string, args: readonly string[], options: StartOptions = {}) {
    this.commandLine = commandLine(command, args)
    this.#endSignal = options.endSignal ?? 'SIGTERM'
    // Should this process be killed, which runs nothing of ours, then the kernel kills the child.
    const guard = findProgram('setpriv') ? ['setpriv', '--pdeathsig', 'KILL', '--'] : []
    const guarded = [...guard, command, ...args]
    this.#child = spawn(guarded[0]!, guarded.slice(1), {
      cwd: options.cwd,
      env: childEnv(options.env),
      detached: true,
    })
    this.pid = this.#child.pid ?? 0
    this.#child.stdin.on('error', () => {}) // EPIPE: the child ended before it had read all
    if (options.input !== undefined) this.#child.stdin.end(options.input)
    this.#collect(options)
    const forget = atExit(() => this.#killGroup())
    this.exited = this.#waitForExit().then((exit) => {
      forget()
      this.exit = exit
      this.#notify()
      return exit
    })
  }

  /** Writes to the child's stdin. */
  write(text: string): void {
    this.#child.stdin.write(text)
  }

  endInput(): void {
    this.#child.stdin.end()
  }

  /** Sends a signal to the process itself, not to its children. */
  signal(signal: NodeJS.Signals): void {
    if (!this.exit && this.pid > 0) this.#child.kill(signal)
  }

  /** Ends the process: a signal, SIGKILL when that does not help in time, and SIGKILL for what it left behind. */
  async kill(signal: NodeJS.Signals = this.#endSignal, graceMs = 3000): Promise<Exit> {
    if (!this.exit) {
      this.signal(signal)
      await Promise.race([this.exited, sleep(graceMs, undefined, { ref: false })])
    }
    this.#killGroup()
    return this.exited
  }

  /** Waits for a complete line, of stdout or stderr, that was or will be printed. */
  async waitForLine(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = deferred<RegExpExecArray>()
    const look = () => {
      const match = this.#find(pattern)
      if (match) resolve(match)
      else if (this.exit)
        reject(this.#problem(`ended (${describeExit(this.exit)}) before printing ${pattern}`))
    }
    const timer = setTimeout(
      () => reject(this.#problem(`did not print ${pattern} in ${timeoutMs} ms`)),
      timeoutMs,
    )
    this.#watchers.add(look)
    try {
      look()
      return await promise
    } finally {
      clearTimeout(timer)
      this.#watchers.delete(look)
    }
  }

  /** Waits for the end and returns all that was printed; a process that takes longer is killed, and that is an error. */
  async result(timeoutMs = 10_000): Promise<Result> {
    try {
      const exit = await within(this.exited, timeoutMs)
      return { ...exit, stdout: this.stdout, stderr: this.stderr }
    } catch {
      await this.kill('SIGKILL')
      throw this.#problem(`did not end in ${timeoutMs} ms`)
    }
  }

  #collect(options: StartOptions): void {
    const kept = options.keptOctets ?? kKeptOctets
    let line = ''
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#pieces++
      this.stdout = (this.stdout + text).slice(-kept)
      if (options.onLine) {
        const lines = (line + text).split('\n')
        line = lines.pop() ?? ''
        lines.forEach(options.onLine)
      }
      this.#notify()
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#pieces++
      this.stderr = (this.stderr + text).slice(-kept)
      this.#notify()
    })
  }

  #waitForExit(): Promise<Exit> {
    const { promise, resolve } = deferred<Exit>()
    this.#child.once('error', (error) => {
      this.stderr += `${error.message}\n`
      resolve({ code: 127, signal: null })
    })
    this.#child.once('exit', (code, signal) => {
      this.#child.once('close', () => resolve({ code, signal }))
      void this.#quiet().then(() => resolve({ code, signal }))
    })
    return promise
  }

  /**
   * Waits until the pipes bring nothing any more. A child is seen to have ended before its output is read when another one's end made Node look
   * after all of them.
   */
  async #quiet(): Promise<void> {
    for (let looks = 0, all = 0; looks < kQuietLooks && all < kMostLooks; looks++, all++) {
      const before = this.#pieces
      await sleep(kLookMs)
      await turn() // pipes are read between timers and this
      if (this.#pieces !== before) looks = -1
    }
  }

  #find(pattern: RegExp): RegExpExecArray | undefined {
    const still = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
    for (const text of [this.stdout, this.stderr]) {
      const lines = text.split('\n')
      if (!this.exit) lines.pop() // not complete yet: a number in it may be cut
      for (const line of lines) {
        const match = still.exec(line)
        if (match) return match
      }
    }
    return undefined
  }

  #killGroup(): void {
    try {
      if (this.pid > 0) process.kill(-this.pid, 'SIGKILL')
    } catch {
      // nobody left in the group
    }
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }

  #problem(what: string): Error {
    const said = `${this.stdout.slice(-2000)}${this.stderr.slice(-2000)}`
    return new Error(`${this.commandLine} ${what}; it said:\n${said}`)
  }
}

/** Runs a command to its end. */
export async function run(
  command: string,
  args: readonly string[],
  options: StartOptions & { timeoutMs?: number } = {},
): Promise<Result> {
  return new Running(command, args, { input: '', ...options }).result(options.timeoutMs)
}

export function describeExit(exit: Exit): string {
  return exit.signal ? `ended by ${exit.signal}` : `exit code ${exit.code}`
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
