#!/usr/bin/env node
/** The command `ethercast`. Exit codes: 0 done, 1 failed at run time, 2 wrong usage or configuration. */

import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { EthercastError } from '../spec/error.js'
import { paint, tell } from './output.js'

const RUN_TIME = 1
const USAGE = 2

/** Each command in a file of its own, loaded only when it is asked for or help is. */
const commands = [
  'join',
  'switch',
  'run',
  'slirp',
  'ping',
  'dump',
  'mconsole',
  'tunctl',
  'doctor',
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
  ethercast mconsole debian attach eth1=mcast
                                       one more NIC for a guest that runs

Exit code: 0 done, 1 failed at run time, 2 wrong usage.`

async function main(argv: string[]): Promise<void> {
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
  const asked = commands.filter((name) => name === argv[2])
  if (asked.length === 0 || dropIns.includes(argv[2])) program.enablePositionalOptions()
  for (const name of asked.length > 0 ? asked : commands) {
    const { register } = (await import(`./${name}.js`)) as { register: (program: Command) => void }
    register(program)
  }
  for (const command of program.commands)
    command.exitOverride().showHelpAfterError(`(see: ethercast help ${command.name()})`)
  await program.parseAsync(argv)
}

/** What is wrong with what was typed, rather than with the world. */
function isUsage(error: unknown): boolean {
  return error instanceof EthercastError && error.code === 'ERR_ETHERCAST_FIELD'
}

main(process.argv).catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE
    return
  }
  const message = error instanceof Error ? error.message : String(error)
  tell(`${paint('red', 'ethercast:')} ${message}`)
  if (process.env.ETHERCAST_DEBUG && error instanceof Error) tell(error.stack ?? '')
  process.exitCode = isUsage(error) ? USAGE : RUN_TIME
})
