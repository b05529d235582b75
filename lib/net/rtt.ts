/**
 * Round-trip times, summed up as ping(8) does.
 */

/** All in milliseconds; `mdev` is the standard deviation. */
export interface RttSummary {
  min: number
  avg: number
  max: number
  mdev: number
}

/** Sums up numbers without keeping them (Welford's method: no loss of digits over long runs). */
export class RttStatistics {
  #count = 0
  #min = Infinity
  #max = -Infinity
  #mean = 0
  #squares = 0

  add(ms: number): void {
    this.#count++
    this.#min = Math.min(this.#min, ms)
    this.#max = Math.max(this.#max, ms)
    const delta = ms - this.#mean
    this.#mean += delta / this.#count
    this.#squares += delta * (ms - this.#mean)
  }

  /** Undefined when nothing was added. */
  summary(): RttSummary | undefined {
    if (this.#count === 0) return undefined
    const mdev = Math.sqrt(this.#squares / this.#count)
    return { min: this.#min, avg: this.#mean, max: this.#max, mdev }
  }
}
