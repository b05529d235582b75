/** Loading `ethercast.yaml`: from a path or from text to a checked value, with everything that is wrong told at once and in its place. */

import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import type { SpecObject } from '../spec/index.js'
import { EthercastError, parseSpec } from '../spec/index.js'
import type { HostConfig } from './config.js'
import { hostConfigSchema } from './config.js'
import { explain } from './explain.js'
import type { Path, Position, Problem } from './problems.js'
import { ConfigError, pathText, place } from './problems.js'
import type { Objection } from './resource.js'
import type { YamlText } from './yaml_text.js'
import { MAX_FILE, readYaml } from './yaml_text.js'

export { ConfigError }
export type { Path, Position, Problem }

export interface LoadedConfig {
  config: HostConfig
  /** As it is to be called in messages. */
  fileName: string
  /** Where this is in the file; of something that is not there, where it would be. */
  positionOf: (path: Path) => Position
  /** An objection as a line for people: `ethercast.yaml:4:9: what is wrong; what to do`. */
  describe: (objection: Objection) => string
}

/** Where the file is looked for when no `-c` names one, in this order. */
export const DEFAULT_PATHS = ['./ethercast.yaml', '/etc/ethercast/ethercast.yaml'] as const

/**
 * The file to use when none was named.
 *
 * @throws EthercastError `ENOENT` when there is none, with what to do
 */
export function findConfig(paths: readonly string[] = DEFAULT_PATHS): string {
  for (const path of paths) {
    try {
      closeSync(openSync(path, 'r'))
      return path
    } catch (error) {
      // One that is there and can't be read is the one that was meant: reading it says why.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return path
    }
  }
  throw new EthercastError(
    'ENOENT',
    `there is no configuration file: neither ${paths.join(' nor ')} exists (the first is ${resolve(paths[0]!)}); write one, or name it with -c FILE`,
    { errno: 'ENOENT', syscall: 'open' },
  )
}

/**
 * Reads and checks a file.
 *
 * @param path also `/dev/stdin`
 * @throws ConfigError with all that is wrong in it; EthercastError with the errno as its code when it can't be read
 */
export function loadConfig(path: string = findConfig()): LoadedConfig {
  const octets = readBounded(path)
  if (octets.length > MAX_FILE) {
    throw problem(path, `the file is too long: allowed are ${MAX_FILE} octets`)
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch {
    throw problem(path, 'this is no YAML text: it is not UTF-8')
  }
  return parseConfig(text, path)
}

const problem = (path: string, message: string) =>
  new ConfigError(path, [{ path: [], line: 1, column: 1, message }])

/** All octets of a file, and at most one more than allowed: enough to know. */
function readBounded(path: string): Buffer {
  try {
    const file = openSync(path, 'r')
    try {
      const buffer = Buffer.alloc(MAX_FILE + 1)
      let length = 0
      for (let read = -1; read !== 0 && length < buffer.length; length += read)
        read = readSync(file, buffer, length, buffer.length - length, null)
      return buffer.subarray(0, length)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const { code = 'EIO', syscall, message } = error as NodeJS.ErrnoException
    const why = WHY[code] ?? message
    throw new EthercastError(code, `${path}: the configuration can't be read: ${why}`, {
      errno: code,
      syscall,
      cause: error,
    })
  }
}

const WHY: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission',
  EISDIR: 'it is a folder; name the file in it',
}

/**
 * Checks a text.
 *
 * @param fileName for messages
 * @throws ConfigError with all that is wrong in it
 */
export function parseConfig(text: string, fileName = 'ethercast.yaml'): LoadedConfig {
  const yaml = readYaml(text)
  const problems = [...yaml.problems]
  const config = problems.length === 0 || yaml.value !== undefined ? check(yaml, problems) : undefined
  if (problems.length > 0 || config === undefined) throw new ConfigError(fileName, problems)
  return {
    config,
    fileName,
    positionOf: (path) => yaml.positionOf(path),
    describe: ({ path, message, remedy }) => {
      const where = place(fileName, yaml.positionOf(path))
      return `${where}: ${message}${remedy === undefined ? '' : `; ${remedy}`}`
    },
  }
}

function check(yaml: YamlText, problems: Problem[]): HostConfig | undefined {
  const { value } = yaml
  const add = (path: Path, message: string, position = yaml.positionOf(path)) =>
    problems.push({ path, message, ...position })
  if (value === null || value === undefined) {
    add([], 'the file is empty: it needs a key at least, such as taps: or switches:')
    return undefined
  }
  const result = hostConfigSchema.safeParse(value)
  if (!result.success) {
    for (const issue of result.error.issues) {
      for (const { path, aboutKey, message } of explain(issue, value, hostConfigSchema))
        add(path, message, aboutKey ? yaml.positionOfKey(path) : yaml.positionOf(path))
    }
  }
  checkSpecs(value, add)
  return result.data
}

/** The ports of switches, also when something else in the file is wrong. */
function checkSpecs(value: unknown, add: (path: Path, message: string) => void): void {
  const switches = (value as { switches?: unknown }).switches
  if (typeof switches !== 'object' || switches === null) return
  for (const [name, one] of Object.entries(switches)) {
    const ports: unknown = (one as { ports?: unknown } | null)?.ports
    if (!Array.isArray(ports)) continue
    for (const [index, spec] of ports.entries()) {
      const isText = typeof spec === 'string' && spec !== ''
      if (!isText && (typeof spec !== 'object' || spec === null || Array.isArray(spec))) continue
      const path = ['switches', name, 'ports', index]
      try {
        parseSpec(spec as string | SpecObject)
      } catch (error) {
        if (!(error instanceof EthercastError)) throw error
        const inside = !isText && error.field !== undefined && Object.hasOwn(spec as object, error.field)
        add(inside ? [...path, error.field] : path, `${pathText(path)}: ${error.message}`)
      }
    }
  }
}
