/** What `dump` says besides the frames: on stderr for people, with `--json` on stdout for programs. */

import type { FrameBatch } from '../frame_batch.js'
import type { HostPort } from '../host_port.js'
import type { PcapngStatistics } from '../net/pcapng.js'
import type { Port } from '../port.js'
import { portFields } from './json_stats.js'
import type { Ending } from './lifetime.js'
import { LiveRows, isLive } from './live_rows.js'
import { losses, sum } from './losses.js'
import type { Drop } from './losses.js'
import { paint, printEvent, scaled, tell } from './output.js'
import { counted, elapsed, factTexts, grouped, wrap } from './port_text.js'

/** Time between two drawings of the running count, in milliseconds. */
const DRAW_MS = 500

export interface DumpReportOptions {
  write?: string
  json?: boolean
  quiet?: boolean
}

/** Counts the frames. */
export class DumpReport implements Disposable {
  frames = 0
  #octets = 0
  readonly #nic: HostPort
  readonly #port: Port
  readonly #options: DumpReportOptions
  readonly #began = performance.now()
  #rows: LiveRows | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param port the one that leads to the LAN */
  constructor(nic: HostPort, port: Port, options: DumpReportOptions) {
    this.#nic = nic
    this.#port = port
    this.#options = options
  }

  ready(): void {
    const { json, quiet, write } = this.#options
    const { name, facts, notices } = this.#port
    if (json) return printEvent('ready', portFields(this.#port))
    if (!quiet) {
      const columns = (process.stderr.columns ?? 80) - 1
      tell(paint('bold', name))
      wrap(factTexts(facts), columns, '  ').forEach((row) => tell(paint('dim', row)))
      for (const notice of notices) wrap(`note: ${notice}`.split(' '), columns, '  ', '').forEach(tell)
    }
    tell('ready')
    if (quiet || write === undefined || !isLive(process.stderr)) return
    this.#rows = new LiveRows(process.stderr)
    this.#timer = setInterval(() => this.#rows?.draw([this.#counts()]), DRAW_MS)
  }

  /** Counts the first `count` frames of a batch. */
  add(batch: FrameBatch, count: number): void {
    this.frames += count
    for (let i = 0; i < count; i++) this.#octets += batch.length(i)
  }

  /** For the end of a recording. */
  statistics(): PcapngStatistics {
    const { rx } = this.#port.stats()
    const dropped = (this.#nic.stats().tx.drops.ring_full ?? 0) + (rx.drops.no_batch ?? 0)
    return { received: rx.frames, dropped, osDropped: rx.kernelDrops, delivered: this.frames }
  }

  done(ending: Ending): void {
    const { json, quiet } = this.#options
    this.#rows?.clear()
    const lost = this.#losses()
    if (json) {
      const elapsedMs = Math.round(performance.now() - this.#began)
      const reasons = Object.fromEntries(lost.map(({ reason, frames }) => [reason, frames]))
      printEvent('done', { ending, elapsedMs, frames: this.frames, octets: this.#octets, lost: reasons })
    } else if (!quiet) {
      // Below the ^C that a terminal shows.
      if (ending === 'signal' && this.#rows === undefined && process.stderr.isTTY) tell('')
      tell(this.#counts())
      for (const { frames, reason, text } of lost) tell(`lost: ${grouped(frames)} ${reason}, ${text}`)
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#rows?.[Symbol.dispose]()
  }

  /** Frames that the recording lacks. */
  #losses(): Drop[] {
    return [...losses(this.#port.stats()), ...losses(this.#nic.stats())]
  }

  #counts(): string {
    const lost = sum(this.#losses())
    const lostText = `${grouped(lost)} lost`
    return [
      counted(this.frames, 'frame'),
      scaled(this.#octets, 'B'),
      elapsed(performance.now() - this.#began),
      lost > 0 ? paint('yellow', lostText) : lostText,
    ].join(', ')
  }
}
