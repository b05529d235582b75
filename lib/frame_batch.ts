/** Octets in front of each frame in a ring: u32 length, u16 flags, u16 ingress, u64 time. See native/core/ring.h. */
export const RECORD_HEADER = 16

/**
 * Frames that were waiting together, in the order they came.
 *
 * The octets lie in a ring that is shared with the I/O thread: views are valid until the next batch is asked for. Keep a frame with
 * `frame.slice()`. One object serves a port for life: only what is in it changes.
 */
export class FrameBatch implements Iterable<Uint8Array> {
  /** Most frames a batch holds. */
  static readonly LIMIT = 4096

  /** The octets that `offset(i)` counts in. */
  readonly data: Uint8Array
  /** Frames in this batch. */
  size = 0

  /** @internal */
  readonly offsets = new Uint32Array(FrameBatch.LIMIT)
  /** @internal */
  readonly lengths = new Uint32Array(FrameBatch.LIMIT)
  readonly #headers: DataView

  /** @internal */
  constructor(data: Uint8Array) {
    this.data = data
    this.#headers = new DataView(data.buffer, data.byteOffset, data.byteLength)
  }

  /** Where frame `i` begins in `data`, in octets: its destination MAC. `i` is 0 to `size - 1` and not checked. */
  offset(i: number): number {
    return this.offsets[i]!
  }

  /** Octets of frame `i`, from the destination MAC to the end of the payload, without FCS. */
  length(i: number): number {
    return this.lengths[i]!
  }

  /** A view of frame `i`. */
  frame(i: number): Uint8Array {
    const offset = this.offsets[i]!
    return this.data.subarray(offset, offset + this.lengths[i]!)
  }

  /** Number of the port at which frame `i` came into the switch. */
  ingress(i: number): number {
    return this.#headers.getUint16(this.offsets[i]! - RECORD_HEADER + 6, true)
  }

  /** When frame `i` was taken in, in nanoseconds since 1970 (UTC). */
  timeNs(i: number): bigint {
    return this.#headers.getBigUint64(this.offsets[i]! - RECORD_HEADER + 8, true)
  }

  *[Symbol.iterator](): IterableIterator<Uint8Array> {
    for (let i = 0; i < this.size; i++) yield this.frame(i)
  }
}
