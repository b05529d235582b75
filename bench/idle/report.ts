// What idling costs, ours beside the others.
import type { Options } from '../options.js'
import { reportAbsent } from '../support/contest.js'
import type { Outcome } from '../support/contest.js'
import { print, printTable } from '../support/output.js'
import { summary } from '../support/statistics.js'
import { IDLE_TARGETS } from './run.js'
import type { Idle } from './run.js'

const HEAD = ['', 'CPU', 'max', 'at most', 'I/O wake-ups/s', 'max', 'aim', 'all wake-ups/s']

const share = (value: number) => `${(value * 100).toFixed(3)} %`

function row({ name, results }: Outcome<Idle>): string[] {
  const cpu = summary(results.map((run) => run.cpuShare))
  const io = summary(results.map((run) => run.ioWakeUpsPerS))
  const all = summary(results.map((run) => run.wakeUpsPerS))
  const ours = name.startsWith('ethercast')
  return [
    name,
    share(cpu.median),
    share(cpu.max),
    ours ? share(IDLE_TARGETS.cpuShare) : '',
    io.median.toFixed(1),
    io.max.toFixed(1),
    ours ? String(IDLE_TARGETS.wakeUpsPerS) : '',
    all.median.toFixed(1),
  ]
}

export function reportIdle(outcomes: readonly Outcome<Idle>[], { runs, idleMs }: Options): void {
  const ran = outcomes.filter(({ results }) => results.length > 0)
  print(`\na switch without traffic, over ${idleMs / 1000} s (median of ${runs})`)
  if (ran.length > 0) printTable(HEAD, ran.map(row))
  reportAbsent(outcomes)
}
