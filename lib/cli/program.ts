/** The tree of commands: what `ethercast` takes, and what its help and its manual pages are made of. */

import { createRequire } from 'node:module'
import { Command } from 'commander'
import { paint } from './output.js'

/** Each command in a file of its own, loaded only when it is asked for or help is. */
export const commands = [
  'join',
  'switch',
  'run',
  'slirp',
  'ping',
  'dump',
  'plan',
  'up',
  'down',
  'status',
  'schema',
  'mconsole',
  'tunctl',
  'doctor',
  'helper',
  'demo',
] as const
/** Drop-ins: what follows is for them alone to read, even -V. */
const dropIns: readonly (string | undefined)[] = ['switch', 'tunctl']

const EXAMPLES = `
Examples:
  ethercast demo                       a live LAN on loopback: look at it first
  ethercast ping mcast 192.0.2.7       reach a guest on UML's default group
  ethercast dump mcast -w lan.pcapng   record that LAN
  ethercast switch -unix /tmp/uml.ctl  serve guests booted with eth0=daemon
  ethercast join mcast ucast,,198.51.100.5,1102,1102
                                       a switch between it and another one
  ethercast run mcast -- linux.uml … 'vec0:transport=fd,fd={fd}'
                                       a guest that starts on that LAN
  ethercast plan                       what ethercast.yaml would change here

Exit code: 0 done, 1 failed at run time, 2 wrong usage.`

/** @param asked the word behind `ethercast`; when it is no command's name, or left out, all commands are loaded */
export async function loadProgram(asked?: string): Promise<Command> {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  const program = new Command('ethercast')
    .description("A virtual Ethernet: User-Mode Linux's multicast LAN, without daemon and without root")
    .version(version, '-V, --version')
    .showHelpAfterError('(see: ethercast help)')
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error:/, paint('red', 'ethercast:'))),
    })
    .addHelpText('after', EXAMPLES)
  const named = commands.filter((name) => name === asked)
  if (named.length === 0 || dropIns.includes(asked)) program.enablePositionalOptions()
  for (const name of named.length > 0 ? named : commands) {
    const { register } = (await import(`./${name}.js`)) as { register: (program: Command) => void }
    register(program)
  }
  for (const command of program.commands)
    command.exitOverride().showHelpAfterError(`(see: ethercast help ${command.name()})`)
  return program
}
