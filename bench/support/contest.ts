// Ours and the others, side by side: each in turn within a round, so that what the machine does meanwhile falls on all alike, and
// compared round by round.
import { missing } from '../../test/support/need.js'
import type { Need } from '../../test/support/need.js'
import { print, progress } from './output.js'
import { summary } from './statistics.js'

export const OURS = 'ethercast'

export interface Contestant {
  /** Unique within its contest. One that begins with `ethercast` is ours. */
  name: string
  needs: readonly Need[]
}

export interface Outcome<Result> {
  name: string
  /** One a round, up to where it failed; none when it was skipped. */
  results: Result[]
  /** What is missing for it. */
  skipped?: string
  /** What went wrong. */
  failed?: string
}

/**
 * Runs every contestant `rounds` times: A B C, A B C… Those whose needs are not met are skipped, and say why. One that fails is out, and
 * the others go on.
 */
export async function contest<C extends Contestant, Result>(
  title: string,
  contestants: readonly C[],
  rounds: number,
  run: (contestant: C) => Promise<Result>,
): Promise<Outcome<Result>[]> {
  const outcomes = contestants.map(({ name, needs }): Outcome<Result> => {
    const skipped = missing(...needs)
    return { name, results: [], ...(skipped === undefined ? {} : { skipped }) }
  })
  for (let round = 0; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      const outcome = outcomes[i]!
      if (outcome.skipped !== undefined || outcome.failed !== undefined) continue
      progress(`round ${round + 1} of ${rounds}: ${title}, ${contestant.name}`)
      try {
        outcome.results.push(await run(contestant))
      } catch (error) {
        outcome.failed = (error as Error).message
      }
    }
  }
  progress('')
  return outcomes
}

/** The median of ours / theirs, over the rounds that both ran; undefined when there are none. */
export function ratio<Result>(
  ours: Outcome<Result> | undefined,
  theirs: Outcome<Result>,
  value: (result: Result) => number,
): number | undefined {
  const rounds = Math.min(ours?.results.length ?? 0, theirs.results.length)
  if (rounds === 0) return undefined
  const each = theirs.results.slice(0, rounds).map((its, round) => value(ours!.results[round]!) / value(its))
  return summary(each).median
}

/** What the project asks of itself: ours / theirs. */
export interface Target {
  against: string
  atLeast: number
  aim: number
}

const times = (value: number | undefined) => (value === undefined ? '' : `${value.toFixed(2)}x`)

/** Cells: the ratio to a contestant, what it should be at least, and the aim. `sign` is ≥ where more is better. */
export function ratioCells(value: number | undefined, target: Target | undefined, sign: '≥' | '≤'): string[] {
  if (target === undefined) return [times(value), '', '']
  return [times(value), `${sign} ${target.atLeast}x`, `${sign} ${target.aim}x`]
}

/** Tells who did not run, what that needs, and who failed. */
export function reportAbsent(outcomes: readonly Outcome<unknown>[]): void {
  const reasons = new Map<string, string[]>()
  for (const { name, skipped } of outcomes) {
    if (skipped !== undefined) reasons.set(skipped, [...(reasons.get(skipped) ?? []), name])
  }
  for (const [reason, names] of reasons) {
    print(names.length === outcomes.length ? `skipped: ${reason}` : `skipped: ${names.join(', ')}: ${reason}`)
  }
  for (const { name, failed } of outcomes) if (failed !== undefined) print(`failed: ${name}: ${failed}`)
}
