// The latency section: ping between two hosts that have nothing else to say.
import { contest } from '../support/contest.js'
import type { Outcome, Target } from '../support/contest.js'
import { quantile } from '../support/statistics.js'
import { wanted } from '../support/wanted.js'
import { withLan } from '../lan/lan.js'
import type { Ground, Lan, LanContestant } from '../lan/lan.js'
import { overMcast } from '../lan/ours.js'
import { qemu, vde, veth, vxlan } from '../lan/others.js'

const CABLE = 1500
const EVERY_S = 0.01

export const LATENCY_TARGETS: readonly Target[] = [{ against: 'kernel VXLAN', atLeast: 3, aim: 1.5 }]

const contestants = [overMcast(CABLE), vxlan(CABLE), veth(CABLE), vde(CABLE), qemu(CABLE, CABLE)]

export interface RoundTrips {
  sent: number
  answered: number
  /** In µs. */
  medianUs: number
  p99Us: number
}

async function measure({ b }: Ground, lan: Lan, count: number): Promise<RoundTrips> {
  const how = ['-i', String(EVERY_S), '-c', String(count), '-W', '1']
  const timeoutMs = count * EVERY_S * 1000 + 20_000
  const { stdout } = await b.exec('ping', [...how, lan.addresses[0]], { timeoutMs })
  const times = [...stdout.matchAll(/time=([\d.]+) ms/g)].map((match) => Number(match[1]) * 1000)
  if (times.length === 0) throw new Error(`no answer to ping:\n${stdout}`)
  return { sent: count, answered: times.length, medianUs: quantile(times, 0.5), p99Us: quantile(times, 0.99) }
}

export function runLatency(
  rounds: number,
  count: number,
  peers: readonly string[],
): Promise<Outcome<RoundTrips>[]> {
  const all = wanted(contestants, peers).map((each): LanContestant => ({
    ...each,
    needs: [...each.needs, 'ping'],
  }))
  return contest('latency', all, rounds, (contestant) =>
    withLan(contestant, (ground, lan) => measure(ground, lan, count)),
  )
}
