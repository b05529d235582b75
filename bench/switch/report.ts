// Rates of switches, ours beside the others.
import { ratio, ratioCells, reportAbsent } from '../support/contest.js'
import type { Outcome } from '../support/contest.js'
import { percent, print, printTable, thousands } from '../support/output.js'
import { summary } from '../support/statistics.js'
import { MOST_LOSS, lossOf, rateOf } from './search.js'
import { OTHERS, SWITCH_TARGETS } from './switches.js'
import type { Throughput, Trial } from './run.js'

export const HEAD = [
  '',
  'frames/s',
  'min',
  'max',
  'loss (worst)',
  'again',
  'late',
  'CPU s/M',
  'machine',
  'flood/s',
  'loss',
]
const RATIO_HEAD = ['ours / it', 'ratio', 'at least', 'aim']

/** The rate that counts; none was found: 0. */
export const steadyRate = ({ steady }: Throughput) => (steady === undefined ? 0 : rateOf(steady))

export function row({ name, results }: Outcome<Throughput>): string[] {
  const rate = summary(results.map(steadyRate))
  const steady = results.map((result) => result.steady).filter((trial) => trial !== undefined)
  const middle = (trials: readonly Trial[], value: (trial: Trial) => number) =>
    trials.length === 0 ? NaN : summary(trials.map(value)).median
  const sum = (value: (trial: Trial) => number) => steady.reduce((all, trial) => all + value(trial), 0)
  const perMillion = (cpuS: number, { received }: Trial) => (cpuS / received) * 1e6
  const floods = results.map(({ flood }) => flood)
  return [
    name,
    `${thousands(rate.median)} k`,
    `${thousands(rate.min)} k`,
    `${thousands(rate.max)} k`,
    steady.length === 0
      ? ''
      : `${percent(middle(steady, lossOf))} (${percent(summary(steady.map(lossOf)).max)})`,
    String(sum((trial) => trial.duplicates)),
    String(sum((trial) => trial.reordered)),
    middle(steady, (trial) => perMillion(trial.switchS, trial)).toFixed(2),
    middle(steady, (trial) => perMillion(trial.machineS, trial)).toFixed(2),
    `${thousands(middle(floods, rateOf))} k`,
    percent(middle(floods, lossOf)),
  ]
}

function ratioRows(ran: readonly Outcome<Throughput>[]): string[][] {
  const theirs = ran.filter(({ name }) => OTHERS.includes(name))
  return ran.flatMap((ours) => {
    const target = SWITCH_TARGETS[ours.name]
    if (target === undefined) return []
    return theirs.map((it) => [
      `${ours.name} / ${it.name}`,
      ...ratioCells(ratio(ours, it, steadyRate), { ...target, against: it.name }, '≥'),
    ])
  })
}

export function reportSwitch(outcomes: readonly Outcome<Throughput>[], runs: number): void {
  const ran = outcomes.filter(({ results }) => results.length > 0)
  print(`\n64-octet frames through a switch, at a loss of at most ${percent(MOST_LOSS)} (median of ${runs})`)
  if (ran.length > 0) printTable(HEAD, ran.map(row))
  const ratios = ratioRows(ran)
  if (ratios.length > 0) {
    print()
    printTable(RATIO_HEAD, ratios)
  }
  reportAbsent(outcomes)
}
