/**
 * How long a command runs: until Ctrl-C, SIGTERM, the terminal's end, a broken pipe, or the time given with `--for`, whichever comes first.
 */

import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { InvalidArgumentError } from 'commander'
import { isBrokenPipe, writeError } from './write_error.js'

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
/** setTimeout takes no more than 2^31 - 1 ms. */
const LONGEST_MS = 2 ** 31 - 1
/** One Ctrl-C may arrive twice: from the terminal, and passed on by npm or npx. */
const SAME_SIGNAL_MS = 500

/** Milliseconds of `10s`, `500ms`, `1.5m`, `1h` or plain seconds (`10`). For commander's option parsers. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text)
  const ms = match === null ? NaN : Number(match[1]) * UNITS[match[2] ?? 's']!
  if (ms > 0 && ms <= LONGEST_MS) return ms
  throw new InvalidArgumentError(
    `A duration is a number with ms, s, m or h, as in 10s or 500ms; up to 24 days.`,
  )
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Those that end a command: with nohup(1) the end of the terminal does not. */
function signals(): readonly (typeof SIGNALS)[number][] {
  let ignored = 0n
  try {
    ignored = BigInt(
      `0x${/^SigIgn:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`,
    )
  } catch {
    // Without /proc nobody can tell; then it ends, cleanly.
  }
  const isIgnored = (number: number) => (ignored >> BigInt(number - 1)) & 1n
  return isIgnored(constants.signals.SIGHUP) === 1n ? SIGNALS.slice(0, 2) : SIGNALS
}

/** Why a command ended. */
export type Ending = 'signal' | 'time' | 'pipe' | 'done' | 'failed'

export class Lifetime implements Disposable {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout | undefined
  #ending: Ending | undefined
  #signalMs = -Infinity
  #failure: Error | undefined

  /** @param forMs milliseconds to live; left out: until somebody ends it */
  constructor(forMs?: number) {
    for (const signal of signals()) process.on(signal, this.#onSignal)
    process.stdout.on('error', this.#onOutputError)
    process.stderr.on('error', ignore)
    if (forMs !== undefined) this.#timer = setTimeout(() => this.end('time'), forMs)
  }

  /** Aborts when the life ends. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why it ended; undefined while it lasts. */
  get ending(): Ending | undefined {
    return this.#ending
  }

  /** Resolves when the life ends. */
  get over(): Promise<Ending> {
    const { signal } = this
    if (signal.aborted) return Promise.resolve(this.#ending!)
    return new Promise((resolve) =>
      signal.addEventListener('abort', () => resolve(this.#ending!), { once: true }),
    )
  }

  /** Calls `look` every so many milliseconds until the life ends. */
  async every(intervalMs: number, look: () => void): Promise<void> {
    const timer = setInterval(look, intervalMs)
    await this.over
    clearInterval(timer)
  }

  /** @throws Error when the end came because stdout can't be written to */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  end(why: Ending = 'done'): void {
    if (this.#ending !== undefined) return
    this.#ending = why
    this.#controller.abort()
    this[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    const sinceMs = performance.now() - this.#signalMs
    if (sinceMs > SAME_SIGNAL_MS) this.#leaveSignals()
    else setTimeout(() => this.#leaveSignals(), SAME_SIGNAL_MS - sinceMs).unref()
  }

  // Then another Ctrl-C meets the default action, for when the clean end hangs.
  #leaveSignals(): void {
    for (const signal of SIGNALS) process.removeListener(signal, this.#onSignal)
  }

  readonly #onSignal = () => {
    if (this.#ending === undefined) this.#signalMs = performance.now()
    this.end('signal')
  }
  readonly #onOutputError = (error: Error) => {
    if (isBrokenPipe(error)) return this.end('pipe')
    this.#failure ??= writeError('standard output', error)
    this.end('failed')
  }
}

/** What is told to people who have left, or can't be told for other reasons. */
function ignore(): void {}
