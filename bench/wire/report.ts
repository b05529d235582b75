// From runs to tables: medians, spread and ratios.

import { percent, print, printTable, thousands } from '../support/output.js'
import { summary } from '../support/statistics.js'
import { BASELINE } from './cases.js'
import type { WireRun } from './measure.js'

const HEAD = [
  '',
  'offered/s',
  'received/s',
  'loss',
  'worst',
  'CPU s',
  'frames/CPU s',
  'min',
  'max',
  `x ${BASELINE}`,
]

const median = (runs: readonly WireRun[], value: (run: WireRun) => number) => summary(runs.map(value)).median

function row(name: string, runs: readonly WireRun[], baseline: number): string[] {
  const efficiency = summary(runs.map((run) => run.framesPerCpuS))
  const loss = summary(runs.map((run) => run.loss))
  return [
    name,
    `${thousands(median(runs, (run) => run.offeredPerS))} k`,
    `${thousands(median(runs, (run) => run.receivedPerS))} k`,
    percent(loss.median),
    percent(loss.max),
    median(runs, (run) => run.cpuS).toFixed(2),
    `${thousands(efficiency.median)} k`,
    `${thousands(efficiency.min)} k`,
    `${thousands(efficiency.max)} k`,
    (efficiency.median / baseline).toFixed(2),
  ]
}

/** Groups in order of first appearance. */
function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return groups
}

const title = ({ direction, length, rate }: WireRun) =>
  `${direction}, ${length} octets, ` +
  (rate === 0 ? 'as many as one sender can' : `${thousands(rate)} k frames/s offered`)

export function reportWire(runs: readonly WireRun[]): void {
  for (const [heading, group] of groupBy(runs, title)) {
    const byName = groupBy(group, (run) => run.name)
    const baseline = median(byName.get(BASELINE)!, (run) => run.framesPerCpuS)
    print(`\n${heading}`)
    printTable(
      HEAD,
      [...byName].map(([name, runs]) => row(name, runs, baseline)),
    )
  }
}
