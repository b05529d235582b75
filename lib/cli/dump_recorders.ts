/** What `dump` makes of the frames: lines, JSON objects, or a pcapng file. */

import type { FrameBatch } from '../frame_batch.js'
import { PcapngWriter } from '../net/pcapng_writer.js'
import type { PcapngInterface, PcapngStatistics } from '../net/pcapng.js'
import { summarise } from '../net/summary.js'
import type { SummaryOptions } from '../net/summary.js'
import type { Sink } from './sinks.js'

export interface Recorder {
  /** Before the first frame. */
  start(): Promise<void>
  /** The first `count` frames of a batch. */
  record(batch: FrameBatch, count: number): Promise<void>
  /** After the last frame. */
  end(statistics: PcapngStatistics): Promise<void>
}

/** A line a frame: the local time of day and a summary. */
export class LineRecorder implements Recorder {
  readonly #out: Sink
  readonly #options: SummaryOptions

  constructor(out: Sink, options: SummaryOptions) {
    this.#out = out
    this.#options = options
  }

  async start(): Promise<void> {}

  async record(batch: FrameBatch, count: number): Promise<void> {
    let text = ''
    for (let i = 0; i < count; i++) {
      text += `${clockTime(batch.timeNs(i))} ${summarise(batch.frame(i), this.#options)}\n`
    }
    await this.#out.write(Buffer.from(text))
  }

  async end(): Promise<void> {}
}

/** An object a frame: `{"event":"frame","timeNs":"…","length":98,"summary":"…"}`. */
export class JsonRecorder implements Recorder {
  readonly #out: Sink

  constructor(out: Sink) {
    this.#out = out
  }

  async start(): Promise<void> {}

  async record(batch: FrameBatch, count: number): Promise<void> {
    let text = ''
    for (let i = 0; i < count; i++) {
      const [timeNs, length] = [batch.timeNs(i).toString(), batch.length(i)]
      const summary = summarise(batch.frame(i), { macs: true })
      text += `${JSON.stringify({ event: 'frame', timeNs, length, summary })}\n`
    }
    await this.#out.write(Buffer.from(text))
  }

  async end(): Promise<void> {}
}

export class PcapngRecorder implements Recorder {
  readonly #sink: Sink
  readonly #writer: PcapngWriter

  constructor(sink: Sink, lan: PcapngInterface) {
    this.#sink = sink
    this.#writer = new PcapngWriter([lan])
  }

  async start(): Promise<void> {
    await this.#sink.write(this.#writer.start())
  }

  async record(batch: FrameBatch, count: number): Promise<void> {
    const blocks: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      blocks.push(this.#writer.packet(batch.frame(i), { timeNs: batch.timeNs(i) }))
    }
    await this.#sink.write(Buffer.concat(blocks))
  }

  async end(statistics: PcapngStatistics): Promise<void> {
    await this.#sink.write(this.#writer.end([statistics]))
  }
}

/** Local time of day with microseconds, `14:03:59.012345`. @param timeNs nanoseconds since 1970 (UTC) */
export function clockTime(timeNs: bigint): string {
  const date = new Date(Number(timeNs / 1_000_000n))
  const micros = (timeNs / 1000n) % 1_000_000n
  return `${date.toTimeString().slice(0, 8)}.${micros.toString().padStart(6, '0')}`
}
