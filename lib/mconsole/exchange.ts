/**
 * One request and its reply, over a socket of its own: replies have no number that says what they answer, so one that comes too late must
 * find nobody.
 */

import { bindDatagrams, throwIfRefused } from '../binding.js'
import type { NativeDatagrams } from '../binding.js'
import { EthercastError } from '../spec/error.js'
import { throwIfAborted } from '../waiter.js'
import { stateOf } from './guests.js'
import { MAX_MESSAGE_OCTETS } from './protocol.js'
import { ReplyAssembler } from './reply.js'
import type { Reply, ReplyFault } from './reply.js'

/** The folder around it is what keeps others away; a guest's kernel may be another user's process. */
const MODE = 0o666
/** Messages read at once; the rest a turn later. */
const MESSAGES_A_TURN = 64
/** How often it is looked whether the guest is still there: nothing tells when it ends. */
const LOOK_MS = 500
/** How often a request is tried while the guest has too many waiting. */
const TRY_MS = 20

export interface Exchange {
  /** Of the guest's socket. */
  to: string
  /** Where the answer comes to. */
  path: string
  octets: Uint8Array
  /** For messages. */
  what: string
  timeoutMs: number
  signal: AbortSignal
}

export async function exchange({ to, path, octets, what, timeoutMs, signal }: Exchange): Promise<Reply> {
  throwIfAborted(signal)
  const replies = new Replies(path, what)
  const fail = (error: Error) => replies.fail(error)
  // At once: the process may be ending.
  const onAbort = () => {
    fail(signal.reason as Error)
    replies.socket.close()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  const timers = [
    setTimeout(() => fail(tooLate(what, timeoutMs)), timeoutMs),
    setInterval(() => {
      if (stateOf(to) === 'stale') fail(ended(what))
    }, LOOK_MS),
  ]
  try {
    throwIfRefused(replies.socket.connect(to))
    while (!trySend(replies.socket, octets, what) && !replies.isSettled) {
      await new Promise((resolve) => setTimeout(resolve, TRY_MS))
    }
    return await replies.whole
  } finally {
    for (const timer of timers) clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    replies.socket.close()
    // Another failure may have come first.
    replies.whole.catch(() => {})
  }
}

class Replies {
  readonly socket: NativeDatagrams
  readonly whole: Promise<Reply>
  isSettled = false
  #resolve!: (reply: Reply) => void
  #reject!: (error: Error) => void
  readonly #assembler = new ReplyAssembler()
  readonly #message = new Uint8Array(MAX_MESSAGE_OCTETS + 1)

  constructor(
    path: string,
    private readonly what: string,
  ) {
    this.whole = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.socket = bindDatagrams(path, MODE, () => this.#read())
  }

  fail(error: Error): void {
    this.isSettled = true
    this.#reject(error)
  }

  #read(): void {
    for (let i = 0; i < MESSAGES_A_TURN && !this.isSettled; i++) {
      const length = this.socket.receive(this.#message)
      if (length < 0) return
      const reply =
        length > MAX_MESSAGE_OCTETS ? 'malformed' : this.#assembler.add(this.#message.subarray(0, length))
      if (reply === undefined) continue
      if (typeof reply === 'string') this.fail(noReply(this.what, reply))
      else {
        this.isSettled = true
        this.#resolve(reply)
      }
    }
    // Once settled, nobody wants the rest, and it must not call again.
    if (this.isSettled) this.socket.close()
  }
}

/** Whether it is sent; not while the guest has too many waiting. */
function trySend(socket: NativeDatagrams, octets: Uint8Array, what: string): boolean {
  try {
    throwIfRefused(socket.send(octets))
    return true
  } catch (error) {
    const { code } = error as EthercastError
    if (code === 'EAGAIN' || code === 'ENOBUFS') return false
    throw code === 'ECONNREFUSED' || code === 'ENOTCONN' ? ended(what) : error
  }
}

function tooLate(what: string, timeoutMs: number): EthercastError {
  const message =
    `${what}: the guest did not answer in ${timeoutMs / 1000} s: it hangs, is busy, or has ended in a way that nobody tells; ` +
    'it may still do what it was told'
  return new EthercastError('ETIMEDOUT', message, { errno: 'ETIMEDOUT' })
}

function ended(what: string): EthercastError {
  const message = `${what}: the guest ended before it answered`
  return new EthercastError('ECONNREFUSED', message, { errno: 'ECONNREFUSED' })
}

function noReply(what: string, fault: ReplyFault): EthercastError {
  const why = fault === 'malformed' ? 'is none of an mconsole' : 'does not end'
  return new EthercastError('EBADMSG', `${what}: what came as a reply ${why}`, { errno: 'EBADMSG' })
}
