/** Users and groups by name: getent(1), which knows directories as well (LDAP, systemd); where there is none, the files in /etc. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A directory on the network that does not answer must not hold up a boot. */
const LOOKUP_MS = 10_000
/** A line of `group` names all its members. */
const MOST_OUTPUT = 16 * 1024 * 1024
/** 4,294,967,295 is (uid_t)-1, "nobody in particular" to the kernel. */
const MOST_NUMBER = 0xffff_fffe

/** The number of an account; undefined: there is none. Numbers, also as text, are taken as they are. */
export function accountNumber(
  database: 'passwd' | 'group',
  account: string | number,
  path: string,
): number | undefined {
  if (/^\d+$/.test(String(account))) return Number(account) <= MOST_NUMBER ? Number(account) : undefined
  const name = String(account)
  // No name has these, and getent would take the first for an option.
  if (/^-|[:\s\0]/.test(name) || name === '') return undefined
  const env = { PATH: path, LC_ALL: 'C' }
  const limits = { timeout: LOOKUP_MS, maxBuffer: MOST_OUTPUT, killSignal: 'SIGKILL' } as const
  const { error, stdout } = spawnSync('getent', [database, name], { encoding: 'utf8', env, ...limits })
  return numberIn(error === undefined ? stdout : fileText(`/etc/${database}`), name)
}

function numberIn(lines: string, name: string): number | undefined {
  for (const line of lines.split('\n')) {
    const [first, , number] = line.split(':')
    if (first === name && number !== undefined && /^\d+$/.test(number)) return Number(number)
  }
  return undefined
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
