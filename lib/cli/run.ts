/** `ethercast run`: a program that starts with its NIC on a LAN already, by a descriptor it inherits: a UML guest above all. */

import { spawn } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Command } from 'commander'
import type { Port } from '../port.js'
import { EthercastError } from '../spec/index.js'
import { Switch } from '../switch.js'
import { Lifetime } from './lifetime.js'
import { lanSpec, openError } from './opening.js'
import type { LanSpec } from './opening.js'
import { paint, tell } from './output.js'
import { eventText, timeOfDay } from './port_text.js'

/** The number that the descriptor has in the program: the first behind standard input, output and error output. */
const NUMBER = '3'
/** What stands for it in the program's arguments. */
const PLACEHOLDER = '{fd}'
/** As shells and env(1) have it. */
const NOT_FOUND = 127
const NOT_STARTED = 126
const BY_SIGNAL = 128
/** A program that ends closes its NIC a moment before it is known to have ended. */
const ENDS_WITHIN_MS = 1000

interface RunOptions {
  datagram?: boolean
  quiet?: boolean
}

const EXAMPLES = `
Examples:
  ethercast run mcast -- linux.uml mem=128M root=/dev/root rootfstype=hostfs \\
      'vec0:transport=fd,fd={fd},mac=fe:fd:00:00:00:01'
      a guest of any UML kernel (6.16 and later have only such devices) on the
      LAN of those with eth0=mcast; it ends when the guest does
  ethercast run bess,connect=/run/lan.sock --datagram -- qemu-system-x86_64 … \\
      -netdev dgram,id=n,local.type=fd,local.str={fd} \\
      -device virtio-net,netdev=n
      a QEMU guest on the LAN of a switch that listens there

The program gets one end of a socket pair, a raw frame a packet; {fd} in its
arguments becomes the number, ${NUMBER}. Nobody else can get at it, and there is
nothing to clean up. Terminal, input and output are the program's; what this
command has to say goes to stderr.

Exit code: the program's; 128 and the signal's number if one ended it; 127 no
such program; 126 it can't be started; 1 a port did not open; 2 wrong usage.`

export function register(program: Command): void {
  program
    .command('run')
    .summary('a program with its NIC on a LAN, such as a UML guest')
    .description(
      'Starts a program with a NIC that is on a LAN already: one switch with the SPECs and the program. ' +
        'For guests of User-Mode Linux (vector device fd), QEMU, or anything that takes a descriptor.',
    )
    .usage('[options] <spec...> -- <program> [args...]')
    .argument('<spec...>', 'the LANs to join, such as mcast')
    .option('--datagram', 'a pair of type SOCK_DGRAM, which QEMU wants, instead of SOCK_SEQPACKET')
    .option('-q, --quiet', 'say nothing but why it did not start')
    .addHelpText('after', EXAMPLES)
    .action(async (words: string[], options: RunOptions) => {
      process.exitCode = await run(splitWords(words), options)
    })
}

interface Words {
  specs: string[]
  command: [program: string, ...args: string[]]
}

/** Commander has taken the first `--` out. */
function splitWords(words: string[]): Words {
  const at = process.argv.indexOf('--')
  const [program, ...args] = at < 0 ? [] : process.argv.slice(at + 1)
  const specs = program === undefined ? words : words.slice(0, -1 - args.length)
  if (program === undefined || specs.length === 0) {
    const what = program === undefined ? 'the program is missing' : 'a SPEC is missing'
    const message = `${what}: ethercast run SPEC… -- PROGRAM ARGS…, as in ethercast run mcast -- linux.uml …`
    throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'program', value: undefined })
  }
  return { specs, command: [program, ...args.map((arg) => arg.replaceAll(PLACEHOLDER, NUMBER))] }
}

async function run({ specs, command }: Words, { datagram, quiet }: RunOptions): Promise<number> {
  const parsed = specs.map(lanSpec)
  await using lan = await Switch.create()
  if (!(await openPorts(lan, parsed))) return 1
  const nic = await lan.addPort({ transport: 'fd', type: datagram ? 'dgram' : 'seqpacket' })
  const child = startWith(nic, command)
  const ended = ending(child)
  if (!quiet) watch(lan, nic, child)
  const relay = (signal: NodeJS.Signals) => void child.kill(signal)
  // A terminal gives Ctrl-C to the program as well, whose business it is.
  const leave = () => {}
  process.on('SIGINT', leave).on('SIGTERM', relay).on('SIGHUP', relay)
  try {
    return await ended
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'no such program' : message
    tell(`${paint('red', 'ethercast:')} ${command[0]}: ${why}`)
    return code === 'ENOENT' ? NOT_FOUND : NOT_STARTED
  } finally {
    process.removeListener('SIGINT', leave).removeListener('SIGTERM', relay).removeListener('SIGHUP', relay)
  }
}

/** False when somebody ended it meanwhile. */
async function openPorts(lan: Switch, specs: readonly LanSpec[]): Promise<boolean> {
  using life = new Lifetime()
  for (const spec of specs) {
    try {
      await lan.addPort(spec, { signal: life.signal })
    } catch (error) {
      if (life.ending !== undefined) return false
      throw openError(error, spec)
    }
  }
  return life.ending === undefined
}

/** Starts the program with the other end of a port's pair as descriptor 3, and leaves that end to it alone. */
function startWith(nic: Port, [program, ...args]: [string, ...string[]]): ChildProcess {
  const stdio: StdioOptions = ['inherit', 'inherit', 'inherit', nic.peerDescriptor]
  try {
    return spawn(program, args, { stdio })
  } finally {
    nic.releasePeer()
  }
}

/** @throws the system's error when the program can't be started */
async function ending(child: ChildProcess): Promise<number> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return signal === null ? (code ?? 0) : BY_SIGNAL + constants.signals[signal]
}

function watch(lan: Switch, nic: Port, child: ChildProcess): void {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  lan.on('port', (event) => {
    if (event.port !== nic) {
      if (!hasEnded()) tell(`${timeOfDay()} ${eventText(event)}`)
    } else if (event.reason === 'peer') {
      const say = () => hasEnded() || tell(`${timeOfDay()} the program has closed its NIC, for good`)
      setTimeout(say, ENDS_WITHIN_MS).unref()
    }
  })
}
