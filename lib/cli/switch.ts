/**
 * `ethercast switch`: a drop-in for `uml_switch` of Debian's uml-utilities: its options (long ones with a single dash), its start lines,
 * its way with stdin. What differs on purpose stands in docs/transports/switch.md.
 */

import type { Command } from 'commander'
import { Switch } from '../switch.js'
import { EthercastError } from '../spec/index.js'
import { detach, isDetached, settleDown } from './detach.js'
import { Lifetime } from './lifetime.js'
import { print, tell } from './output.js'

/** As uml_switch calls itself in its lines, which scripts look for. */
const PROGRAM = 'uml_switch'
const DEFAULT_SOCKET = '/tmp/uml.ctl'
/** Stations that it has not heard for this long uml_switch forgets, in milliseconds. */
const AGEING_MS = 100_000
/** Whatever the reason, also wrong usage. */
const FAILED = 1
const SIGNALS = [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const

const HELP = `
Options, as uml_switch has them:
  -unix PATH    the control socket to make (default: ${DEFAULT_SOCKET})
  -hub          repeat every frame to every other port, learn nothing
  -tap DEVICE   join this tap too
  -daemon       go to the background once everything is open

Guests:         linux eth0=daemon,,unix,PATH
Other switches: ethercast join daemon,,unix,PATH

On a terminal the end of input (Ctrl-D) ends it; any other input is ignored.
Exit code: 0 ended; 1 did not start, or wrong usage.`

const USAGE = 'Usage : ethercast switch [ -unix control-socket ] [ -hub ] [ -tap tap-device ] [ -daemon ]'

export function register(program: Command): void {
  program
    .command('switch')
    .summary('a switch daemon for UML guests, a drop-in for uml_switch')
    .description(
      'Serves UML guests booted with eth0=daemon,,unix,PATH, vde_plug, and daemon ports of other switches. ' +
        'Takes the options of uml_switch, with a single dash.',
    )
    .usage('[-unix PATH] [-hub] [-tap DEVICE] [-daemon]')
    .argument('[options...]')
    .helpOption(false)
    // Single dashes are not what the parser knows: all that follows is taken as it stands.
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText('after', HELP)
    .action(async (args: string[]) => {
      process.exitCode = await run(args)
    })
}

interface SwitchArguments {
  socket: string
  hub: boolean
  tap?: string
  daemon: boolean
}

/** What the arguments say; nothing when uml_switch would not understand them. */
function readArguments(args: readonly string[]): SwitchArguments | undefined {
  const read: SwitchArguments = { socket: DEFAULT_SOCKET, hub: false, daemon: false }
  const left = [...args]
  for (let option = left.shift(); option !== undefined; option = left.shift()) {
    if (option === '-hub') read.hub = true
    else if (option === '-daemon') read.daemon = true
    else if (option === '-unix' || option === '-tap') {
      const value = left.shift()
      if (value === undefined) return undefined
      read[option === '-unix' ? 'socket' : 'tap'] = value
    } else return undefined
  }
  return read
}

async function run(args: readonly string[]): Promise<number> {
  const wanted = readArguments(args)
  if (wanted !== undefined) return wanted.daemon && !isDetached() ? detach() : serve(wanted)
  if (args.includes('-compat-v0')) tell('-compat-v0 is not here: no kernel since 2.4 speaks version 0')
  tell(USAGE)
  return FAILED
}

async function serve({ socket, hub, tap }: SwitchArguments): Promise<number> {
  using life = new Lifetime()
  let caught: number | undefined
  for (const [name, number] of SIGNALS) process.prependOnceListener(name, () => (caught ??= number))
  await using lan = await Switch.create({ forwarding: hub ? 'hub' : 'learning', ageingMs: AGEING_MS })
  try {
    await lan.addPort({ transport: 'switch', socket, mode: 'umask' }, { signal: life.signal })
    if (tap !== undefined) await lan.addPort({ transport: 'tuntap', device: tap }, { signal: life.signal })
  } catch (error) {
    return life.ending === undefined ? refuse(error, socket) : 0
  }
  if (hub) print(`${PROGRAM} will be a hub instead of a switch`)
  print(`${PROGRAM} attached to unix socket '${socket}'${tap === undefined ? '' : ` tap device '${tap}'`}`)
  if (isDetached()) await settleDown()
  else watchTerminal(life)
  const ending = await life.over
  if (ending === 'signal') print(`Caught signal ${caught}, cleaning up and exiting`)
  await lan.close()
  process.stdin.destroy()
  life.throwIfFailed()
  return ending === 'failed' ? FAILED : 0
}

function refuse(error: unknown, socket: string): number {
  if (!(error instanceof EthercastError)) throw error
  if (error.code === 'EADDRINUSE') {
    tell(`The control socket '${socket}' has another server attached to it`)
    tell('End that one, or choose another path with -unix')
  } else tell(error.message)
  return FAILED
}

/** Only a terminal is looked at: with stdin from /dev/null a daemon would end at once. */
function watchTerminal(life: Lifetime): void {
  if (!process.stdin.isTTY) return
  const end = () => {
    if (life.ending !== undefined) return
    print('EOF on stdin, cleaning up and exiting')
    life.end('done')
  }
  process.stdin.on('end', end).on('error', end).resume()
}
