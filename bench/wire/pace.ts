import { setTimeout as sleep } from 'node:timers/promises'

const TICK_MS = 1
/** What a late tick has missed beyond this is left out: longer bursts would measure the socket buffer. */
const CATCH_UP_MS = 5

/**
 * Calls `send` with how many frames are due, every millisecond, for `ms`. Whole frames only.
 *
 * @returns how many it asked for
 */
export async function pace(
  rate: number,
  ms: number,
  send: (count: number) => void | Promise<void>,
): Promise<number> {
  const most = (rate * CATCH_UP_MS) / 1000
  let asked = 0
  let due = 0
  let last = performance.now()
  const end = last + ms
  while (last < end) {
    await sleep(TICK_MS)
    const now = Math.min(performance.now(), end)
    due = Math.min(due + ((now - last) * rate) / 1000, most)
    last = now
    const whole = Math.floor(due)
    due -= whole
    asked += whole
    if (whole > 0) await send(whole)
  }
  return asked
}
