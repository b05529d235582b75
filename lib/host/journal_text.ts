/**
 * The journal as text: a header, then a record a line, JSON each. What ends without a newline was being written when its writer was killed;
 * the step that it announces was not taken, so it does not count. Anything else that is not as written here is refused, and nothing is done.
 */

import { EthercastError } from '../spec/error.js'
import { wishId } from './resource.js'
import type { Json, Wish } from './resource.js'

/** Raised when a reader of the old form would misunderstand the new one. */
export const JOURNAL_FORMAT = 1

export interface JournalHeader {
  /** JOURNAL_FORMAT of who wrote it. */
  ethercast: number
  /** /proc/sys/kernel/random/boot_id: with another one everything it tells of is gone. */
  boot: string
  /** The network namespace it is about, as /proc/self/ns/net names it. */
  namespace: string
  /** The folder was made with it, and goes with it. */
  ownFolder: boolean
}

/** A wish that was, or was about to be, made. */
export interface Intention {
  id: string
  wish: Wish
  /** What was there, for taking it back. */
  before: Json
}

export interface JournalText {
  /** Undefined: nothing was ever written whole. */
  header: JournalHeader | undefined
  /** In the order in which they were made. */
  made: Map<string, Intention>
  /** Octets that count: behind them stands at most a record that was not finished. */
  octets: number
}

export const headerLine = (header: JournalHeader): string => `${JSON.stringify(header)}\n`
export const madeLine = ({ wish, before }: Intention): string => `${JSON.stringify({ made: wish, before })}\n`
export const forgottenLine = (id: string): string => `${JSON.stringify({ forgotten: id })}\n`

/** @throws EthercastError `ERR_ETHERCAST_STATE` that says what to do; @param name of the file, for that; @param boot of another one nothing but the header is read */
export function parseJournal(content: Uint8Array, name: string, boot?: string): JournalText {
  const octets = content.lastIndexOf(0x0a) + 1
  const text: JournalText = { header: undefined, made: new Map(), octets }
  if (octets === 0) return text
  let lines: string[]
  try {
    lines = new TextDecoder('utf-8', { fatal: true }).decode(content.subarray(0, octets)).split('\n')
  } catch {
    throw broken(name, 'it is not text')
  }
  lines.pop()
  for (const [index, line] of lines.entries()) {
    const where = `${name}:${index + 1}`
    const value = readObject(line, where)
    if (index > 0) readRecord(value, text.made, where)
    else text.header = readHeader(value, where)
    if (boot !== undefined && text.header?.boot !== boot) break
  }
  return text
}

type JsonObject = Record<string, Json>

function broken(where: string, what: string): EthercastError {
  const message =
    `${where}: ${what}: this is not, or no longer, a journal of ethercast up, and nothing was done.\n` +
    'If you know that nothing of it is set up any more (or will see to that yourself), remove the file.'
  return new EthercastError('ERR_ETHERCAST_STATE', message)
}

function readObject(line: string, where: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw broken(where, 'the line is no JSON')
  }
  if (!isObject(value)) throw broken(where, 'the line is no JSON object')
  return value
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const hasKeys = (value: JsonObject, ...keys: string[]): boolean =>
  Object.keys(value).sort().join() === keys.sort().join()

function readHeader(value: JsonObject, where: string): JournalHeader {
  const { ethercast, boot, namespace, ownFolder } = value
  if (typeof ethercast !== 'number') throw broken(where, 'the header is missing')
  if (ethercast !== JOURNAL_FORMAT) {
    const message = `${where}: this journal has format ${ethercast}, and this ethercast knows ${JOURNAL_FORMAT}: take down with the version that set up`
    throw new EthercastError('ERR_ETHERCAST_STATE', message)
  }
  const isWhole = typeof boot === 'string' && typeof namespace === 'string' && typeof ownFolder === 'boolean'
  if (!isWhole || !hasKeys(value, 'ethercast', 'boot', 'namespace', 'ownFolder'))
    throw broken(where, 'the header is not as it should be')
  return { ethercast, boot, namespace, ownFolder }
}

function readRecord(value: JsonObject, made: Map<string, Intention>, where: string): void {
  const { made: wish, before, forgotten } = value
  if (typeof forgotten === 'string' && hasKeys(value, 'forgotten')) {
    if (!made.delete(forgotten)) throw broken(where, `it forgets what was never made (${forgotten})`)
    return
  }
  if (!isObject(wish) || before === undefined || !hasKeys(value, 'made', 'before'))
    throw broken(where, 'a record is {made, before} or {forgotten}')
  const { kind, params } = wish
  if (typeof kind !== 'string' || params === undefined || !hasKeys(wish, 'kind', 'params'))
    throw broken(where, 'a wish is {kind, params}')
  const id = wishId({ kind, params })
  if (made.has(id)) throw broken(where, `it makes the same thing twice (${id})`)
  made.set(id, { id, wish: { kind, params }, before })
}
