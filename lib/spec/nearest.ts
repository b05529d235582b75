/**
 * Near misses: which of the right names was probably meant.
 */

/** Longest name that is compared; what is longer is no slip of the fingers. */
const MAX_NAME = 32

/**
 * The candidate that `name` was probably meant to be, or undefined.
 *
 * Near is: the same but for case; one slip (or one in three characters) of insertion, deletion, replacement or swap of
 * neighbours; or the one is short for the other (`iface`, `multicast`).
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (name === '' || name.length > MAX_NAME) return undefined
  const wanted = name.toLowerCase()
  let best: string | undefined
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance < least && distance < candidate.length) [best, least] = [candidate, distance]
  }
  return best ?? candidates.find((candidate) => abbreviates(wanted, candidate.toLowerCase()))
}

/**
 * The end of a message on an unknown name: the near miss if there is one, then everything that is allowed.
 *
 * @param others names that are not allowed here, but may have been meant
 */
export function suggest(name: string, allowed: readonly string[], others: readonly string[] = []): string {
  const near = nearest(name, [...allowed, ...others])
  const all = allowed.length === 0 ? 'none is allowed' : `allowed are ${allowed.join(', ')}`
  return near === undefined ? all : `did you mean ${near}? (${all})`
}

/** Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours cost 1 each. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1)
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return last[b.length]!
}

/** Whether one is the other with letters left out, `iface` for `interface`, at least the first one being the same. */
function abbreviates(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  if (short.length < 3 || short[0] !== long[0]) return false
  let found = 0
  for (const letter of long) if (letter === short[found]) found++
  return found === short.length
}
