/** `ethercast up`: makes this host what the file says; with `--foreground` also runs its switches. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Option } from 'commander'
import type { Command } from 'commander'
import { RolledBack, up as bringUp } from '../host/apply.js'
import type { HostAccess } from '../host/apply.js'
import { missingCapabilities } from '../host/capabilities.js'
import { Journal } from '../host/journal.js'
import type { Step } from '../host/plan.js'
import type { Wish } from '../host/resource.js'
import { EthercastError } from '../spec/error.js'
import { down } from './down.js'
import { addStateOptions, configOption, hostAccess, look } from './host_options.js'
import type { HostOptions, Sight } from './host_options.js'
import { HostSwitches } from './host_switches.js'
import { reportStep, sumOf, sumText } from './host_texts.js'
import { Lifetime } from './lifetime.js'
import { shellWord } from './opening.js'
import { print, printEvent, tell } from './output.js'

interface UpOptions extends HostOptions {
  foreground?: boolean
  keep?: boolean
}

/** systemd-notify waits for systemd to have read it, milliseconds. */
const NOTIFY_MS = 10_000

const EXAMPLES = `
Examples:
  ethercast plan                      look first
  ethercast up                        make it so; again: nothing to change
  ethercast up --foreground           and run the switches, until Ctrl-C

Each step is in the journal before it is taken. If one fails, or Ctrl-C comes,
all that this run did is taken back. What an earlier run has made and the file
no longer says is taken back first.

Exit code: 0 done; 1 a step failed, and what was done is taken back; 2 the file
is wrong, or can't be made so on this host: nothing was touched.`

export function register(program: Command): void {
  addStateOptions(
    program
      .command('up')
      .summary('make this host what the file says')
      .description(
        'Makes this host what the file says: taps, bridges, addresses, routes, forwarding, proxy ARP, ' +
          'masquerading, port forwards. See what it would do with "ethercast plan".',
      )
      .addOption(configOption())
      .option('--foreground', 'also run the switches of the file, until Ctrl-C or SIGTERM')
      .addOption(new Option('--keep', 'with --foreground: leave the host set up at the end')),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (options: UpOptions) => {
      if (options.keep && !options.foreground)
        throw new EthercastError(
          'ERR_ETHERCAST_FIELD',
          '--keep goes with --foreground: without it all is kept',
        )
      process.exitCode = await up(options)
    })
}

async function up(options: UpOptions): Promise<number> {
  const host = hostAccess()
  const sight = await look(host, options, { asks: true })
  if (sight === undefined) return 2
  for (const note of sight.notes) tell(`note: ${note}`)
  assertAllowed(sight, options)
  using life = new Lifetime()
  const steps = await apply(host, sight.wishes, options, life)
  if (steps === undefined) return 1
  if (!options.foreground) {
    tellSum(steps, sight, options)
    return 0
  }
  // Awaited here: the life is to last until then.
  return await runSwitches(host, sight, options, life)
}

/** @throws EthercastError `EPERM` before anything is touched */
function assertAllowed({ wishes, made, loaded }: Sight, { config, state }: UpOptions): void {
  const missing = missingCapabilities([...wishes, ...[...made.values()].map(({ wish }) => wish)])
  if (missing.length === 0) return
  const file = config === undefined ? '' : ` -c ${shellWord(config)}`
  const message = [
    `this changes the host, and takes root, or ${missing.join(', ')} and a folder for the journal of one's own (--state DIR, now ${state}). Nothing was touched.`,
    `  as root:            sudo ethercast up${file}`,
    `  what it would do:   ethercast plan${file}    (needs no root)`,
    ...(Object.keys(loaded.config.switches).length > 0
      ? ['  switches alone, without root: ethercast join SPEC…']
      : []),
  ]
  throw new EthercastError('EPERM', message.join('\n'), { errno: 'EPERM' })
}

/** Undefined: it failed, and that is told. */
async function apply(
  host: HostAccess,
  wishes: readonly Wish[],
  { state, json }: UpOptions,
  life: Lifetime,
): Promise<Step[] | undefined> {
  using journal = await Journal.open(state)
  if (journal.isEarlier) tell(`note: what was set up before this machine was started again is gone`)
  try {
    return await bringUp(host, wishes, journal, { signal: life.signal, onStep: reportStep(json) })
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error
    const { message, undone, left } = error
    const text = life.ending === undefined ? message : message.replace(/^.*$/m, 'interrupted')
    if (json) printEvent('failed', { message: text, undone, left })
    throw new EthercastError(error.code, text, { errno: error.errno, cause: error })
  }
}

function tellSum(steps: readonly Step[], { wishes }: Sight, { json }: UpOptions): void {
  const { nothing: _, ...sum } = sumOf(steps)
  if (json) printEvent('done', { ...sum, nothing: wishes.length - sum.make - sum.mend })
  else if (steps.length === 0) print(`Nothing to change: ${wishes.length} of ${wishes.length} are as wished.`)
  else print(`${sumText(steps, ['made', 'mended', 'taken back'])}.`)
}

async function runSwitches(
  host: HostAccess,
  sight: Sight,
  options: UpOptions,
  life: Lifetime,
): Promise<number> {
  let failed = true
  try {
    await using switches = await HostSwitches.open(sight.loaded.config.switches, life, options.json)
    if (options.json) printEvent('ready', { switches: switches.fields() })
    else print('ready')
    await notifyReady()
    failed = (await life.over) === 'failed'
  } catch (error) {
    if (error !== life.signal.reason) throw error
    failed = life.ending === 'failed'
  } finally {
    life.end('failed')
    if (!options.keep && (await down(host, options)) !== 0) failed = true
  }
  life.throwIfFailed()
  return failed ? 1 : 0
}

/** For a systemd unit of Type=notify with NotifyAccess=all: Node has no datagram sockets of the Unix kind. */
async function notifyReady(): Promise<void> {
  if (process.env.NOTIFY_SOCKET === undefined) return
  try {
    await promisify(execFile)('systemd-notify', ['--ready'], { timeout: NOTIFY_MS })
  } catch (error) {
    tell(
      `note: systemd could not be told that this is ready: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
