import { EthercastError } from './spec/error.js'
import { describe } from './spec/refuse.js'

/**
 * @throws EthercastError `ERR_ETHERCAST_FIELD` for what is no AbortSignal; the signal's reason when it has aborted already
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  if (typeof signal !== 'object' || signal === null || !('aborted' in signal)) {
    throw new EthercastError(
      'ERR_ETHERCAST_FIELD',
      `signal must be an AbortSignal, not ${describe(signal)}`,
      {
        field: 'signal',
        value: signal,
      },
    )
  }
  if (signal.aborted) throw signal.reason
}

/** One promise that somebody waits for, settled from outside or by an AbortSignal; at most one at a time. */
export class Waiter {
  #settle: ((error?: Error) => void) | undefined

  get isWaiting(): boolean {
    return this.#settle !== undefined
  }

  /** Waits for {@link wake} or {@link fail}; rejects with the signal's reason when it aborts. */
  async wait(signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal)
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => this.#settle?.(signal!.reason as Error)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#settle = (error) => {
        this.#settle = undefined
        signal?.removeEventListener('abort', onAbort)
        if (error === undefined) resolve()
        else reject(error)
      }
    })
  }

  wake(): void {
    this.#settle?.()
  }

  fail(error: Error): void {
    this.#settle?.(error)
  }
}
