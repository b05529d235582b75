import { setImmediate as nextTurn } from 'node:timers/promises'
import { isUint8Array } from 'node:util/types'
import { EthercastError } from './spec/error.js'
import { describe } from './spec/refuse.js'
import type { HostSpec } from './spec/index.js'
import type { FrameBatch } from './frame_batch.js'
import { RingReader, RingWriter } from './frame_ring.js'
import { ETHER_HEADER_OCTETS } from './net/ether.js'
import { Port } from './port.js'
import type { NewPort, PortOwner } from './port.js'
import { Waiter, throwIfAborted } from './waiter.js'

/** How long, and for how many frames, `frames()` may keep the event loop to itself before timers and I/O get a turn. */
const TURN_MS = 2
const TURN_FRAMES = 4096

export interface WaitOptions {
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

/** @internal Both rings of a host port, made before the native side is asked to open it. */
export class HostRings {
  readonly reader: RingReader
  readonly writer: RingWriter

  constructor(ringOctets: number) {
    this.reader = new RingReader(ringOctets)
    this.writer = new RingWriter(ringOctets)
  }
}

/** @internal */
export interface HostPortOwner extends PortOwner {
  bell(port: HostPort): void
  /** Keeps the process alive while this is waited for, also after `unref()`. */
  hold<T>(work: Promise<T>): Promise<T>
}

/**
 * The NIC inside this process: frames as octets, from the destination MAC to the end of the payload, without FCS.
 *
 * Frames of the LAN wait in a ring of `spec.ringOctets`; when the reader is behind, the newest are dropped and counted
 * (`stats().tx.drops.ring_full`). There is one reader: `frames()` or `read()`, not both at once.
 */
export class HostPort extends Port {
  declare readonly spec: HostSpec
  /** MAC address, canonical: what a program here uses as its source. The switch learns it from what is sent. */
  readonly mac: string

  readonly #owner: HostPortOwner
  readonly #reader: RingReader
  readonly #writer: RingWriter
  readonly #readable = new Waiter()
  readonly #empty = new Set<Waiter>()
  #reading = false

  /** @internal */
  constructor(owner: HostPortOwner, made: NewPort & { spec: HostSpec & { mac: string } }, rings: HostRings) {
    super(owner, made)
    this.#owner = owner
    this.#reader = rings.reader
    this.#writer = rings.writer
    this.mac = made.spec.mac
  }

  /**
   * Everything that waits, at once and without waiting: a batch of up to 4096 frames, empty when there are none.
   *
   * The batch before is given back: its views are then void.
   *
   * @throws EthercastError `ERR_ETHERCAST_STATE` while a `frames()` loop runs, or once after something has written into the ring through
   *   `batch.data`; `ERR_ETHERCAST_CLOSED` after closing
   */
  read(): FrameBatch {
    if (this.#reading) throw twoReaders()
    this.#assertOpen('read')
    return this.#reader.read()
  }

  /**
   * Batches of frames as they come. The loop ends when the port closes; leaving it gives the last batch back.
   *
   * It lets other work of the event loop run at least every 2 ms or 4096 frames, however fast frames come.
   *
   * @throws EthercastError `ERR_ETHERCAST_STATE` when another loop runs already; the signal's reason when it aborts
   */
  async *frames({ signal }: WaitOptions = {}): AsyncGenerator<FrameBatch, void, void> {
    if (this.#reading) throw twoReaders()
    this.#reading = true
    try {
      // A turn ends with nextTurn() alone. Waiting for a wake ends none: wakes that come while one is handled are handled right
      // behind it, up to a thousand, before the event loop goes on.
      let turnEnds = performance.now() + TURN_MS
      let turnFrames = 0
      for (;;) {
        throwIfAborted(signal)
        const batch = this.#reader.read()
        if (batch.size > 0) {
          turnFrames += batch.size
          yield batch
          if (turnFrames < TURN_FRAMES && performance.now() < turnEnds) continue
          await nextTurn()
          turnEnds = performance.now() + TURN_MS
          turnFrames = 0
        } else {
          if (this.state === 'closed') return
          if (!this.#reader.sleep()) continue
          await this.#readable.wait(signal)
        }
      }
    } finally {
      this.#reader.release()
      this.#reading = false
    }
  }

  /**
   * Hands frames to the switch: copies them into the ring and returns at once.
   *
   * @param frames one frame or an array of them, each 14 to `spec.maxFrame` octets
   * @returns how many were accepted, from the first on; fewer than given when the ring is full: then wait for {@link drained}
   * @throws EthercastError `ERR_ETHERCAST_FRAME_SIZE` or `ERR_ETHERCAST_FIELD` for what is no frame, before any is accepted;
   *   `ERR_ETHERCAST_CLOSED` after closing
   */
  send(frames: Uint8Array | readonly Uint8Array[]): number {
    this.#assertOpen('send')
    const writer = this.#writer
    let accepted = 0
    if (Array.isArray(frames)) {
      for (const frame of frames as readonly Uint8Array[]) this.#assertFrame(frame)
      for (const frame of frames as readonly Uint8Array[]) {
        if (!writer.write(frame)) break
        accepted++
      }
    } else {
      this.#assertFrame(frames)
      if (writer.write(frames as Uint8Array)) accepted = 1
    }
    if (accepted > 0 && writer.publish()) this.#owner.bell(this)
    return accepted
  }

  /**
   * Waits until the switch has taken everything sent so far.
   *
   * @throws EthercastError `ERR_ETHERCAST_CLOSED` when the port closes first; the signal's reason when it aborts
   */
  async drained({ signal }: WaitOptions = {}): Promise<void> {
    throwIfAborted(signal)
    while (!this.#writer.isEmpty) {
      this.#assertOpen('drained')
      if (!this.#writer.sleep()) return
      const waiter = new Waiter()
      this.#empty.add(waiter)
      try {
        await this.#owner.hold(waiter.wait(signal))
      } finally {
        this.#empty.delete(waiter)
      }
    }
  }

  #assertOpen(call: string): void {
    if (this.state === 'closed') {
      throw new EthercastError('ERR_ETHERCAST_CLOSED', `${call}: the port is closed`, { port: this.name })
    }
  }

  #assertFrame(frame: unknown): void {
    // Not instanceof: an array of another realm (vm, some test runners) is one too, and an object can pretend.
    if (!isUint8Array(frame)) {
      throw new EthercastError(
        'ERR_ETHERCAST_FIELD',
        `send: a frame is a Uint8Array (a Buffer is one), not ${describe(frame)}`,
        { field: 'frame', port: this.name },
      )
    }
    const { maxFrame } = this.spec
    if (frame.length >= ETHER_HEADER_OCTETS && frame.length <= maxFrame) return
    throw new EthercastError(
      'ERR_ETHERCAST_FRAME_SIZE',
      `send: a frame of ${frame.length} octets: allowed are ${ETHER_HEADER_OCTETS} to ${maxFrame}, from the destination MAC to the end` +
        (frame.length === 0 ? ' (has its buffer been transferred?)' : ''),
      { field: 'frame', value: frame.length, port: this.name },
    )
  }

  /** @internal */
  override onWake(): void {
    // A wake may be for somebody else, or come late: then the wish for one is uttered anew.
    if (this.#readable.isWaiting && !this.#reader.sleep()) this.#readable.wake()
    // Each asks again for itself: the ring may have filled anew since.
    if (this.#empty.size > 0) for (const waiter of this.#empty) waiter.wake()
  }

  /** @internal */
  override onClosed(): void {
    super.onClosed()
    this.#readable.wake()
    const closed = new EthercastError('ERR_ETHERCAST_CLOSED', 'drained: the port closed first', {
      port: this.name,
    })
    for (const waiter of this.#empty) waiter.fail(closed)
  }
}

function twoReaders(): EthercastError {
  return new EthercastError(
    'ERR_ETHERCAST_STATE',
    'this port has a reader already: a host port has one frames() loop or read() at a time; add a second host port for a second reader',
  )
}
