/** Several changes by one `ip -batch -`: less time in between than a process for each. */

import { ip } from './action.js'
import type { Action } from './action.js'

/** The arguments of one `ip`, without the `ip`. */
export type Line = readonly (string | number)[]

/** A batch splits at white space and knows quotes and comments; what needs none of that is written as it is. */
const PLAIN = /^[\w@%+=:,./-]+$/

export const isPlainWord = (word: unknown): boolean => PLAIN.test(String(word))

/** One line is a command of its own, as a person would type it; none is nothing. */
export function batch(lines: readonly Line[]): Action[] {
  if (lines.length < 2) return lines.map((line) => ip(...line))
  return [{ ...ip('-batch', '-'), input: lines.map((line) => `${line.join(' ')}\n`).join('') }]
}
