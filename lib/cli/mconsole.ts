/**
 * `ethercast mconsole`: the management console of a running User-Mode Linux guest from the command line; what uml_mconsole does, and devices
 * that are seen to be there.
 */

import type { Command } from 'commander'
import {
  attachDevice,
  commandNames,
  COMMANDS,
  detachDevice,
  listGuests,
  Mconsole,
} from '../mconsole/index.js'
import type { AttachedDevice, FoundGuest, RequestOptions } from '../mconsole/index.js'
import { EthercastError } from '../spec/error.js'
import { suggest } from '../spec/nearest.js'
import { Lifetime, parseDuration } from './lifetime.js'
import { paint, print, printEvent, tell } from './output.js'

interface Options {
  json?: boolean
  timeout?: number
  umlDir?: string
}

/** Those that are not the kernel's own. */
const VERBS = {
  attach: { usage: 'DEVICE=SPEC', does: 'adds a device, and sees that the guest has it' },
  detach: { usage: 'DEVICE', does: 'takes it away, and sees that it is gone' },
  send: { usage: 'TEXT', does: 'a command as it stands' },
} as const

const LISTED = Object.entries({ ...COMMANDS, ...VERBS })
  .map(([name, { usage, does }]) => `  ${`${name} ${usage}`.padEnd(24)}${does}`)
  .join('\n')

const HELP = `
Commands:
${LISTED}

Examples:
  ethercast mconsole                        the guests of this user
  ethercast mconsole debian version
  ethercast mconsole debian attach eth1=mcast,,239.192.7.1
  ethercast mconsole debian attach vec0:transport=tap,ifname=tap0
  ethercast mconsole debian detach eth1
  ethercast mconsole ./guests/debian/mconsole proc sys/kernel/hostname

A guest is named by its umid (linux.uml umid=debian), and found in ~/.uml,
/tmp/uml, or the folder of --uml-dir (uml_dir=); what has a slash is the path
of its socket. Options go before the guest, or anywhere but behind "--".

Exit code: 0 done; 1 refused, or no answer; 2 wrong usage.`

export function register(program: Command): void {
  program
    .command('mconsole')
    .summary('commands for a running UML guest; adds and removes its devices')
    .description(
      "Tells a running User-Mode Linux guest's management console what to do; alone: lists the guests.",
    )
    .usage('[options] [UMID [COMMAND…]]')
    .argument('[words...]', 'the guest, and what it is to do; default: help')
    .option('--json', 'one JSON object a line: guest…; reply, attached or detached')
    .option('--timeout <time>', 'how long the guest has for an answer (default: 10s)', parseDuration)
    .option('--uml-dir <folder>', "where guests are, as UML's uml_dir=")
    .addHelpText('after', HELP)
    .action(async ([umid, ...words]: string[], options: Options) => {
      if (umid === undefined) list(options)
      else await command(umid, words, options)
    })
}

function list({ json = false, umlDir }: Options): void {
  const guests = listGuests({ umlDir })
  if (json) {
    for (const guest of guests) printEvent('guest', guest)
    return
  }
  if (guests.length === 0) {
    tell(`No guests in ${umlDir ?? '~/.uml and /tmp/uml'}; those booted with uml_dir= are found by --uml-dir`)
    return
  }
  const width = Math.max(...guests.map(({ umid }) => umid.length))
  for (const guest of guests) print(row(guest, width))
}

function row({ umid, pid, state, path }: FoundGuest, width: number): string {
  const colour = state === 'alive' ? 'green' : 'yellow'
  const word = paint(colour, state.padEnd(6), process.stdout)
  return `${visible(umid).padEnd(width)}  ${word}  ${`pid ${pid ?? '?'}`.padEnd(12)}${visible(path)}`
}

async function command(umid: string, words: readonly string[], options: Options): Promise<void> {
  const [name = 'help', ...args] = words
  checkName(name)
  using life = new Lifetime()
  try {
    using guest = await Mconsole.open(umid, { umlDir: options.umlDir, timeoutMs: options.timeout })
    // Not the console's own end: what was half done is taken back.
    const request = { signal: life.signal }
    const outcome = await perform(guest, name, args, request)
    show(name, args, outcome, options.json ?? false)
  } catch (error) {
    // Told to end, it ends; the guest may still do what it was asked.
    if (life.ending === undefined || life.ending === 'failed') throw error
    process.exitCode = 1
  }
  life.throwIfFailed()
}

function checkName(name: string): void {
  const names: string[] = [...commandNames, ...Object.keys(VERBS)]
  if (names.includes(name)) return
  const message = `there is no command ${JSON.stringify(name)}: ${suggest(name, names)}; send TEXT gives the guest any text`
  throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'command', value: name })
}

type Outcome = string | AttachedDevice

async function perform(
  guest: Mconsole,
  name: string,
  args: readonly string[],
  request: RequestOptions,
): Promise<Outcome> {
  switch (name) {
    case 'attach':
      return attachDevice(guest, oneOf(name, args), request)
    case 'detach':
      await detachDevice(guest, oneOf(name, args), request)
      return ''
    case 'log':
      await guest.log(args.join(' '), request)
      return ''
    case 'proc':
      return guest.proc(oneOf(name, args), request)
    case 'send':
      return guest.send(args.join(' '), request)
    default:
      return guest.send([name, ...args].join(' '), request)
  }
}

function show(name: string, args: readonly string[], outcome: Outcome, json: boolean): void {
  if (typeof outcome === 'object') {
    if (json) printEvent('attached', outcome)
    else
      print(`${outcome.device} is there${outcome.isRenamed ? ', under a name that the guest gave it' : ''}`)
  } else if (name === 'detach') {
    if (json) printEvent('detached', { device: args[0] })
    else print(`${args[0]} is gone`)
  } else if (json) {
    printEvent('reply', { command: [name, ...args].join(' '), text: outcome })
  } else if (outcome !== '') {
    print(visible(outcome.replace(/\n$/, '')))
  }
}

/** The one word behind a command. */
function oneOf(name: 'attach' | 'detach' | 'proc', args: readonly string[]): string {
  if (args.length === 1) return args[0]!
  const { usage } = { ...COMMANDS, ...VERBS }[name]
  throw new EthercastError('ERR_ETHERCAST_FIELD', `${name} takes one word: ${name} ${usage}`, {
    field: 'command',
    value: args.join(' '),
  })
}

/** A guest is not to write to the terminal what that takes for commands. */
function visible(text: string): string {
  if (!process.stdout.isTTY) return text
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (octet) => `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
