/** What a management console understands, and how its commands are written (arch/um/drivers/mconsole_kern.c). */

import { EthercastError } from '../spec/error.js'
import { MAX_COMMAND_OCTETS } from './protocol.js'

export interface CommandInfo {
  /** What follows the name. */
  usage: string
  does: string
}

export const COMMANDS = {
  version: { usage: '', does: "the guest's kernel" },
  help: { usage: '', does: "the kernel's own list of commands" },
  halt: { usage: '', does: 'ends the guest at once, without shutting it down' },
  reboot: { usage: '', does: 'starts the guest again at once' },
  config: {
    usage: 'DEVICE[=VALUE]',
    does: 'adds a device; without a value: how it is',
  },
  remove: { usage: 'DEVICE', does: 'takes a device away' },
  sysrq: { usage: 'KEY', does: 'the SysRq action of that key' },
  cad: { usage: '', does: 'Ctrl-Alt-Del: what the guest does then' },
  stop: { usage: '', does: 'the guest does nothing until it is told to go on' },
  go: { usage: '', does: 'goes on after a stop' },
  log: { usage: 'TEXT', does: "puts a line into the kernel's log" },
  proc: { usage: 'FILE', does: "reads a file below the guest's /proc" },
  stack: { usage: 'PID', does: 'the kernel stack of a process, into the log' },
} as const satisfies Record<string, CommandInfo>

export type CommandName = keyof typeof COMMANDS
export const commandNames = Object.keys(COMMANDS) as CommandName[]

/** Refuses what is no command at all, before it is sent. */
export function checkCommand(command: string): void {
  if (typeof command !== 'string' || command === '' || command.includes('\0')) {
    throw field('command', command, 'a command is a text, not empty and without NUL')
  }
  const octets = Buffer.byteLength(command)
  if (octets <= MAX_COMMAND_OCTETS) return
  throw field(
    'command',
    command,
    `a command of ${octets} octets is too long: the kernel takes up to ${MAX_COMMAND_OCTETS}`,
  )
}

export function configCommand(device: string, value: string | undefined): string {
  checkDevice(device)
  if (value === undefined) return `config ${device}`
  if (typeof value !== 'string') throw field('value', value, 'the value of a device is a text')
  return `config ${device}${separatorOf(device)}${value}`
}

/** Vector devices have a colon where all others have an equals sign. */
export function separatorOf(device: string): '=' | ':' {
  return /^vec\d+$/.test(device) ? ':' : '='
}

export function removeCommand(device: string): string {
  checkDevice(device)
  return `remove ${device}`
}

export function sysrqCommand(key: string): string {
  if (typeof key === 'string' && /^[A-Za-z0-9?]$/.test(key)) return `sysrq ${key}`
  throw field('key', key, 'a SysRq key is one letter or digit, as h for help')
}

export function logCommand(text: string): string {
  // Without its end the kernel keeps the line until the next one comes.
  if (typeof text === 'string' && text !== '') return `log ${text.replace(/\n$/, '')}\n`
  throw field('text', text, 'what is logged is a text, not empty')
}

/** Below /proc, whether it is named or not; no way out of it. */
export function procCommand(file: string): string {
  const path = typeof file === 'string' ? file.replace(/^\/proc\//, '') : ''
  const isFile = path !== '' && path.split('/').every((part) => !['', '.', '..'].includes(part))
  if (isFile && !/[\s\0]/.test(path)) return `proc ${path}`
  throw field(
    'file',
    file,
    'a file is named from /proc on, without ".." and spaces, as in sys/net/core/rmem_max',
  )
}

export function stackCommand(pid: number): string {
  if (Number.isSafeInteger(pid) && pid > 0) return `stack ${pid}`
  throw field('pid', pid, 'a pid is a whole number above 0')
}

/** Nothing that could be more than one word, or another command. */
function checkDevice(device: string): void {
  if (typeof device === 'string' && /^[a-z][a-z0-9]{0,14}$/i.test(device)) return
  throw field('device', device, 'a device is named by letters and a number, as eth1, vec0, con2 or ubd3')
}

function field(name: string, value: unknown, message: string): EthercastError {
  return new EthercastError('ERR_ETHERCAST_FIELD', `mconsole: ${message}`, { field: name, value })
}

/** What the kernel's words mean, where they do not say it. */
export function reasonOf(command: string, text: string): string | undefined {
  if (text === 'Read of file failed')
    return `this guest's kernel can't read that file for its console (none of net/, say); sys/, mounts or meminfo it can`
  if (text === 'Device is currently open')
    return `the guest uses the device: it is up there (ip link set ${command.split(' ')[1]} down) or open`
  return undefined
}
