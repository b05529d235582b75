// The transports section: each wire with a switch behind it, and one TCP flow over each.
import type { Options } from '../options.js'
import { contest } from '../support/contest.js'
import type { Outcome } from '../support/contest.js'
import { wanted } from '../support/wanted.js'
import { buildLoad, measureThroughput } from '../switch/run.js'
import type { Throughput } from '../switch/run.js'
import { runTcpWorks } from '../tcp/run.js'
import type { TcpResult } from '../tcp/run.js'
import { flowWorks } from './flows.js'
import { wires } from './wires.js'
import type { Wire } from './wires.js'

export interface WireResult {
  wire: Wire
  outcomes: Outcome<Throughput>[]
}

export interface TransportsResult {
  wires: WireResult[]
  flows: TcpResult[]
}

export async function runTransports(options: Options): Promise<TransportsResult> {
  const results: WireResult[] = []
  for (const wire of wires) {
    const contestants = wanted(wire.contestants, options.peers, wire.title)
    const program = await buildLoad(contestants)
    const outcomes = await contest(wire.title, contestants, options.runs, (contestant) =>
      measureThroughput(contestant, program!, options),
    )
    results.push({ wire, outcomes })
  }
  return { wires: results, flows: await runTcpWorks(flowWorks, options) }
}
