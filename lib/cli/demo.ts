/** `ethercast demo`: a live LAN on loopback, with nothing to set up. */

import { Option } from 'commander'
import type { Command } from 'commander'
import { hasProgram } from '../programs.js'
import { parseSpec } from '../spec/index.js'
import type { McastSpec } from '../spec/index.js'
import { wholeNumber } from './arguments.js'
import { guestLines } from './demo_guests.js'
import { DemoLan } from './demo_lan.js'
import { PingRounds } from './demo_pings.js'
import { introduction, plainLine, summary, table } from './demo_screen.js'
import type { Introduction } from './demo_screen.js'
import { DemoWatch } from './demo_watch.js'
import type { DemoView } from './demo_watch.js'
import { Lifetime, parseDuration } from './lifetime.js'
import type { Ending } from './lifetime.js'
import { isLive, LiveRows } from './live_rows.js'
import { paint, print, printEvent, rounded, tell } from './output.js'

/**
 * Local scope (RFC 2365 section 6.1), and not UML's default: a UML guest on a real LAN with the same group and port would hear the demo,
 * since a socket bound to a group gets it from every interface that anybody joined it on.
 */
const GROUP = '239.255.198.18'
const PORT = 19_800
const NODES = { min: 2, max: 16, usual: 4 }
/** Time between two looks at the LAN, in milliseconds. */
const LOOK_MS = 1000
/** Of numbers in JSON: for times in milliseconds that is microseconds. */
const DECIMALS = 3

interface DemoOptions {
  for?: number
  group: string
  port: number
  nodes: number
  json?: boolean
}

export function register(program: Command): void {
  program
    .command('demo')
    .summary('a live LAN on loopback, nothing to set up')
    .description(
      'A live LAN on loopback: several nodes on one multicast group, each answering the ARP requests and pings of the others. ' +
        'It says how QEMU and UML guests join it. No root, and nothing leaves this machine.',
    )
    .option('--for <duration>', 'end after this time, as in 10s or 5m', parseDuration)
    .option('--group <address>', 'multicast group', GROUP)
    .addOption(
      whole('--port <number>', 'UDP port of the group; another one if it is taken', 1, 65535).default(PORT),
    )
    .addOption(whole('--nodes <number>', 'nodes on the LAN', NODES.min, NODES.max).default(NODES.usual))
    .option('--json', 'one JSON object a line: ready, stats each second, done')
    .addHelpText('after', '\nExit code: 0, or 1 if no ping was answered.')
    .action(async (options: DemoOptions) => {
      process.exitCode = await demo(options)
    })
}

function whole(flags: string, description: string, min: number, max: number): Option {
  return new Option(flags, `${description} (${min} to ${max})`).argParser(wholeNumber(min, max))
}

async function demo({ for: forMs, json = false, ...asked }: DemoOptions): Promise<number> {
  const { group, port } = parseSpec({ transport: 'mcast', group: asked.group, port: asked.port }) as McastSpec
  await using lan = await DemoLan.open({ group, port, nodes: asked.nodes })
  if (lan.port !== port) tell(`port ${port} is taken by another program: this LAN has port ${lan.port}`)
  using life = new Lifetime(forMs)
  const rounds = new PingRounds(lan.nodes)
  const watch = new DemoWatch(lan, rounds)
  rounds.start()
  await show(lan, watch, life, json)
  await rounds.stop()
  const view = watch.last()
  if (life.ending !== 'pipe') conclude(view, life.ending, json)
  return view.pings.answered > 0 ? 0 : 1
}

/** Shows the LAN until its time is over. */
async function show(lan: DemoLan, watch: DemoWatch, life: Lifetime, json: boolean): Promise<void> {
  const facts = lan.guestFacts(ownCommand())
  const { nodes, group, port, guests } = lan
  const head: Introduction = { nodes: nodes.length, group, port, guests, lines: guestLines(facts) }
  if (json) {
    printEvent('ready', { ...readyFields(lan), commands: head.lines })
    return life.every(LOOK_MS, () => printEvent('stats', rounded(watch.update(), DECIMALS)))
  }
  const { stdout } = process
  const colour = (colours: Parameters<typeof paint>[0], text: string) => paint(colours, text, stdout)
  const rows = introduction(head, colour)
  if (!isLive(stdout)) {
    rows.forEach(print)
    return life.every(LOOK_MS, () => print(plainLine(watch.update())))
  }
  using live = new LiveRows(stdout, rows)
  const draw = (view: DemoView) =>
    live.draw(table(view, { columns: (stdout.columns ?? 80) - 1, paint: colour }))
  draw(watch.view)
  await life.every(LOOK_MS, () => draw(watch.update()))
}

function readyFields({ group, port, interface: name, nodes, ucast, guests }: DemoLan): object {
  const stations = nodes.map(({ address, nic }) => ({ address, mac: nic.mac }))
  return { group, port, interface: name, nodes: stations, ucast, guests }
}

function conclude(view: DemoView, ending: Ending | undefined, json: boolean): void {
  const { elapsedMs, pings, frames } = view
  if (json)
    return printEvent(
      'done',
      rounded({ ending, elapsedMs, nodes: view.nodes.length, pings, frames }, DECIMALS),
    )
  if (process.stdout.isTTY) print('')
  summary(view).forEach((row) => print(row))
}

/** How this program is called from a shell in this folder. */
function ownCommand(): string {
  return hasProgram('ethercast') ? 'ethercast' : 'npx ethercast'
}
