/**
 * `ethercast slirp`: the program that a User-Mode Linux guest's `eth0=slirp,,PROGRAM,…` starts, with SLIP on standard input and output
 * (arch/um/drivers/slirp_user.c). It joins that guest to a LAN, and ends when the guest takes its device down.
 *
 * UML waits for the program to end and hangs until it does, so it ends at once when its input does. Nothing but SLIP is ever written to
 * standard output.
 */

import { isatty } from 'node:tty'
import type { Command } from 'commander'
import { EthercastError, parseSpec } from '../spec/index.js'
import type { PortSpec, SlipObject } from '../spec/index.js'
import { Switch } from '../switch.js'
import { lanSpec, openError } from './opening.js'
import { tell } from './output.js'

interface SlirpOptions {
  hostIp?: string
  gateway?: string
  peer?: string
  mac?: string
}

const HELP = `
On the guest's command line UML's commas stand for spaces, and what follows
--options is joined to one SPEC again:
  eth0=slirp,,/usr/bin/ethercast,slirp,mcast,,239.192.168.1,1102
  eth0=slirp,,/usr/bin/ethercast,slirp,--host-ip=198.18.1.254,mcast
UML makes a space of every underscore there, so neither the path of ethercast
nor the SPEC can have one: use a link of another name (/usr/bin/ethercast, not
/usr/lib/node_modules/.bin/ethercast).

The guest's device has no MAC and no ARP; this command's station on the LAN
answers ARP for the addresses that the guest sends from. IPv4 alone passes.

Exit code: 0 the guest took the device down; 1 the LAN can't be joined;
2 wrong usage.`

export function register(program: Command): void {
  program
    .command('slirp')
    .summary("for UML's eth0=slirp,,PROGRAM: joins that guest to a LAN")
    .description(
      'Speaks SLIP on standard input and output, as UML wants of a slirp program, and joins a LAN.',
    )
    .argument('<spec...>', 'the LAN to join, such as mcast')
    .option('--host-ip <address>', "the LAN's net, and where ARP is asked from, as in 198.18.1.254/24")
    .option('--gateway <address>', 'where packets to other nets go; needs --host-ip')
    .option('--peer <net>', 'what ARP is answered for; left out: what the guest sends from')
    .option('--mac <address>', "the station's address on the LAN")
    .addHelpText('after', HELP)
    .action(async (words: string[], options: SlirpOptions) => {
      process.exitCode = await serve(words, options)
    })
}

async function serve(words: readonly string[], options: SlirpOptions): Promise<number> {
  const spec = readSpec(words)
  const line: SlipObject = { transport: 'slip', line: 'stdio', ...options }
  parseSpec(line)
  if (isatty(0)) {
    throw new EthercastError(
      'ERR_ETHERCAST_FIELD',
      `standard input is a terminal: this is for UML to start, as in eth0=slirp,,/usr/bin/ethercast,slirp,${words.join(',')}`,
      { field: 'stdin' },
    )
  }
  await using lan = await Switch.create()
  const over = new Promise<void>((resolve) => {
    lan.on('port', ({ port, state, message }) => {
      if (port.spec.transport === 'slip' && state === 'closed') return resolve()
      // The LAN's own comings and goings are for whoever reads the guest's console.
      if (message !== '') tell(`ethercast slirp: ${port.name}: ${state}: ${message}`)
    })
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, resolve)
  })
  await open(lan, spec)
  await open(lan, parseSpec(line))
  await over
  return 0
}

async function open(lan: Switch, spec: PortSpec): Promise<void> {
  try {
    await lan.addPort(spec)
  } catch (error) {
    throw openError(error, spec)
  }
}

function readSpec(words: readonly string[]): PortSpec {
  const text = words.join(',')
  if (text.includes(' ')) {
    throw new EthercastError(
      'ERR_ETHERCAST_FIELD',
      `the SPEC ${JSON.stringify(text)} has a space: UML makes one of every underscore in eth0=slirp,…, so no name with an underscore can be given here`,
      { field: 'spec', value: text },
    )
  }
  return lanSpec(text)
}
