/**
 * Promises for answers that come, or do not come, as frames.
 */

interface Waiter<T> {
  resolve(value: T | undefined): void
  reject(error: Error): void
}

/** How long to wait, and what ends it early. */
export interface WaitOptions {
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/** The longest that a timer can wait; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Those who wait for something, by what they wait for. Each has a timer only while it waits. */
export class Waiters<T> {
  readonly #waiting = new Map<string, Set<Waiter<T>>>()
  #failure: Error | undefined

  /** Whether anyone waits for this. */
  has(key: string): boolean {
    return this.#waiting.has(key)
  }

  /**
   * Waits for `settle` with the same key.
   *
   * @param start is run once the wait has begun, so that no answer is missed; what it throws rejects the promise
   * @returns what was settled, or undefined after the time-out
   * @throws the signal's reason when it is aborted; the error given to `fail`
   */
  wait(key: string, { timeoutMs, signal }: WaitOptions, start?: () => void): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const group = this.#waiting.get(key) ?? new Set()
      const end = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        group.delete(waiter)
        if (group.size === 0 && this.#waiting.get(key) === group) this.#waiting.delete(key)
      }
      const waiter: Waiter<T> = {
        resolve: (value) => {
          end()
          resolve(value)
        },
        reject: (error) => {
          end()
          reject(error)
        },
      }
      const onAbort = () => waiter.reject(signal?.reason as Error)
      const timer = setTimeout(() => waiter.resolve(undefined), Math.min(timeoutMs, MAX_TIMER_MS))
      this.#waiting.set(key, group.add(waiter))
      try {
        if (this.#failure !== undefined) throw this.#failure
        signal?.throwIfAborted()
        signal?.addEventListener('abort', onAbort, { once: true })
        start?.()
      } catch (error) {
        waiter.reject(error as Error)
      }
    })
  }

  /** Ends every wait for this with a value. */
  settle(key: string, value: T): void {
    for (const waiter of [...(this.#waiting.get(key) ?? [])]) waiter.resolve(value)
  }

  /** Ends every wait with an error, and those that come later too. */
  fail(error: Error): void {
    this.#failure = error
    for (const waiting of [...this.#waiting.values()]) {
      for (const waiter of [...waiting]) waiter.reject(error)
    }
  }
}
