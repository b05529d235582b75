/** What stands between a user's UML and the installed helper, as facts; the doctor judges them. Reading only. */

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { EthercastError } from '../spec/error.js'
import { folderObjection } from './helper_folder.js'
import type { FolderObjection } from './helper_folder.js'
import { KEPT_SUFFIX } from './helper_kept.js'
import { HELPER_NAME, helperFile, isOurs, POLICY_FILE, readPolicy } from './helper_program.js'
import type { HelperFile, PolicyRule } from './helper_program.js'

/** Where UML looks behind its PATH. */
const UML_FOLDER = '/usr/lib/uml'

/** A program called uml_net. */
export interface HelperCopy {
  path: string
  isOurs: boolean
  uid: number
  gid: number
  /** With the bits for setuid and setgid. */
  mode: number
  /** Left out for others' programs. */
  file?: HelperFile
  /** Others than root can put another program in its place. */
  folder?: FolderObjection
}

export interface HelperUser {
  uid: number
  /** All groups, by number. */
  gids: number[]
  name: string
}

export interface HelperFacts {
  /** In the order in which UML finds them: the first is the one. */
  copies: HelperCopy[]
  /** What an install put aside, under another name. */
  kept: HelperCopy[]
  /** Of this process, and so of what it starts: capabilities of files don't count. */
  noNewPrivs: boolean
  /** A text: what is wrong with it. */
  policy: { exists: boolean; rules: PolicyRule[] | string }
  /** Undefined: there is none. */
  tun: { uid: number; gid: number; mode: number } | undefined
  user: HelperUser
}

function copy(path: string): HelperCopy | undefined {
  const status = statSync(path, { throwIfNoEntry: false })
  if (!status?.isFile()) return undefined
  const ours = isOurs(path)
  const { uid, gid } = status
  const folder = folderObjection(dirname(realpathSync(path)))
  return {
    path,
    isOurs: ours,
    uid,
    gid,
    mode: status.mode & 0o7777,
    ...(ours && { file: helperFile(path) }),
    ...(folder && { folder }),
  }
}

function allCopies(searchPath: string, name: string): HelperCopy[] {
  const paths = [...searchPath.split(delimiter).filter(Boolean), UML_FOLDER]
    .map((folder) => join(folder, name))
    .filter((path) => existsSync(path))
  const seen = new Set<string>()
  return paths.flatMap((path) => {
    const real = realpathSync(path)
    if (seen.has(real)) return []
    seen.add(real)
    return copy(path) ?? []
  })
}

/** Numbers that id(1) prints. */
function ids(option: string, name: string): number[] | undefined {
  const { status, stdout } = spawnSync('id', [option, '--', name], { encoding: 'utf8' })
  return status === 0 ? stdout.trim().split(/\s+/).map(Number) : undefined
}

/** A user by name or number; without one, who is at work here: under sudo that is who typed it. */
export function helperUser(
  wanted = process.geteuid!() === 0 ? process.env.SUDO_USER : undefined,
): HelperUser {
  const name = wanted ?? String(process.geteuid!())
  const uid = ids('-u', name)?.[0]
  if (uid === undefined) {
    if (wanted === undefined) return { uid: process.geteuid!(), gids: [process.getegid!()], name }
    throw new EthercastError('ERR_ETHERCAST_FIELD', `there is no user ${name}: getent passwd lists all`, {
      field: 'user',
      value: name,
    })
  }
  // Of this process what it has counts, not what a new login would have.
  const gids = wanted === undefined ? [process.getegid!(), ...process.getgroups!()] : (ids('-G', name) ?? [])
  const called = spawnSync('id', ['-un', '--', name], { encoding: 'utf8' }).stdout.trim()
  return { uid, gids, name: called || name }
}

function policyFacts(): HelperFacts['policy'] {
  const exists = existsSync(POLICY_FILE)
  try {
    return { exists, rules: readPolicy() }
  } catch (error) {
    return { exists, rules: error instanceof Error ? error.message : String(error) }
  }
}

/** @param user by name or number, if another than who is at work here */
export function helperFacts(user?: string): HelperFacts {
  const tun = statSync('/dev/net/tun', { throwIfNoEntry: false })
  return {
    copies: allCopies(process.env.PATH ?? '', HELPER_NAME),
    kept: allCopies(process.env.PATH ?? '', HELPER_NAME + KEPT_SUFFIX),
    noNewPrivs: /^NoNewPrivs:\s*1/m.test(readFileSync('/proc/self/status', 'utf8')),
    policy: policyFacts(),
    tun: tun && { uid: tun.uid, gid: tun.gid, mode: tun.mode & 0o777 },
    user: helperUser(user),
  }
}
