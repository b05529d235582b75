/** Readers of option values, for commander. */

import { InvalidArgumentError } from 'commander'

/** A reader of whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const allowed = max === Number.MAX_SAFE_INTEGER ? `whole numbers from ${min}` : `${min} to ${max}`
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`Allowed are ${allowed}.`)
  }
}
