/**
 * The way out of a host. Answers are gathered and leave together, one call a batch; what the interface does not take is counted.
 */

import type { NetNodeStats } from './counters.js'
import type { Nic } from './nic.js'

/** Answers gathered at most: bounds memory when one batch asks for thousands, and is as many as a native batch holds, halved. */
const GATHER_LIMIT = 64

/** Sends for one host and counts into its `tx`. */
export class Outbox {
  readonly #nic: Nic
  readonly #tx: NetNodeStats['tx']
  #gathered: Uint8Array[] = []

  constructor(nic: Nic, tx: NetNodeStats['tx']) {
    this.#nic = nic
    this.#tx = tx
  }

  /**
   * Sends now.
   *
   * @returns whether the interface accepted it
   * @throws whatever the interface throws
   */
  send(frame: Uint8Array): boolean {
    let accepted = false
    try {
      accepted = this.#nic.send(frame) > 0
    } finally {
      this.#count(1, accepted ? 1 : 0)
    }
    return accepted
  }

  /** Sends with the next flush. */
  gather(frame: Uint8Array): void {
    this.#gathered.push(frame)
    if (this.#gathered.length >= GATHER_LIMIT) this.flush()
  }

  /** Sends what was gathered. A frame that the interface refuses, by its size for one, is a drop: others' frames raise no errors here. */
  flush(): void {
    if (this.#gathered.length === 0) return
    const frames = this.#gathered
    this.#gathered = []
    let accepted = 0
    try {
      accepted = this.#nic.send(frames)
    } catch {
      // Counted below.
    }
    this.#count(frames.length, accepted)
  }

  #count(offered: number, accepted: number): void {
    this.#tx.frames += accepted
    this.#tx.dropped += offered - accepted
  }
}
