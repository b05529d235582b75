// Bounded waiting: every wait in a test has an end, and says what it waited for.
import { setTimeout as sleep } from 'node:timers/promises'

const kPollMs = 20

/**
 * Calls `probe` until it returns something true (not undefined, null, false, 0 or ''), and returns that.
 * A probe that throws is tried again; when the time is over, its last error is thrown.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  timeoutMs = 5000,
  what = 'the condition',
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs
  let lastError: unknown
  for (;;) {
    try {
      const value = await within(Promise.resolve(probe()), Math.max(1, deadline - Date.now()), what)
      if (value) return value
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    if (Date.now() >= deadline) break
    await sleep(kPollMs)
  }
  throw lastError instanceof Error ? lastError : new Error(`${what} did not come true within ${timeoutMs} ms`)
}

/** The promise's outcome, or an error when it takes longer. The work behind it goes on. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what = 'the operation'): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
