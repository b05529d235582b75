// npm run bench: ethercast beside node:dgram on one multicast group, and its parts alone. See docs/performance.md.

import { writeFileSync } from 'node:fs'
import { reportNs, runMicro } from './micro/run.js'
import { runNative } from './native_core.js'
import { USAGE, readOptions } from './options.js'
import type { Options } from './options.js'
import { hostFacts } from './support/host_facts.js'
import type { HostFacts } from './support/host_facts.js'
import { print } from './support/output.js'
import { reportWire } from './wire/report.js'
import { runWire } from './wire/run.js'

function reportHost(host: HostFacts): void {
  print(`ethercast ${host.ethercast}, Node.js ${host.node}, Linux ${host.kernel}, ${host.compiler}`)
  print(
    `${host.cpu}, ${host.cores} cores${host.virtual === 'yes' ? ' (virtual)' : ''}, governor ${host.governor}, ` +
      `load average before ${host.load.toFixed(2)}, ${host.date}`,
  )
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
