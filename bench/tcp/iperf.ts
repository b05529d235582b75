// One TCP flow, from the second host of a LAN to the first, counted by the receiver.
import { machineSeconds, cpuSeconds } from '../support/processes.js'
import type { Ground, Lan } from '../lan/lan.js'
import { readLosses } from './losses.js'
import type { Losses } from './losses.js'

const GBIT = 1e9

export interface Flow {
  /** Gbit/s of payload, as the receiver counted them. */
  rate: number
  mtu: number
  /** Segments that were sent again, of all that were sent. */
  retransmitted: number
  retransmits: number
  losses: Losses
  /** CPU seconds per Gbit: of the processes that carry the LAN; with iperf3's two ends; of the whole machine. */
  carriersPerGbit: number
  processesPerGbit: number
  machinePerGbit: number
}

interface Report {
  error?: string
  intervals: { sum: { bytes: number } }[]
  end: {
    sum_sent: { retransmits: number }
    sum_received: { bits_per_second: number }
    cpu_utilization_percent: { host_total: number; remote_total: number }
  }
}

/** A flow of `seconds`, after `slowStart` seconds that do not count; `reverse`: from the first host to the second. */
export async function measureFlow(
  ground: Ground,
  lan: Lan,
  seconds: number,
  slowStart: number,
  reverse = false,
): Promise<Flow> {
  const { a, b } = ground
  const server = a.spawn('iperf3', ['-s', '-1', '--forceflush'])
  await server.waitForLine(/listening on/)
  const lossesBefore = await readLosses(ground, lan)
  const [carriersBefore, machineBefore] = [cpuSeconds(lan.pids), machineSeconds()]
  const how = ['-t', String(seconds), '-O', String(slowStart), '-J', '--connect-timeout', '5000']
  if (reverse) how.push('-R')
  const timeoutMs = (seconds + slowStart + 20) * 1000
  const { stdout, stderr } = await b.exec('iperf3', ['-c', lan.addresses[0], ...how], { timeoutMs })
  const [carriers, machine] = [cpuSeconds(lan.pids) - carriersBefore, machineSeconds() - machineBefore]
  const losses = await readLosses(ground, lan)
  await server.kill()
  const report = parse(stdout, stderr)
  const { end } = report
  // Slow start too: the CPU time of that is in the sums.
  const gbit = (report.intervals.reduce((sum, each) => sum + each.sum.bytes, 0) * 8) / GBIT
  const cpu = end.cpu_utilization_percent
  const ends = ((cpu.host_total + cpu.remote_total) / 100) * (seconds + slowStart)
  const segments = losses.segments - lossesBefore.segments
  return {
    rate: end.sum_received.bits_per_second / GBIT,
    mtu: lan.mtu,
    retransmits: end.sum_sent.retransmits,
    retransmitted: (losses.retransmitted - lossesBefore.retransmitted) / Math.max(1, segments),
    losses: minus(losses, lossesBefore),
    carriersPerGbit: carriers / gbit,
    processesPerGbit: (carriers + ends) / gbit,
    machinePerGbit: machine / gbit,
  }
}

function parse(stdout: string, stderr: string): Report {
  let report: Report
  try {
    report = JSON.parse(stdout) as Report
  } catch {
    throw new Error(`iperf3 said no JSON: ${stdout}${stderr}`)
  }
  if (report.error !== undefined) throw new Error(`iperf3: ${report.error}`)
  return report
}

const minus = (a: Losses, b: Losses): Losses => ({
  devices: a.devices - b.devices,
  sockets: a.sockets - b.sockets,
  retransmitted: a.retransmitted - b.retransmitted,
  segments: a.segments - b.segments,
})
