// The TCP section: every work, its contestants in turn.
import type { Options } from '../options.js'
import { contest } from '../support/contest.js'
import type { Outcome } from '../support/contest.js'
import { wanted } from '../support/wanted.js'
import { withLan } from '../lan/lan.js'
import type { LanContestant } from '../lan/lan.js'
import { measureFlow } from './iperf.js'
import type { Flow } from './iperf.js'
import { tcpWorks } from './works.js'
import type { TcpWork } from './works.js'

export interface TcpResult {
  work: TcpWork
  outcomes: Outcome<Flow>[]
}

export const runTcp = (options: Options): Promise<TcpResult[]> => runTcpWorks(tcpWorks, options)

export async function runTcpWorks(
  works: readonly TcpWork[],
  { runs, tcpS, slowStartS, peers }: Options,
): Promise<TcpResult[]> {
  const results: TcpResult[] = []
  for (const work of works) {
    const contestants = wanted(work.contestants, peers, work.title).map((each): LanContestant => ({
      ...each,
      needs: [...each.needs, 'ping', 'iperf3'],
    }))
    const outcomes = await contest(work.title, contestants, runs, (contestant) =>
      withLan(contestant, (ground, lan) => measureFlow(ground, lan, tcpS, slowStartS, work.reverse)),
    )
    results.push({ work, outcomes })
  }
  return results
}
