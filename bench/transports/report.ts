// Rates and flows of every transport, ours beside the others.
import { OURS, ratio, ratioCells, reportAbsent } from '../support/contest.js'
import { percent, print, printTable } from '../support/output.js'
import { HEAD, row, steadyRate } from '../switch/report.js'
import { MOST_LOSS } from '../switch/search.js'
import { reportTcp } from '../tcp/report.js'
import type { TransportsResult, WireResult } from './run.js'

function reportWire({ wire, outcomes }: WireResult, runs: number): void {
  const ran = outcomes.filter(({ results }) => results.length > 0)
  print(`\n64-octet frames, ${wire.title}, at a loss of at most ${percent(MOST_LOSS)} (median of ${runs})`)
  const ours = ran.find(({ name }) => name === OURS)
  if (ran.length > 0) {
    const cells = ran.map((outcome) => {
      const target = wire.targets.find(({ against }) => against === outcome.name)
      const compared = outcome === ours ? undefined : ratio(ours, outcome, steadyRate)
      return [...row(outcome), ...ratioCells(compared, target, '≥').slice(0, 2)]
    })
    printTable([...HEAD, 'ours / it', 'at least'], cells)
  }
  reportAbsent(outcomes)
}

export function reportTransports({ wires, flows }: TransportsResult, runs: number): void {
  for (const wire of wires) reportWire(wire, runs)
  reportTcp(flows, runs)
}
