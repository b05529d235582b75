/** The table that `join` draws each second. */

import type { Port } from '../port.js'
import { losses, sum } from './losses.js'
import { paint, scaled } from './output.js'
import { elapsed, counted, paintState, shortName } from './port_text.js'
import type { PortView, SwitchView } from './rates.js'

/** The longest state, reconnecting, and a space. */
const STATE = 13
const FRAMES = 10
const BITS = 8
const LOST = 8
/** A space and the longest reason. */
const REASON = 12
const NUMBERS = STATE + 2 * (FRAMES + BITS) + LOST + REASON

/** @param columns characters a row; no row is longer. @param stations how many the switch has learned */
export function ratesTable(
  { elapsedMs, ports }: SwitchView,
  columns: number,
  stations: number | undefined,
): string[] {
  const named = (text: (port: Port) => string) =>
    ports.map(({ port, clients }) => text(port) + (clients.length === 0 ? '' : ` (${clients.length})`))
  const specs = named(({ id, name }) => `${id} ${name}`)
  const widest = Math.max(...specs.map((text) => text.length))
  const names = widest + 2 + NUMBERS <= columns ? specs : named(shortName)
  const width = Math.max(4, ...names.map((text) => text.length)) + 2
  const learned = stations === undefined ? '' : `, ${counted(stations, 'station')} learned`
  return [
    '',
    paint('dim', ' '.repeat(width + STATE) + span('in', FRAMES + BITS) + span('out', FRAMES + BITS)),
    paint('bold', heading(width)),
    ...ports.map((view, i) => names[i]!.padEnd(width) + cells(view, columns - width)),
    paint('dim', `${elapsed(elapsedMs)}${learned}. Ctrl-C ends it.`),
  ]
}

/** A title over columns, with a line as wide as they are. */
function span(title: string, columns: number): string {
  const line = columns - 2
  const left = Math.floor((line - title.length - 2) / 2)
  return `  ${'-'.repeat(left)} ${title} ${'-'.repeat(line - title.length - 2 - left)}`
}

function heading(width: number): string {
  const rates = 'frames/s'.padStart(FRAMES) + 'bit/s'.padStart(BITS)
  return 'port'.padEnd(width) + 'state'.padEnd(STATE) + rates + rates + 'lost'.padStart(LOST)
}

/** @param columns there are: the reason of a loss, which the totals tell again, is left out where it has no room */
function cells({ port, stats, netPerSecond: net, isLosing }: PortView, columns: number): string {
  const state = paintState(port.state, port.state.padEnd(STATE))
  const rates = [
    rate(net.rxFrames, FRAMES),
    rate(8 * net.rxOctets, BITS),
    rate(net.txFrames, FRAMES),
    rate(8 * net.txOctets, BITS),
  ]
  const lost = losses(stats)
  const reason = lost[0] === undefined ? '' : ` ${lost[0].reason}`
  const hasRoom = STATE + 2 * (FRAMES + BITS) + LOST + reason.length <= columns
  const text = scaled(sum(lost)).padStart(LOST) + (hasRoom ? reason : '')
  return state + rates.join('') + (isLosing ? paint('yellow', text) : paint('dim', text))
}

function rate(value: number, columns: number): string {
  const text = scaled(value >= 10 ? Math.round(value) : value).padStart(columns)
  return value === 0 ? paint('dim', text) : text
}
