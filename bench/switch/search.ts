// The highest rate that a switch carries at a loss which still counts as none.
import type { Answer, Order } from './load.js'

/** RFC 2544 asks for none at all; on a machine that is shared with others, this is that. */
export const MOST_LOSS = 0.001

/** The search ends when what is left of the interval is this share of it. */
const RESOLUTION = 0.03
const MOST_STEPS = 20
/** A confirming run that loses too much is tried again at this much less. */
const STEP_DOWN = 0.93
const MOST_STEPS_DOWN = 30

export const lossOf = ({ sent, received }: Answer) => (sent === 0 ? 1 : 1 - received / sent)

/** Frames a second, as the receiver counted them over all the time they took. */
export const rateOf = ({ received, ns }: Answer) => (received / ns) * 1e9

const carried = (answer: Answer) => lossOf(answer) <= MOST_LOSS

/**
 * Halves the interval between what was carried and what was not, in short trials, and confirms in long ones. What counts is the rate that
 * came out of the confirming trial, not the rate that was asked for: a switch that slows its sender down loses nothing.
 *
 * @param flood a long trial of as many frames as the sender can send
 * @returns the confirming trial; undefined if nothing was carried at any rate
 */
export async function highestRate<T extends Answer>(
  trial: (order: Order) => Promise<T>,
  flood: T,
  searchMs: number,
  confirmMs: number,
): Promise<T | undefined> {
  if (carried(flood)) return flood // nobody can offer more
  let low = 0
  let high = (flood.sent / flood.sendNs) * 1e9
  for (let step = 0; step < MOST_STEPS && high - low > RESOLUTION * high; step++) {
    const rate = (low + high) / 2
    if (carried(await trial({ rate, ms: searchMs }))) low = rate
    else high = rate
  }
  for (let step = 0, rate = low || high; step < MOST_STEPS_DOWN; step++, rate *= STEP_DOWN) {
    const answer = await trial({ rate, ms: confirmMs })
    if (carried(answer)) return answer
  }
  return undefined
}
