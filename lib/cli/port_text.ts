/** Words about ports, for people. */

import type { Port, PortEvent, PortState } from '../port.js'
import type { Colour } from './output.js'
import { paint, scaled } from './output.js'

/** The number and kind of a port, as in `1 mcast`. */
export function shortName({ id, spec }: Port): string {
  return `${id} ${spec.transport}`
}

const COLOURS: Record<PortState, Colour> = {
  opening: 'yellow',
  up: 'green',
  degraded: 'yellow',
  reconnecting: 'yellow',
  blocked: 'red',
  closed: 'dim',
}

export function paintState(state: PortState, text: string = state): string {
  return paint(COLOURS[state], text)
}

/** A change of state in one line. */
export function eventText({ port, state, reason, message, errno }: PortEvent): string {
  const why = [reason === state ? '' : reason, errno].filter(Boolean).join(', ')
  const words = message === '' ? '' : `: ${message}`
  return `port ${shortName(port)} is ${paintState(state)}${why === '' ? '' : ` (${why})`}${words}`
}

/** Facts that are sizes, in octets. */
const SIZES = new Set(['receive_buffer', 'send_buffer'])
/** Facts that are said together with another one. */
const TOLD_ELSEWHERE = new Set(['interface_by', 'device_by', 'receive_buffer_short'])

/** What a port found and chose, one phrase each: `interface lo (as configured)`. @param only those keys; default all */
export function factTexts(facts: Readonly<Record<string, string>>, only?: readonly string[]): string[] {
  return Object.entries(facts)
    .filter(([key]) => !TOLD_ELSEWHERE.has(key) && (only?.includes(key) ?? true))
    .map(([key, value]) => {
      const because = facts[`${key}_by`] ?? facts[`${key}_short`]
      const text = SIZES.has(key) ? scaled(Number(value), 'B') : value
      return `${factName(key)} ${text}${because === undefined ? '' : ` (${because})`}`
    })
}

function factName(key: string): string {
  return key.replace(/^lan_mtu$/, 'LAN MTU').replaceAll('_', ' ')
}

/** Phrases in rows of up to `columns` characters, with `separator` and a space between them. Phrases are not cut. */
export function wrap(phrases: readonly string[], columns: number, indent = '', separator = ','): string[] {
  const rows: string[] = []
  for (const phrase of phrases) {
    const last = rows.at(-1)
    const longer = `${last}${separator} ${phrase}`
    if (last !== undefined && longer.length < columns) rows[rows.length - 1] = longer
    else {
      if (last !== undefined) rows[rows.length - 1] += separator
      rows.push(indent + phrase)
    }
  }
  return rows
}

/** Time that has gone by: `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** A whole number in groups of three: `12,345`. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US')
}

/** `1 frame`, `2 frames`. */
export function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? '' : 's'}`
}

/** Local time of day, to the second. */
export function timeOfDay(date = new Date()): string {
  return date.toTimeString().slice(0, 8)
}
