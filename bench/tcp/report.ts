// From flows to tables: medians, spread, and ours beside each of the others.
import { OURS, ratio, ratioCells, reportAbsent } from '../support/contest.js'
import type { Outcome } from '../support/contest.js'
import { percent, print, printTable } from '../support/output.js'
import { summary } from '../support/statistics.js'
import type { Flow } from './iperf.js'
import type { TcpResult } from './run.js'
import type { TcpWork } from './works.js'

const HEAD = [
  '',
  'MTU',
  'Gbit/s',
  'min',
  'max',
  'ours / it',
  'at least',
  'aim',
  'sent again',
  'drops',
  'CPU s/Gbit',
  'with ends',
  'machine',
]

function row(outcome: Outcome<Flow>, ours: Outcome<Flow> | undefined, work: TcpWork): string[] {
  const { name, results } = outcome
  const middle = (value: (flow: Flow) => number) => summary(results.map(value)).median
  const rate = summary(results.map((flow) => flow.rate))
  const target = work.targets.find(({ against }) => against === name)
  const compared = outcome === ours ? undefined : ratio(ours, outcome, (flow) => flow.rate)
  const drops = summary(results.map(({ losses }) => losses.devices + losses.sockets))
  return [
    name,
    String(results[0]!.mtu),
    rate.median.toFixed(2),
    rate.min.toFixed(2),
    rate.max.toFixed(2),
    ...ratioCells(compared, target, '≥'),
    percent(middle((flow) => flow.retransmitted)),
    String(drops.median),
    middle((flow) => flow.carriersPerGbit).toFixed(3),
    middle((flow) => flow.processesPerGbit).toFixed(3),
    middle((flow) => flow.machinePerGbit).toFixed(3),
  ]
}

export function reportTcp(results: readonly TcpResult[], runs: number): void {
  for (const { work, outcomes } of results) {
    const ran = outcomes.filter(({ results }) => results.length > 0)
    print(`\none TCP flow, ${work.title} (median of ${runs})`)
    if (ran.length > 0) {
      const ours = ran.find(({ name }) => name === OURS)
      printTable(
        HEAD,
        ran.map((outcome) => row(outcome, ours, work)),
      )
    }
    reportAbsent(outcomes)
  }
}
