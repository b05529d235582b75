import { bindDatagrams } from '../binding.js'
import type { NativeDatagrams } from '../binding.js'
import { EthercastError } from '../spec/error.js'
import { openSwitches } from '../open_switches.js'
import { throwIfAborted, Waiter } from '../waiter.js'
import { decodeNotice, MAX_MESSAGE_OCTETS } from './protocol.js'
import type { Notice, NoticeFault } from './protocol.js'

/** Whoever starts the guest; so its kernel is the same user's. */
const MODE = 0o600
const MESSAGES_A_TURN = 64
/** Notices that wait for a reader. */
const MAX_WAITING = 1024

export interface NotifyOptions {
  signal?: AbortSignal | undefined
  /** Permission bits of the path: who may send. Default 0600. */
  mode?: number
}

/** Datagrams that gave no notice. `overflow`: nobody read for too long. */
export type NoticeDrops = Readonly<Record<NoticeFault | 'overflow', number>>

/**
 * What guests tell that were booted with `mconsole=notify:PATH`: that their console is there (`socket`: they can be managed from then on),
 * that their kernel panics or hangs, and what is written to their `/proc/mconsole` (`user`). One path serves many guests; nothing says who
 * sent a notice, but the path of a `socket` one.
 *
 * Anything may come to the path: what is no notice is dropped and counted.
 */
export class MconsoleNotify implements AsyncIterable<Notice>, Disposable {
  readonly path: string
  readonly #socket: NativeDatagrams
  readonly #message = new Uint8Array(MAX_MESSAGE_OCTETS + 1)
  readonly #waiting: Notice[] = []
  readonly #reader = new Waiter()
  readonly #drops = { length: 0, magic: 0, version: 0, type: 0, overflow: 0 }
  #isClosed = false

  private constructor(path: string, mode: number) {
    this.path = path
    this.#socket = bindDatagrams(path, mode, () => this.#read())
    openSwitches.add(this)
  }

  /**
   * Makes the socket; do so before the guest boots, since its kernel connects once. A socket that a crash left there is replaced.
   *
   * @throws EthercastError `EADDRINUSE` somebody listens there; `EEXIST` no socket is there; and the kernel's errors
   */
  // eslint-disable-next-line @typescript-eslint/require-await -- what fails rejects
  static async listen(path: string, { signal, mode = MODE }: NotifyOptions = {}): Promise<MconsoleNotify> {
    throwIfAborted(signal)
    const made = new MconsoleNotify(path, mode)
    signal?.addEventListener('abort', () => made.close(), { once: true })
    return made
  }

  get drops(): NoticeDrops {
    return { ...this.#drops }
  }

  /** The next notice; undefined after closing. One reader at a time. */
  async next(signal?: AbortSignal): Promise<Notice | undefined> {
    if (this.#reader.isWaiting)
      throw new EthercastError('ERR_ETHERCAST_STATE', 'next: somebody reads already')
    while (this.#waiting.length === 0 && !this.#isClosed) await this.#reader.wait(signal)
    return this.#waiting.shift()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Notice> {
    for (let notice = await this.next(); notice !== undefined; notice = await this.next()) yield notice
  }

  /** The process may end while this listens. */
  unref(): void {
    this.#socket.unref()
  }

  ref(): void {
    this.#socket.ref()
  }

  /** The path is gone; what has come can still be read. Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.close()
    openSwitches.delete(this)
    this.#reader.wake()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal */
  closeNow(): void {
    this.close()
  }

  #read(): void {
    for (let i = 0; i < MESSAGES_A_TURN; i++) {
      const length = this.#socket.receive(this.#message)
      if (length < 0) break
      this.#take(length > MAX_MESSAGE_OCTETS ? 'length' : decodeNotice(this.#message.subarray(0, length)))
    }
    if (this.#waiting.length > 0) this.#reader.wake()
  }

  #take(notice: Notice | NoticeFault): void {
    if (typeof notice === 'string') this.#drops[notice]++
    else if (this.#waiting.length >= MAX_WAITING) this.#drops.overflow++
    else this.#waiting.push(notice)
  }
}
