/**
 * The demo in rows of text. Nothing here writes: the rows go to a terminal, a log or a test.
 */

import type { GuestLines } from './demo_guests.js'
import { PREFIX_LENGTH } from './demo_guests.js'
import type { DemoView, GuestView, NodeView } from './demo_watch.js'
import type { Colour } from './output.js'
import { scaled } from './output.js'

export type Paint = (colour: Colour | Colour[], text: string) => string

export interface Screen {
  /** Characters a row; no row is longer. */
  columns: number
  paint: Paint
}

/** What stands above the table. */
export interface Introduction {
  nodes: number
  group: string
  port: number
  guests: { qemu: string; uml: string }
  lines: GuestLines
}

/** Above the table, once. Commands are one row each, however long: a terminal wraps them, and they can be pasted. */
export function introduction({ nodes, group, port, guests, lines }: Introduction, paint: Paint): string[] {
  const command = (line: string) => `  ${paint('cyan', line)}`
  const heading = (text: string) => paint('bold', text)
  const at = `${group.includes(':') ? `[${group}]` : group}:${port}`
  const rows = [
    `${heading(`${nodes} nodes on one Ethernet`)}: multicast ${at} on lo. Ctrl-C ends it.`,
    heading('Ping a node from another terminal:'),
    command(lines.ping),
  ]
  if (lines.qemu !== undefined) {
    rows.push(
      heading(`Let a QEMU guest in, as ${guests.qemu}/${PREFIX_LENGTH}`) + ' (add your disk):',
      command(lines.qemu),
    )
  }
  rows.push(
    heading('Let a UML guest in, and set it up') + ' (exit ends it):',
    command(lines.uml),
    command(lines.umlSetup),
  )
  if (lines.umlMcast !== undefined) rows.push(heading('Or by multicast:'), command(lines.umlMcast))
  if (lines.whyNoUmlMcast !== undefined) rows.push(paint('dim', lines.whyNoUmlMcast))
  return [...rows, '']
}

/** Columns of a round-trip time. */
const CELL = 6
/** A mark, address, MAC, frames in, frames out. */
const NODE_COLUMNS = 16 + 17 + 8 + 8

/** The table of nodes, guests and totals. */
export function table(view: DemoView, { columns, paint }: Screen): string[] {
  const matrix = NODE_COLUMNS + 2 + view.nodes.length * CELL <= columns
  const dim = (text: string) => paint('dim', text)
  const heads = matrix
    ? view.nodes.map(({ address }) => tail(address).padStart(CELL)).join('')
    : '   avg    max  lost'
  const rows = [
    paint('bold', `${'node'.padEnd(16)}${'MAC'.padEnd(17)}${'in/s'.padStart(8)}${'out/s'.padStart(8)}`) +
      `  ${paint('bold', heads)}`,
  ]
  for (const node of view.nodes) {
    const trips = matrix ? matrixRow(view, node, paint) : summaryRow(view, node, paint)
    rows.push(`${nodeCells(node)}  ${trips}`)
  }
  rows.push(dim(matrix ? legend(columns) : 'round trips in ms, of the pings that a node sends'))
  for (const guest of view.guests) rows.push(guestRow(guest, paint))
  rows.push(totalsRow(view, paint))
  return rows.map((row) => cut(row, columns))
}

/** The last number of an address, as `.3`. */
const tail = (address: string) => address.slice(address.lastIndexOf('.'))

function legend(columns: number): string {
  return 'newest round trip in ms, from the node of the row to that of the column'.padStart(
    Math.min(columns, NODE_COLUMNS + 26),
  )
}

function nodeCells({ address, mac, inPerSecond, outPerSecond }: NodeView): string {
  const rate = (perSecond: number) => scaled(Math.round(perSecond)).padStart(8)
  return `${address.padEnd(16)}${mac}${rate(inPerSecond)}${rate(outPerSecond)}`
}

function matrixRow({ nodes, pairs }: DemoView, { address }: NodeView, paint: Paint): string {
  const cell = (to: string) => {
    const pair = pairs.find((candidate) => candidate.from === address && candidate.to === to)
    if (pair === undefined) return paint('dim', '-'.padStart(CELL))
    if (pair.lastMs !== undefined) return paint('green', ms(pair.lastMs).padStart(CELL))
    return pair.lost > 0 ? paint('red', 'lost'.padStart(CELL)) : paint('dim', '...'.padStart(CELL))
  }
  return nodes.map((node) => cell(node.address)).join('')
}

function summaryRow({ pairs }: DemoView, { address }: NodeView, paint: Paint): string {
  const own = pairs.filter(({ from }) => from === address)
  const answered = own.reduce((sum, pair) => sum + pair.answered, 0)
  const lost = own.reduce((sum, pair) => sum + pair.lost, 0)
  if (answered + lost === 0) return paint('dim', '...'.padStart(CELL))
  const total = own.reduce((sum, pair) => sum + (pair.rtt?.avg ?? 0) * pair.answered, 0)
  const max = Math.max(...own.map(({ rtt }) => rtt?.max ?? 0))
  const times = answered === 0 ? '' : `${ms(total / answered).padStart(CELL)} ${ms(max).padStart(CELL)}`
  return `${paint('green', times.padEnd(2 * CELL + 1))}${paint(lost > 0 ? 'red' : 'dim', String(lost).padStart(CELL))}`
}

/** Three digits or so, for a column of {@link CELL}. */
function ms(time: number): string {
  return time < 10 ? time.toFixed(2) : time < 100 ? time.toFixed(1) : String(Math.round(time))
}

function guestRow({ name, address, mac, rttMs }: GuestView, paint: Paint): string {
  const who = (address ?? '?').padEnd(16)
  if (address === undefined) return `${who}${mac}  came by itself, heard by ${name}`
  if (mac === undefined) return paint('dim', `${who}${'nobody yet'.padEnd(17)}  free for a ${name} guest`)
  const answer =
    rttMs === undefined
      ? paint('yellow', 'does not answer pings')
      : paint('green', `answers in ${ms(rttMs)} ms`)
  return `${who}${mac}  ${name} guest, ${answer}`
}

/** One line for logs: no more than what changes. */
export function plainLine({ elapsedMs, pings, frames, framesPerSecond, guests }: DemoView): string {
  const here = guests.filter(({ mac }) => mac !== undefined).length
  return [
    clock(elapsedMs),
    `${pings.answered} pings answered`,
    `${pings.lost} lost`,
    rttText(pings.rtt),
    `${scaled(Math.round(framesPerSecond))} frames/s`,
    `${frames.dropped} dropped`,
    `${here} guest${here === 1 ? '' : 's'}`,
  ].join(', ')
}

/** `59 s`, `1:00`, `25:00:00`. */
function clock(elapsedMs: number): string {
  const seconds = Math.round(elapsedMs / 1000)
  if (seconds < 60) return `${seconds} s`
  const two = (n: number) => String(n).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`
}

function rttText(rtt: DemoView['pings']['rtt']): string {
  return rtt === undefined ? 'no round trip yet' : `rtt ${ms(rtt.min)}/${ms(rtt.avg)}/${ms(rtt.max)} ms`
}

function totalsRow({ elapsedMs, pings, frames, framesPerSecond }: DemoView, paint: Paint): string {
  const bad = (count: number, text: string) => (count === 0 ? text : paint('red', text))
  return [
    clock(elapsedMs),
    `${pings.answered} pings answered`,
    bad(pings.lost, `${pings.lost} lost`),
    rttText(pings.rtt),
    `${scaled(Math.round(framesPerSecond))} frames/s`,
    bad(frames.dropped, `${frames.dropped} dropped`),
  ].join(', ')
}

/** The end of it. */
export function summary({ elapsedMs, nodes, pings, frames }: DemoView): string[] {
  const trips = pings.rtt
  return [
    `${(elapsedMs / 1000).toFixed(1)} s: ${nodes.length} nodes sent ${pings.sent} pings over the group; ` +
      `${pings.answered} were answered, ${pings.sent - pings.answered} were not`,
    trips === undefined
      ? 'nothing came back'
      : `round trip min/avg/max ${ms(trips.min)}/${ms(trips.avg)}/${ms(trips.max)} ms`,
    `frames: ${frames.out} out, ${frames.in} in, ${frames.dropped} dropped`,
  ]
}

/** A colour, or one character. */
const PIECES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m|.`, 'gu')

/** The row's first characters; colours take no room, and those behind the cut still end what began before it. */
function cut(row: string, columns: number): string {
  let left = columns
  return row.replace(PIECES, (piece) => (piece.length > 2 || left-- > 0 ? piece : ''))
}
