/**
 * `ethercast tunctl`: a drop-in for `tunctl` of Debian's uml-utilities: its options as getopt(3) reads them, its lines, its exit codes.
 * What little differs stands in docs/tunctl.md.
 */

import type { Command } from 'commander'
import { accountNumber, tunPersist } from '../binding.js'
import { EthercastError } from '../spec/index.js'
import { Getopt } from './getopt.js'
import { print, tell } from './output.js'
import { accountWord } from './tunctl_account.js'

const PROGRAM = 'ethercast tunctl'
const DEFAULT_CLONE = '/dev/net/tun'
/** IFNAMSIZ without its NUL: what is longer tunctl cuts. */
const NAME_OCTETS = 15
/** Whatever the reason. */
const FAILED = 1

const USAGE = `Create: ${PROGRAM} [-b] [-u owner] [-g group] [-t device-name] [-f tun-clone-device]
Delete: ${PROGRAM} -d device-name [-f tun-clone-device]

The default tun clone device is ${DEFAULT_CLONE} - some systems use
/dev/misc/net/tun instead

-b will result in brief output (just the device name)`

const HELP = `
Options, as tunctl has them:
  -t DEVICE   the device to make, or to change; left out: the next free tapN
  -u USER     who may open it: a name or a number
  -g GROUP    a group that may
  -b          print the device's name, and nothing else
  -d DEVICE   let it go, unless a program has it open
  -f PATH     where taps are had from (default: ${DEFAULT_CLONE})

Without -u and -g the owner is who calls.

Guests:         linux eth0=tuntap,DEVICE
A whole host:   ethercast up (see ethercast.yaml)

Exit code: 0 done; 1 not done, or wrong usage.`

export function register(program: Command): void {
  program
    .command('tunctl')
    .summary('makes taps that stay, a drop-in for tunctl')
    .description('Makes taps that stay without a program, for a user or group, and removes them.')
    .usage('[-b] [-u USER] [-g GROUP] [-t DEV | -d DEV] [-f PATH]')
    .argument('[options...]')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText('after', HELP)
    .action((args: string[]) => {
      process.exitCode = run(args)
    })
}

interface Wish {
  brief: boolean
  remove: boolean
  device: string
  clone: string
  owner?: number
  group?: number
}

/** What the arguments say; a complaint when tunctl would not understand them, which it makes in the order of the arguments. */
function readArguments(args: readonly string[]): Wish | string {
  const read: Wish = { brief: false, remove: false, device: '', clone: DEFAULT_CLONE }
  const words = new Getopt(args, 'bd:f:t:u:g:')
  for (const { option, value, fault } of words) {
    if (fault !== undefined) return `${PROGRAM}: ${fault}`
    if (option === 'b') read.brief = true
    else if (option === 'f') read.clone = value
    else if (option === 'u' || option === 'g') {
      const number = accountWord(value, (name) => accountNumber(option === 'u' ? 'user' : 'group', name))
      const [kind, numeric] = option === 'u' ? ['username', 'uid'] : ['groupname', 'group']
      if (number === undefined) return `'${value}' is neither a ${kind} nor a numeric ${numeric}.`
      read[option === 'u' ? 'owner' : 'group'] = number
    } else {
      read.device = value
      if (option === 'd') read.remove = true
    }
  }
  return words.operands.length > 0 ? '' : read
}

function run(args: readonly string[]): number {
  const wanted = readArguments(args)
  if (typeof wanted === 'string') {
    tell(wanted === '' ? USAGE : `${wanted}\n${USAGE}`)
    return FAILED
  }
  const { brief, remove, clone } = wanted
  // -1 is nobody; and without anybody, who calls.
  const group = wanted.group === -1 ? undefined : wanted.group
  const given = wanted.owner === -1 ? undefined : wanted.owner
  const owner = given ?? (group === undefined ? process.geteuid!() : undefined)
  const unsigned = (number: number | undefined) => (number === undefined ? undefined : number >>> 0)
  const device = cut(wanted.device)
  let made: string
  try {
    const accounts = remove ? {} : { owner: unsigned(owner), group: unsigned(group) }
    made = tunPersist({ clone, device, persist: !remove, ...accounts })
  } catch (error) {
    return refuse(error, clone, device)
  }
  if (remove) print(`Set '${made}' nonpersistent`)
  else if (brief) print(made)
  else {
    const whose = [
      ...(owner === undefined ? [] : [`uid ${owner}`]),
      ...(group === undefined ? [] : [`gid ${group}`]),
    ]
    print(`Set '${made}' persistent and owned by ${whose.join(' ')}`)
  }
  return 0
}

/** To the octets that fit, as strncpy does. */
function cut(name: string): string {
  let short = name
  while (Buffer.byteLength(short) > NAME_OCTETS) short = [...short].slice(0, -1).join('')
  return short
}

/** As perror(3) has it; what to do about it is for people only, who have terminals. */
function refuse(error: unknown, clone: string, device: string): number {
  if (!(error instanceof EthercastError) || error.syscall === undefined) throw error
  const { syscall, message, code } = error
  tell(syscall === 'open' ? `Failed to open '${clone}' : ${message}` : `${syscall}: ${message}`)
  const advice = process.stderr.isTTY ? adviceOn(code, device) : undefined
  if (advice !== undefined) tell(advice)
  return FAILED
}

function adviceOn(code: string, device: string): string | undefined {
  switch (code) {
    case 'EPERM':
      return 'Making a tap takes the capability CAP_NET_ADMIN; one that is there may be used by its owner and group'
    case 'EBUSY':
      return `Another program has ${device}: which, sudo grep -l 'iff:.*${device}' /proc/[0-9]*/fdinfo/* says`
    case 'EINVAL':
      return `${device} is no tap, has several queues, or can't be a device's name`
    case 'ENOENT':
    case 'EACCES':
      return 'What is the matter with /dev/net/tun: ethercast doctor tuntap'
    default:
      return undefined
  }
}
