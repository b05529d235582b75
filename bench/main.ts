// npm run bench: ethercast beside node:dgram, the kernel's own, VDE, QEMU and uml_switch, and its parts alone. See docs/performance.md.

import { writeFileSync } from 'node:fs'
import { reportGuests } from './guests/report.js'
import { runGuests } from './guests/run.js'
import { reportIdle } from './idle/report.js'
import { runIdle } from './idle/run.js'
import { reportLatency } from './latency/report.js'
import { runLatency } from './latency/run.js'
import { reportNs, runMicro } from './micro/run.js'
import { runNative } from './native_core.js'
import { USAGE, readOptions } from './options.js'
import type { Options, Section } from './options.js'
import type { Outcome } from './support/contest.js'
import { hostFacts } from './support/host_facts.js'
import type { HostFacts } from './support/host_facts.js'
import { print } from './support/output.js'
import { peerVersions } from './support/peer_versions.js'
import { reportSwitch } from './switch/report.js'
import { runSwitch } from './switch/run.js'
import { reportTcp } from './tcp/report.js'
import { runTcp } from './tcp/run.js'
import { reportTransports } from './transports/report.js'
import { runTransports } from './transports/run.js'
import { reportWire } from './wire/report.js'
import { runWire } from './wire/run.js'

function reportHost(host: HostFacts): void {
  print(`ethercast ${host.ethercast}, Node.js ${host.node}, Linux ${host.kernel}, ${host.compiler}`)
  print(
    `${host.cpu}, ${host.cores} cores${host.virtual === 'yes' ? ' (virtual)' : ''}, governor ${host.governor}, ` +
      `load average before ${host.load.toFixed(2)}, ${host.date}`,
  )
}

const CONTESTS: readonly Section[] = ['tcp', 'switch', 'latency', 'idle', 'transports', 'guests']

/** Contests go on when one contestant fails; the bench as a whole has failed then. */
function judge(outcomes: readonly Outcome<unknown>[]): void {
  if (outcomes.some(({ failed }) => failed !== undefined)) process.exitCode = 1
}

async function runContests(options: Options, results: Record<string, unknown>): Promise<void> {
  const { sections, runs, peers } = options
  if (!sections.some((section) => CONTESTS.includes(section))) return
  const versions = peerVersions()
  results.peers = versions
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  print(`\nmeets ${list.join(', ')}`)
  if (sections.includes('tcp')) {
    const tcp = await runTcp(options)
    results.tcp = tcp
    reportTcp(tcp, runs)
    for (const { outcomes } of tcp) judge(outcomes)
  }
  if (sections.includes('switch')) {
    const outcomes = await runSwitch(options)
    results.switch = outcomes
    reportSwitch(outcomes, runs)
    judge(outcomes)
  }
  if (sections.includes('latency')) {
    const outcomes = await runLatency(runs, options.pings, peers)
    results.latency = outcomes
    reportLatency(outcomes, runs)
    judge(outcomes)
  }
  if (sections.includes('idle')) {
    const outcomes = await runIdle(options)
    results.idle = outcomes
    reportIdle(outcomes, options)
    judge(outcomes)
  }
  if (sections.includes('transports')) {
    const transports = await runTransports(options)
    results.transports = transports
    reportTransports(transports, runs)
    for (const { outcomes } of [...transports.wires, ...transports.flows]) judge(outcomes)
  }
  if (sections.includes('guests')) {
    const outcomes = await runGuests(options)
    results.guests = outcomes
    reportGuests(outcomes, runs)
    judge(outcomes)
  }
}

async function run(options: Options): Promise<void> {
  const host = hostFacts()
  reportHost(host)
  const results: Record<string, unknown> = { host, options }
  if (options.sections.includes('wire')) {
    const runs = await runWire(options.runs, options.rate, options)
    results.wire = runs
    print(`\nmulticast on lo, SO_RCVBUF ${runs[0]!.buffer} octets on both sides, median of ${options.runs}`)
    reportWire(runs)
  }
  if (options.sections.includes('micro')) {
    const micro = await runMicro(options.microS)
    results.micro = micro
    reportNs('JavaScript edge, per frame or call (median of benchmark.js samples)', micro)
  }
  if (options.sections.includes('native')) {
    const native = await runNative(options.runs, options.nativeMs)
    results.native = native
    if (native === undefined)
      print('\nnative core: skipped, needs CMake (Debian and Ubuntu: apt-get install cmake)')
    else reportNs(`native core, per frame or call (median of ${options.runs})`, native)
  }
  await runContests(options, results)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`)
}

let options: Options | undefined
try {
  options = readOptions(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${USAGE}`)
  process.exit(2)
}
if (options === undefined) print(USAGE)
else await run(options)
