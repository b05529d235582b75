import { existsSync } from 'node:fs'
import { EthercastError } from '../spec/error.js'
import { openSwitches } from '../open_switches.js'
import { throwIfAborted } from '../waiter.js'
import * as commands from './commands.js'
import { MconsoleError } from './error.js'
import { exchange } from './exchange.js'
import { findConsole, stateOf } from './guests.js'
import type { FindOptions } from './guests.js'
import { PrivateFolder } from './private_folder.js'
import { encodeRequest } from './protocol.js'
import type { Reply } from './reply.js'

/** Milliseconds that a guest has for an answer, unless it is given more. */
const TIMEOUT_MS = 10_000
/** setTimeout takes no more. */
const LONGEST_MS = 2 ** 31 - 1

export interface RequestOptions {
  signal?: AbortSignal | undefined
  /** How long the guest has for its answer, in milliseconds. Default 10 000. */
  timeoutMs?: number | undefined
}

export interface MconsoleOptions extends RequestOptions, FindOptions {}

/**
 * The management console of a running User-Mode Linux guest. Requests go one at a time, in the order of the calls.
 *
 * All calls reject with a {@link MconsoleError} when the guest refuses, and with an `EthercastError` else: `ETIMEDOUT`, `ECONNREFUSED` (it
 * ended), `EBADMSG` (what came is no reply), `ERR_ETHERCAST_FIELD`, `ERR_ETHERCAST_CLOSED`; or with the signal's reason.
 */
export class Mconsole implements Disposable {
  /** Of the guest's socket. */
  readonly path: string
  readonly #folder: PrivateFolder
  readonly #timeoutMs: number
  readonly #closing = new AbortController()
  #last: Promise<unknown> = Promise.resolve()
  #forgetSignal = () => {}

  private constructor(path: string, timeoutMs: number) {
    this.path = path
    this.#timeoutMs = timeoutMs
    this.#folder = new PrivateFolder(path)
    openSwitches.add(this)
  }

  /**
   * Finds a guest and sees that it lives; nothing is sent yet.
   *
   * @param umidOrPath the guest's `umid`, or, with a slash in it, the path of its socket or folder
   * @throws EthercastError `ENOENT` no such guest; `ECONNREFUSED` its folder is left over from one that ended; `EACCES` another user's
   */
  // eslint-disable-next-line @typescript-eslint/require-await -- what fails rejects
  static async open(umidOrPath: string, options: MconsoleOptions = {}): Promise<Mconsole> {
    const { signal, timeoutMs = TIMEOUT_MS, umlDir } = options
    throwIfAborted(signal)
    const path = findConsole(umidOrPath, { umlDir })
    const state = stateOf(path)
    if (state !== 'alive') throw unreachable(umidOrPath, path, state)
    const opened = new Mconsole(path, checkTimeout(timeoutMs))
    const onAbort = () => opened.close(signal!.reason as Error)
    signal?.addEventListener('abort', onAbort, { once: true })
    opened.#forgetSignal = () => signal?.removeEventListener('abort', onAbort)
    return opened
  }

  /** What the kernel is, as `uname -a` has it. */
  async version(options?: RequestOptions): Promise<string> {
    return (await this.send('version', options)).trimEnd()
  }

  /** The kernel's own list of commands. */
  async help(options?: RequestOptions): Promise<string> {
    return await this.send('help', options)
  }

  /** Ends the guest at once, without shutting it down. */
  async halt(options?: RequestOptions): Promise<void> {
    await this.send('halt', options)
  }

  /** Starts the guest again at once, as it was started. */
  async reboot(options?: RequestOptions): Promise<void> {
    await this.send('reboot', options)
  }

  /**
   * With a value: adds a device, as on the kernel's command line. Of network devices the kernel says that it did, whatever came of it:
   * better use `attachDevice`. Without a value: how the device is configured, for those that can tell.
   */
  async config(device: string, value?: string, options?: RequestOptions): Promise<string> {
    return (await this.send(commands.configCommand(device, value), options)).trimEnd()
  }

  /** Takes a device away; code `EBUSY` while it is up or open, `ENODEV` when there is none. */
  async remove(device: string, options?: RequestOptions): Promise<void> {
    await this.send(commands.removeCommand(device), options)
  }

  /** The SysRq action of a key; what it prints. Some end the guest before it can answer. */
  async sysrq(key: string, options?: RequestOptions): Promise<string> {
    return await this.send(commands.sysrqCommand(key), options)
  }

  /** Ctrl-Alt-Del: what the guest's init does then. */
  async cad(options?: RequestOptions): Promise<void> {
    await this.send('cad', options)
  }

  /** The guest does nothing until {@link go}; its console still answers. */
  async stop(options?: RequestOptions): Promise<void> {
    await this.send('stop', options)
  }

  async go(options?: RequestOptions): Promise<void> {
    await this.send('go', options)
  }

  /** Puts a line into the kernel's log. */
  async log(text: string, options?: RequestOptions): Promise<void> {
    await this.send(commands.logCommand(text), options)
  }

  /** A file below the guest's `/proc`. Not all can be read this way: Linux 6.1 reads `sys/`, `mounts` or `meminfo`, but nothing of `net/`. */
  async proc(file: string, options?: RequestOptions): Promise<string> {
    const text = await this.send(commands.procCommand(file), options)
    // The kernel begins it on a line of its own.
    return text.startsWith('\n') ? text.slice(1) : text
  }

  /** The kernel stack of a process; some kernels print it to the guest's console alone. */
  async stack(pid: number, options?: RequestOptions): Promise<string> {
    return await this.send(commands.stackCommand(pid), options)
  }

  /** A command as it stands, up to 511 octets; the whole text of the reply. The kernel goes by how it begins: `versionfoo` is `version`. */
  async send(command: string, options: RequestOptions = {}): Promise<string> {
    const { signal, timeoutMs = this.#timeoutMs } = options
    throwIfAborted(signal)
    commands.checkCommand(command)
    const signals = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])])
    const reply = await this.#inTurn(signals, () =>
      exchange({
        to: this.path,
        path: this.#folder.next(),
        octets: encodeRequest(command),
        what: command,
        timeoutMs: checkTimeout(timeoutMs),
        signal: signals,
      }),
    )
    return textOf(command, reply)
  }

  /** Requests under way reject. Idempotent. */
  close(reason?: Error): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(reason ?? new EthercastError('ERR_ETHERCAST_CLOSED', 'the console is closed'))
    openSwitches.delete(this)
    this.#forgetSignal()
    // Behind those that close their sockets now.
    void this.#last.then(() => this.#folder.remove())
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal The process ends: nothing runs later. */
  closeNow(): void {
    this.close()
    this.#folder.remove()
  }

  async #inTurn<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    throwIfAborted(signal)
    const result = this.#last.then(task)
    this.#last = result.catch(() => {})
    const { promise: aborted, stop } = abortion(signal)
    try {
      return await Promise.race([result, aborted])
    } finally {
      stop()
    }
  }
}

function abortion(signal: AbortSignal): { promise: Promise<never>; stop: () => void } {
  let onAbort!: () => void
  const promise = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  return { promise, stop: () => signal.removeEventListener('abort', onAbort) }
}

function textOf(command: string, { status, text }: Reply): string {
  if (status === 0) return text
  // It says so, and then does it all the same.
  if (/only supports version/.test(text)) {
    const message = `${command}: the guest's console speaks another version (it says: ${text.trim()}); it may have done it all the same`
    throw new EthercastError('ERR_ETHERCAST_UNSUPPORTED', message)
  }
  throw new MconsoleError(command, status, text, commands.reasonOf(command, text))
}

function checkTimeout(timeoutMs: number): number {
  if (typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= LONGEST_MS) return timeoutMs
  throw new EthercastError(
    'ERR_ETHERCAST_FIELD',
    `timeoutMs ${String(timeoutMs)} is not allowed: above 0, up to ${LONGEST_MS} milliseconds`,
    { field: 'timeoutMs', value: timeoutMs },
  )
}

function unreachable(umid: string, path: string, state: 'stale' | 'closed'): EthercastError {
  if (state === 'closed') {
    const message = `${umid}: ${path} is not for this user: be the user whose guest it is, or root`
    return new EthercastError('EACCES', message, { errno: 'EACCES' })
  }
  if (!existsSync(path)) {
    const message = `${umid}: there is no ${path}: what has a slash is the path of a guest's socket or folder`
    return new EthercastError('ENOENT', message, { errno: 'ENOENT' })
  }
  const message = `${umid}: nobody is behind ${path}: that guest has ended; what it left can be removed`
  return new EthercastError('ECONNREFUSED', message, { errno: 'ECONNREFUSED' })
}
