/**
 * Which MAC address an IP address was last heard from. Bounded, so that a flood of made-up neighbours costs no memory.
 */

interface Entry {
  mac: Uint8Array
  expiresAtMs: number
}

export interface NeighbourCacheOptions {
  /** Entries at most; the one confirmed longest ago makes room. Default 256. */
  limit?: number
  /** How long an entry is good for after it was last confirmed. Default 30000, as RFC 4861's REACHABLE_TIME. */
  lifetimeMs?: number
  /** Milliseconds that never run backwards. Default `performance.now()`. */
  now?: () => number
}

/** A neighbour cache. Keys come from `octetsKey`; MAC addresses are copied in and shared out. */
export class NeighbourCache {
  readonly #entries = new Map<string, Entry>()
  readonly #limit: number
  readonly #lifetimeMs: number
  readonly #now: () => number

  constructor({
    limit = 256,
    lifetimeMs = 30_000,
    now = () => performance.now(),
  }: NeighbourCacheOptions = {}) {
    this.#limit = limit
    this.#lifetimeMs = lifetimeMs
    this.#now = now
  }

  /** Entries held, expired ones included. */
  get size(): number {
    return this.#entries.size
  }

  /** The MAC address, or undefined when it is not known or no longer. */
  get(key: string): Uint8Array | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && this.#now() < entry.expiresAtMs ? entry.mac : undefined
  }

  /** As `get`, also when it has expired since: for those who asked just now. */
  last(key: string): Uint8Array | undefined {
    return this.#entries.get(key)?.mac
  }

  /** Adds or replaces an entry. */
  set(key: string, mac: Uint8Array): void {
    this.#entries.delete(key)
    if (this.#entries.size >= this.#limit) this.#entries.delete(this.#entries.keys().next().value!)
    this.#entries.set(key, { mac: mac.slice(), expiresAtMs: this.#now() + this.#lifetimeMs })
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
