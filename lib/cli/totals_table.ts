/** What a switch has done in all, when it ends. */

import { drops, heard, losses, sum } from './losses.js'
import type { Drop } from './losses.js'
import { paint, scaled } from './output.js'
import { elapsed, grouped, shortName } from './port_text.js'
import type { PortView, SwitchView } from './rates.js'

const FRAMES = 16
const OCTETS = 11
const LOST = 14
/** The longest reason and a space. */
const REASON = 12
/** A port, a direction, and how many frames went no further. */
const WHO_AND_COUNT = 27

/** @param columns characters a row; only specs and explanations may be longer */
export function totalsTable({ elapsedMs, ports }: SwitchView, columns: number): string[] {
  const numbers = 2 * (FRAMES + OCTETS) + LOST
  const specs = ports.map(({ port }) => `${port.id} ${port.name}`)
  const widest = Math.max(...specs.map((text) => text.length))
  const names = widest + numbers <= columns ? specs : ports.map(({ port }) => shortName(port))
  const width = Math.max(4, ...names.map((text) => text.length))
  const heading = [
    'total'.padEnd(width),
    'frames in'.padStart(FRAMES),
    'octets'.padStart(OCTETS),
    'frames out'.padStart(FRAMES),
    'octets'.padStart(OCTETS),
    'lost'.padStart(LOST),
  ]
  return [
    paint('bold', heading.join('')),
    ...ports.map((view, i) => names[i]!.padEnd(width) + cells(view)),
    ...ports.flatMap(detailLines),
    paint('dim', `ran for ${elapsed(elapsedMs)}`),
  ]
}

function cells({ stats }: PortView): string {
  const { frames, octets } = heard(stats)
  const lost = sum(losses(stats))
  const lostText = grouped(lost).padStart(LOST)
  return [
    grouped(frames).padStart(FRAMES),
    scaled(octets).padStart(OCTETS),
    grouped(stats.tx.frames).padStart(FRAMES),
    scaled(stats.tx.octets).padStart(OCTETS),
    lost > 0 ? paint('yellow', lostText) : lostText,
  ].join('')
}

/** A line for each reason why a port did not pass frames on, and for what else happened to it. */
function detailLines({ port, stats }: PortView): string[] {
  const { tx, reopened, reconnects, refusedClients, loopBlocks } = stats
  const lines = drops(stats).map((drop) => dropLine(shortName(port), drop))
  const more = (count: number, text: string) => {
    if (count > 0) lines.push(detail(shortName(port), '', count, text, ''))
  }
  more(tx.fragmented, 'fragmented by the network below')
  more(reopened, `${times(reopened)} reopened after a change of address`)
  more(reconnects, `${times(reconnects)} found its peer again`)
  more(refusedClients, `${refusedClients === 1 ? 'client' : 'clients'} turned away`)
  more(loopBlocks, `${times(loopBlocks)} blocked because of a loop`)
  return lines
}

function dropLine(name: string, { direction, reason, frames, expected, text }: Drop): string {
  const line = detail(name, direction, frames, reason.padEnd(REASON), text)
  return expected ? paint('dim', line) : line
}

function detail(name: string, direction: string, count: number, what: string, text: string): string {
  const who = `${`${name} `.padEnd(9)}${direction.padEnd(4)}`
  return `${who}${grouped(count).padStart(WHO_AND_COUNT - who.length)}  ${what}${text}`.trimEnd()
}

const times = (count: number) => (count === 1 ? 'time' : 'times')
