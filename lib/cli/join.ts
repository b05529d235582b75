/** `ethercast join`: a switch with the ports that are named, until somebody ends it. */

import { Option } from 'commander'
import type { Command } from 'commander'
import { EthercastError, formatSpec } from '../spec/index.js'
import type { PortSpec } from '../spec/index.js'
import type { Port } from '../port.js'
import { Switch } from '../switch.js'
import { MOST_STORM } from '../switch_options.js'
import { wholeNumber } from './arguments.js'
import { chooseReport } from './join_reports.js'
import type { JoinReport } from './join_reports.js'
import { Lifetime, parseDuration } from './lifetime.js'
import { lanSpec, openError } from './opening.js'
import { RateMeter } from './rates.js'
import type { SwitchView } from './rates.js'

/** Time between two looks at the counters, in milliseconds. */
const LOOK_MS = 1000

interface JoinOptions {
  hub?: boolean
  ageing: number
  stormLimit?: number
  forwardReserved?: boolean
  for?: number
  json?: boolean
  quiet?: boolean
}

const EXAMPLES = `
Examples:
  ethercast join mcast ucast,,198.51.100.5,1102,1102
      the LAN of guests on this segment (239.192.168.1, port 1102) and one
      behind a router
  ethercast join mcast,,,,,interface=eth1 mcast,,,,,interface=lo
      the LAN on eth1, and that on this host's loopback
  ethercast join mcast ucast,,127.0.0.1,4001,4000 --json --for 1m >counts.jsonl
      a minute of counters, for a program

A SPEC is UML's own grammar with options behind it, as in
mcast,MAC,GROUP,PORT,TTL,interface=NAME; empty fields take their defaults.

When every port is up, stdout has the line "ready", whatever the options. All
else goes to stderr: on a terminal a table of rates ("lost": frames that
somebody will miss), elsewhere only what happens, and the totals at the end.
With --json stdout has one object a line: ready, port, notice, stats (each
second), done.

Exit code: 0 ended by --for, Ctrl-C or SIGTERM; 1 a port did not open;
2 wrong usage.`

export function register(program: Command): void {
  program
    .command('join')
    .summary('a switch with these ports, until Ctrl-C')
    .description(
      'Joins LANs: one Ethernet switch whose ports are the SPECs. It learns where stations are, ' +
        'floods what it does not know, blocks a port that closes a loop, and needs no root.',
    )
    .argument('<spec...>', 'the ports, such as mcast')
    .addOption(
      new Option('--hub', 'learn nothing: repeat every frame to every other port').conflicts('ageing'),
    )
    .addOption(
      new Option('--ageing <seconds>', 'forget a station that was not heard for so long')
        .argParser(parseDuration)
        .default(300_000, '300'),
    )
    .option(
      '--storm-limit <frames>',
      'flood at most so many frames a second of each port, and drop the rest',
      wholeNumber(1, MOST_STORM),
    )
    .addOption(
      new Option(
        '--forward-reserved',
        'forward also 01:80:c2:00:00:0x (spanning tree, LLDP…), as a hub does',
      ).conflicts('hub'),
    )
    .option('--for <duration>', 'end after this time, as in 10s or 5m', parseDuration)
    .option('--json', 'one JSON object a line on stdout')
    .option('-q, --quiet', 'say only "ready", and what goes wrong')
    .addHelpText('after', EXAMPLES)
    .action(async (specs: string[], options: JoinOptions) => {
      process.exitCode = await join(specs, options)
    })
}

async function join(texts: readonly string[], options: JoinOptions): Promise<number> {
  const specs = readSpecs(texts)
  using life = new Lifetime(options.for)
  await using lan = await Switch.create({
    forwarding: options.hub ? 'hub' : 'learning',
    ageingMs: options.ageing,
    stormLimit: options.stormLimit,
    reserved: options.forwardReserved ? 'forward' : 'drop',
  })
  using report = chooseReport(options)
  const meter = new RateMeter(lan)
  watch(lan, life, report)
  const ports = await openPorts(lan, specs, life)
  if (ports.length === specs.length) {
    report.ready(ports)
    // With its last port a switch has lost its purpose; while it opens, why is told by what failed to open.
    lan.on('port', () => lan.ports.size === 0 && life.end('failed'))
    if (lan.ports.size === 0) life.end('failed')
    await (report.countsSeconds ? everySecond(lan, meter, life, report, options.hub === true) : life.over)
  }
  // After closing the counters are final: what was queued is sent or dropped.
  meter.look()
  await lan.close()
  const ending = life.ending ?? 'done'
  if (ending !== 'pipe') report.done(meter.look(), ending)
  life.throwIfFailed()
  return ending === 'failed' ? 1 : 0
}

/** @throws EthercastError `ERR_ETHERCAST_FIELD`, before anything is opened */
function readSpecs(texts: readonly string[]): PortSpec[] {
  const names = new Set<string>()
  return texts.map((text) => {
    const spec = lanSpec(text)
    const name = formatSpec({ ...spec, mac: undefined })
    if (names.has(name)) {
      const message = `${name} is given twice: its two ports would hear each other, and frames go round for ever`
      throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'spec', value: text })
    }
    names.add(name)
    return spec
  })
}

/** Tells what happens, until the life ends. */
function watch(lan: Switch, life: Lifetime, report: JoinReport): void {
  lan.on('notice', ({ port, message }) => report.notice(port, message))
  lan.on('port', (event) => {
    if (life.ending === undefined) report.port(event)
  })
}

/** Fewer ports than specs when the life ended meanwhile. */
async function openPorts(lan: Switch, specs: readonly PortSpec[], life: Lifetime): Promise<Port[]> {
  const ports: Port[] = []
  for (const spec of specs) {
    try {
      ports.push(await lan.addPort(spec, { signal: life.signal }))
    } catch (error) {
      if (life.ending !== undefined) return []
      life.end('failed')
      throw openError(error, spec)
    }
  }
  return ports
}

/** Looks at the switch each second, until the life ends. */
async function everySecond(
  lan: Switch,
  meter: RateMeter,
  life: Lifetime,
  report: JoinReport,
  isHub: boolean,
): Promise<void> {
  const stations = isHub ? () => undefined : stationCount(lan)
  const look = () => {
    const view = meter.look()
    report.second(view, stations(view))
  }
  look()
  await life.every(LOOK_MS, look)
}

/** Looks after which the stations are counted even if nothing has moved: some may be forgotten by now. */
const LOOKS_BETWEEN_COUNTS = 60

/** A function that gives the number of stations as of its last question, and asks again where it may have changed. */
function stationCount(lan: Switch): (view: SwitchView) => number {
  let count = 0
  let sinceAsked = LOOKS_BETWEEN_COUNTS
  return ({ ports }) => {
    // Each question wakes the I/O thread, which has nothing to do on an idle LAN.
    const isIdle = ports.every(({ perSecond }) => perSecond.rxFrames === 0)
    if (isIdle && ++sinceAsked < LOOKS_BETWEEN_COUNTS) return count
    sinceAsked = 0
    const stations = lan.stations()
    // At the end the switch just closes under the question.
    stations.then(({ length }) => (count = length)).catch(() => {})
    return count
  }
}
