// Round-trip times, ours beside the others.
import { OURS, ratio, ratioCells, reportAbsent } from '../support/contest.js'
import type { Outcome } from '../support/contest.js'
import { percent, print, printTable } from '../support/output.js'
import { summary } from '../support/statistics.js'
import { LATENCY_TARGETS } from './run.js'
import type { RoundTrips } from './run.js'

const HEAD = [
  '',
  'median µs',
  'min',
  'max',
  'p99 µs',
  'ours / it',
  'at most',
  'aim',
  'ours / it, p99',
  'loss',
]

function row(outcome: Outcome<RoundTrips>, ours: Outcome<RoundTrips> | undefined): string[] {
  const { name, results } = outcome
  const middle = summary(results.map((run) => run.medianUs))
  const late = summary(results.map((run) => run.p99Us))
  const loss = summary(results.map((run) => 1 - run.answered / run.sent))
  const target = LATENCY_TARGETS.find(({ against }) => against === name)
  const compare = (value: (run: RoundTrips) => number) =>
    outcome === ours ? undefined : ratio(ours, outcome, value)
  return [
    name,
    middle.median.toFixed(0),
    middle.min.toFixed(0),
    middle.max.toFixed(0),
    late.median.toFixed(0),
    ...ratioCells(
      compare((run) => run.medianUs),
      target,
      '≤',
    ),
    ratioCells(
      compare((run) => run.p99Us),
      undefined,
      '≤',
    )[0]!,
    percent(loss.median),
  ]
}

export function reportLatency(outcomes: readonly Outcome<RoundTrips>[], runs: number): void {
  const ran = outcomes.filter(({ results }) => results.length > 0)
  print(`\nround trip of a ping, tap – mcast – tap, underlay MTU 1500, idle (median of ${runs})`)
  const ours = ran.find(({ name }) => name === OURS)
  if (ran.length > 0)
    printTable(
      HEAD,
      ran.map((outcome) => row(outcome, ours)),
    )
  reportAbsent(outcomes)
}
