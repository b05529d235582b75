/**
 * A hub in memory: what one interface sends, all others receive, in order, in the next turn of the microtask queue. Nothing is
 * random and there are no timers. Batches are wiped when the next one is asked for, as the real ring overwrites them.
 */

import type { Nic } from '../../lib/net/nic.js'

/** What the hub makes of a frame on its way: none, one or several frames for everyone else. Default: the frame. */
export type Tamper = (frame: Uint8Array, from: FakeNic) => readonly Uint8Array[]

export class FakeHub {
  readonly #nics: FakeNic[] = []
  /** Every frame that was accepted, copied, in order. */
  readonly seen: Uint8Array[] = []
  tamper: Tamper = (frame) => [frame]

  nic(mac: string): FakeNic {
    const nic = new FakeNic(this, mac)
    this.#nics.push(nic)
    return nic
  }

  carry(frame: Uint8Array, from: FakeNic): void {
    this.seen.push(frame.slice())
    for (const out of this.tamper(frame.slice(), from)) {
      for (const nic of this.#nics) if (nic !== from) nic.receive(out)
    }
  }

  /** Hands a frame to every interface, as if from a station that is not there. */
  inject(...frames: readonly Uint8Array[]): void {
    for (const frame of frames) for (const nic of this.#nics) nic.receive(frame)
  }
}

/** Frames queued for a reader at most; more are lost. */
const QUEUE_LIMIT = 4096

export class FakeNic implements Nic {
  readonly mac: string
  /** Frames that the next sends accept in all; the rest are refused. */
  room = Infinity
  /** Thrown by the next sends, when set. */
  sendError: Error | undefined
  readonly #hub: FakeHub
  #queue: Uint8Array[] = []
  #wake: (() => void) | undefined
  #failure: Error | undefined
  #readers = 0

  constructor(hub: FakeHub, mac: string) {
    this.#hub = hub
    this.mac = mac
  }

  /** Readers at the moment: 0 or 1. */
  get readers(): number {
    return this.#readers
  }

  send(frames: Uint8Array | readonly Uint8Array[]): number {
    if (this.sendError !== undefined) throw this.sendError
    const list = frames instanceof Uint8Array ? [frames] : frames
    const accepted = Math.min(list.length, this.room)
    this.room -= accepted
    for (const frame of list.slice(0, accepted)) this.#hub.carry(frame, this)
    return accepted
  }

  receive(frame: Uint8Array): void {
    if (this.#queue.length < QUEUE_LIMIT) this.#queue.push(frame.slice())
    this.#wake?.()
  }

  /** Ends reading with an error, as an interface that broke. */
  fail(error: Error): void {
    this.#failure = error
    this.#wake?.()
  }

  async *frames({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<Uint8Array[]> {
    if (this.#readers++ > 0) throw new Error('a second reader')
    const onAbort = () => this.#wake?.()
    signal?.addEventListener('abort', onAbort)
    try {
      while (!signal?.aborted) {
        if (this.#failure !== undefined) throw this.#failure
        const batch = this.#queue
        this.#queue = []
        if (batch.length > 0) {
          yield batch
          for (const frame of batch) frame.fill(0xdd)
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve))
        }
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#readers--
    }
  }
}
