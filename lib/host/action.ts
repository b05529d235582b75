/** Actions: the only ways in which the host is changed. Plain data, so that they can be shown, written down, and carried out later. */

/** A program of iproute2 or nftables, without a shell. */
export interface RunAction {
  do: 'run'
  program: 'ip' | 'nft'
  args: string[]
  /** Standard input. */
  input?: string
}

/** One value below /proc/sys, by its dotted name; a `.` within the name of a device is a `/`, as sysctl(8) has it. */
export interface SysctlAction {
  do: 'sysctl'
  name: string
  value: string
}

/** Group and mode of a file that is there. */
export interface AccessAction {
  do: 'access'
  path: string
  /** Number of the group. */
  gid: number
  /** Permission bits. */
  mode: number
}

export type Action = RunAction | SysctlAction | AccessAction

const run = (program: RunAction['program'], args: readonly (string | number)[]): RunAction => ({
  do: 'run',
  program,
  args: args.map(String),
})
export const ip = (...args: (string | number)[]): RunAction => run('ip', args)
export const nft = (input: string): RunAction => ({ ...run('nft', ['-f', '-']), input })
export const sysctl = (name: string, value: string): SysctlAction => ({ do: 'sysctl', name, value })

/** The command that a person would type for it; several lines when it has an input. */
export function commandText(action: Action): string {
  switch (action.do) {
    case 'run': {
      const line = [action.program, ...action.args].map(quoted).join(' ')
      return action.input === undefined ? line : `${line} <<'END'\n${action.input.trimEnd()}\nEND`
    }
    case 'sysctl':
      return `sysctl -w ${quoted(`${action.name}=${action.value}`)}`
    case 'access':
      return `chgrp ${action.gid} ${quoted(action.path)} && chmod ${action.mode.toString(8).padStart(4, '0')} ${quoted(action.path)}`
  }
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
