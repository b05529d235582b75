/**
 * A pcapng file, chunk by chunk, in the order that the format wants. The caller writes the chunks wherever they should go.
 */

import { EthercastError } from '../spec/error.js'
import { concat } from './octets.js'
import { encodeInterface, encodePacket, encodeSectionHeader, encodeStatistics } from './pcapng.js'
import type { PcapngInterface, PcapngPacket, PcapngStatistics } from './pcapng.js'

/** Call `start` once, `packet` for each frame, `end` once. */
export class PcapngWriter {
  readonly #interfaces: readonly PcapngInterface[]
  readonly #application: string
  readonly #delivered: number[]
  #startNs = 0n
  #state: 'new' | 'open' | 'ended' = 'new'

  /**
   * @param interfaces at least one
   * @param application shown by readers. Default `ethercast`.
   */
  constructor(interfaces: readonly PcapngInterface[], application = 'ethercast') {
    if (interfaces.length === 0) throw new RangeError('a capture has at least one interface')
    this.#interfaces = interfaces
    this.#application = application
    this.#delivered = interfaces.map(() => 0)
  }

  /**
   * The section header and the interfaces.
   *
   * @param timeNs when the capture began, nanoseconds since 1970-01-01 UTC. Default: now.
   * @throws EthercastError `ERR_ETHERCAST_STATE` when called twice
   */
  start(timeNs = wallClockNs()): Uint8Array {
    this.#expect('new')
    this.#state = 'open'
    this.#startNs = timeNs
    return concat(encodeSectionHeader(this.#application), ...this.#interfaces.map(encodeInterface))
  }

  /**
   * One frame, copied.
   *
   * @throws EthercastError `ERR_ETHERCAST_STATE` outside `start` and `end`; RangeError for an interface that there is not
   */
  packet(frame: Uint8Array, packet: PcapngPacket): Uint8Array {
    this.#expect('open')
    const id = packet.interfaceId ?? 0
    if (this.#delivered[id] === undefined) throw new RangeError(`the capture has no interface ${id}`)
    this.#delivered[id]++
    return encodePacket(frame, packet)
  }

  /**
   * The counters, one block an interface. What is left out of `statistics` is filled in where the writer knows it: times, and
   * frames delivered.
   *
   * @param timeNs when the capture ended, nanoseconds since 1970-01-01 UTC. Default: now.
   * @param statistics by interface
   * @throws EthercastError `ERR_ETHERCAST_STATE` before `start`, and when called twice
   */
  end(statistics: readonly PcapngStatistics[] = [], timeNs = wallClockNs()): Uint8Array {
    this.#expect('open')
    this.#state = 'ended'
    const blocks = this.#delivered.map((delivered, id) =>
      encodeStatistics(id, timeNs, { startNs: this.#startNs, endNs: timeNs, delivered, ...statistics[id] }),
    )
    return concat(...blocks)
  }

  #expect(state: 'new' | 'open' | 'ended'): void {
    if (this.#state === state) return
    const message = `the capture is ${this.#state}, not ${state}`
    throw new EthercastError('ERR_ETHERCAST_STATE', message)
  }
}

/** Nanoseconds since 1970-01-01 UTC, to about a quarter of a microsecond. */
export function wallClockNs(): bigint {
  const ms = performance.timeOrigin + performance.now()
  const whole = Math.floor(ms)
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6))
}
