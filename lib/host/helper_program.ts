/**
 * The native program `uml_net` that was built with this package, and what it is asked: it alone reads policies and sets capabilities
 * (native/helper/tool.h), so that what is shown here is what it will do.
 */

import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EthercastError } from '../spec/error.js'

/** Where it reads its policy, whatever is asked of it; the path is in the program. */
export const POLICY_FILE = '/etc/ethercast/helper.policy'
/** What a UML kernel looks for on its PATH. */
export const HELPER_NAME = 'uml_net'

/** Stands in the program (native/helper/main.cpp), and in no other. */
const MARK = 'uml_net of ethercast, with a policy'
/** A program much larger is none of ours, and is not searched. */
const MOST_OCTETS = 4 * 1024 * 1024
/** It answers at once. */
const ANSWER_MS = 10_000
/** The first descriptor behind the standard ones. */
const GIVEN = 3

/** A rule of a policy, as the program understood it. */
export interface PolicyRule {
  /** Of the file, from 1. */
  line: number
  /** `allow user … device …`, written the one way. */
  rule: string
  /** Users and groups in it that nobody is called. */
  unknown: string[]
}

/** What is known of a copy of the program. */
export interface HelperFile {
  capability: 'cap_net_admin=ep' | 'none' | 'other' | 'unknown'
  /** Its file system is mounted so that capabilities of files don't count. */
  nosuid: boolean
}

const BUILT = fileURLToPath(new URL('../../build/Release/uml_net', import.meta.url))

export const hasBuiltHelper = (): boolean => existsSync(BUILT)

export function builtHelper(): string {
  if (hasBuiltHelper()) return BUILT
  throw new EthercastError(
    'ERR_ETHERCAST_STATE',
    `there is no ${BUILT}: npx node-gyp rebuild in that folder's package makes it`,
  )
}

/** What the program prints, or its complaint as an error. @param given a descriptor that it has as GIVEN */
function ask(
  code: 'ERR_ETHERCAST_STATE' | 'ERR_ETHERCAST_FIELD',
  args: readonly string[],
  given?: number,
): string {
  const { status, stdout, stderr, error } = spawnSync(builtHelper(), args, {
    encoding: 'utf8',
    timeout: ANSWER_MS,
    stdio: ['ignore', 'pipe', 'pipe', ...(given === undefined ? [] : [given])],
  })
  if (status === 0) return stdout
  throw new EthercastError(code, error?.message ?? stderr.trim().replace(/^uml_net: /, ''))
}

/** The rules in a file; without one, of the policy that counts. Throws what is wrong with it. */
export function readPolicy(file?: string): PolicyRule[] {
  const rules: PolicyRule[] = []
  for (const row of ask('ERR_ETHERCAST_FIELD', ['policy', ...(file === undefined ? [] : [file])]).split(
    '\n',
  )) {
    const [line, text] = row.split('\t')
    if (text === undefined) continue
    const unknown = /^unknown user (.*)$/.exec(text)?.[1]
    if (unknown === undefined) rules.push({ line: Number(line), rule: text, unknown: [] })
    else rules.at(-1)?.unknown.push(unknown)
  }
  return rules
}

export function helperFile(path: string): HelperFile {
  const facts = new Map(
    ask('ERR_ETHERCAST_STATE', ['facts', path])
      .split('\n')
      .map((row): [string, string] => {
        const [key = '', value = ''] = row.split('\t')
        return [key, value]
      }),
  )
  return {
    capability: (facts.get('capability') ?? 'unknown') as HelperFile['capability'],
    nosuid: facts.get('nosuid') === '1',
  }
}

/** Gives the file behind a descriptor the capability cap_net_admin. */
export function setCapability(file: number): void {
  ask('ERR_ETHERCAST_STATE', ['setcap', String(GIVEN)], file)
}

/** Whether a program is one of ours. It is not started for that. */
export function isOurs(path: string): boolean {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return false
  }
  try {
    const octets = Buffer.alloc(MOST_OCTETS)
    const length = readSync(file, octets, 0, MOST_OCTETS, 0)
    return octets.subarray(0, length).includes(MARK)
  } catch {
    return false
  } finally {
    closeSync(file)
  }
}
