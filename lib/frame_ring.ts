/**
 * The JavaScript ends of a FrameRing: frames through shared memory, one producer and one consumer. The layout, and why it is as it is,
 * stands in native/core/ring.h.
 */

import { FrameBatch, RECORD_HEADER } from './frame_batch.js'
import { EthercastError } from './spec/error.js'

const HEAD = 0
const TAIL = 16
const CONSUMER_WAITS = 32
const PRODUCER_WAITS = 48
const HEADER_OCTETS = 256
const PAD = 0xffffffff

const recordOctets = (length: number) => (RECORD_HEADER + length + 7) & ~7

class Ring {
  /** The whole ring, as the addon wants it: a view, since Node-API refuses a bare SharedArrayBuffer. */
  readonly memory: Uint8Array
  protected readonly capacity: number
  protected readonly words: Uint32Array
  protected readonly records: Uint8Array
  protected readonly lengths: Uint32Array

  /** @param capacity octets for records: a power of two, 64 KiB to 1 GiB */
  constructor(capacity: number) {
    const buffer = new SharedArrayBuffer(HEADER_OCTETS + capacity)
    this.memory = new Uint8Array(buffer)
    this.capacity = capacity
    this.words = new Uint32Array(buffer, 0, HEADER_OCTETS / 4)
    this.records = new Uint8Array(buffer, HEADER_OCTETS)
    this.lengths = new Uint32Array(buffer, HEADER_OCTETS)
  }
}

/** The consuming end: frames from the I/O thread. */
export class RingReader extends Ring {
  readonly batch: FrameBatch
  #tail = 0
  #after = 0

  constructor(capacity: number) {
    super(capacity)
    this.batch = new FrameBatch(this.records)
  }

  /**
   * Gives the last batch's space back and fills the batch anew with what is waiting.
   *
   * @throws EthercastError `ERR_ETHERCAST_STATE` when what is waiting can't be: somebody has written into the ring. It is skipped then.
   */
  read(): FrameBatch {
    this.release()
    const { batch, capacity, lengths } = this
    const mask = capacity - 1
    const head = Atomics.load(this.words, HEAD)
    let cursor = this.#tail
    let waiting = (head - cursor) >>> 0
    let size = 0
    while (waiting > 0 && size < FrameBatch.LIMIT) {
      const at = cursor & mask
      const length = lengths[at >>> 2]!
      let octets = capacity - at
      if (length !== PAD) {
        batch.offsets[size] = at + RECORD_HEADER
        batch.lengths[size] = length
        size++
        // The program can write here too, through batch.data: what can't be must neither loop for ever nor lead out of the ring.
        octets = length > capacity || at + length > capacity ? Infinity : recordOctets(length)
      }
      if (octets > waiting) {
        this.#after = head
        throw new EthercastError(
          'ERR_ETHERCAST_STATE',
          'the ring has been written to: frames of a batch are for reading; those that waited are lost',
        )
      }
      cursor = (cursor + octets) >>> 0
      waiting -= octets
    }
    this.#after = cursor
    batch.size = size
    return batch
  }

  /** Gives the last batch's space back; its views are then void. */
  release(): void {
    this.batch.size = 0
    if (this.#after === this.#tail) return
    this.#tail = this.#after
    Atomics.store(this.words, TAIL, this.#tail)
  }

  get hasFrames(): boolean {
    return Atomics.load(this.words, HEAD) !== this.#after
  }

  /** Asks for a wake when frames come. False when there are some already: then none will be sent. */
  sleep(): boolean {
    Atomics.store(this.words, CONSUMER_WAITS, 1)
    if (!this.hasFrames) return true
    Atomics.store(this.words, CONSUMER_WAITS, 0)
    return false
  }
}

/** The producing end: frames for the I/O thread. */
export class RingWriter extends Ring {
  #head = 0
  #tail = 0

  /** Copies a frame in. False when there is no room. Visible after {@link publish}. */
  write(frame: Uint8Array): boolean {
    const length = frame.length
    const need = recordOctets(length)
    const at = this.#head & (this.capacity - 1)
    const toEnd = this.capacity - at
    const skip = toEnd < need ? toEnd : 0
    if (!this.#hasRoom(skip + need)) return false
    let start = at
    if (skip !== 0) {
      this.lengths[at >>> 2] = PAD
      start = 0
    }
    this.lengths[start >>> 2] = length
    this.lengths[(start >>> 2) + 1] = 0
    this.records.set(frame, start + RECORD_HEADER)
    this.#head = (this.#head + skip + need) >>> 0
    return true
  }

  #hasRoom(octets: number): boolean {
    if (this.capacity - ((this.#head - this.#tail) >>> 0) >= octets) return true
    this.#tail = Atomics.load(this.words, TAIL)
    return this.capacity - ((this.#head - this.#tail) >>> 0) >= octets
  }

  /** Makes what was written visible. True when the I/O thread sleeps and its bell must be rung. */
  publish(): boolean {
    Atomics.store(this.words, HEAD, this.#head)
    return (
      Atomics.load(this.words, CONSUMER_WAITS) !== 0 && Atomics.exchange(this.words, CONSUMER_WAITS, 0) !== 0
    )
  }

  /** Whether the I/O thread has taken everything that was published. */
  get isEmpty(): boolean {
    return Atomics.load(this.words, TAIL) === this.#head
  }

  /** Asks for a wake when the ring has become empty. False when it is already: then none will be sent. */
  sleep(): boolean {
    Atomics.store(this.words, PRODUCER_WAITS, 1)
    if (!this.isEmpty) return true
    Atomics.store(this.words, PRODUCER_WAITS, 0)
    return false
  }
}
