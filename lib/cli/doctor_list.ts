/**
 * Findings as a list for people.
 */

import type { Finding, Level } from '../doctor/finding.js'
import type { Colour } from './output.js'

export interface ListStyle {
  /** Characters a row; commands may be longer, so that they can be pasted. */
  columns: number
  /** Whether marks may be other than ASCII. */
  unicode: boolean
  paint: (colour: Colour | Colour[], text: string) => string
}

const MARKS: Record<Level, { unicode: string; ascii: string; colour: Colour }> = {
  ok: { unicode: '✓', ascii: '+', colour: 'green' },
  note: { unicode: '·', ascii: '-', colour: 'cyan' },
  warning: { unicode: '!', ascii: '!', colour: 'yellow' },
  problem: { unicode: '✗', ascii: 'x', colour: 'red' },
}
const INDENT = '    '

export function findingRows(found: Finding, { columns, unicode, paint }: ListStyle): string[] {
  const { unicode: sign, ascii, colour } = MARKS[found.level]
  const mark = paint(colour, unicode ? sign : ascii)
  const isBad = found.level === 'warning' || found.level === 'problem'
  const rows = [`${mark} ${isBad ? paint('bold', found.what) : found.what}`]
  // Where all is well there is nothing to explain.
  if (found.level === 'ok') return rows
  if (found.why !== undefined)
    rows.push(...wrap(found.why, columns - INDENT.length).map((row) => INDENT + row))
  for (const { command, when } of found.remedy ?? []) {
    if (when !== undefined) rows.push(`${INDENT}${paint('dim', `${when}:`)}`)
    rows.push(`${INDENT}  ${paint('cyan', command)}`)
  }
  return rows
}

export type Tally = Record<Level, number>

export function tally(findings: readonly Finding[]): Tally {
  const counts: Tally = { ok: 0, note: 0, warning: 0, problem: 0 }
  for (const { level } of findings) counts[level]++
  return counts
}

export function tallyRow({ problem, warning, note }: Tally, { paint }: ListStyle): string {
  const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`
  const rest = `${count(warning, 'warning')}, ${count(note, 'note')}`
  if (problem > 0) return `${paint(['bold', 'red'], count(problem, 'problem'))}, ${rest}`
  return `${paint(['bold', 'green'], 'no problems')}, ${rest}`
}

function wrap(text: string, columns: number): string[] {
  const rows: string[] = []
  for (const word of text.split(' ')) {
    const row = rows.at(-1)
    if (row !== undefined && row.length + 1 + word.length <= columns) rows[rows.length - 1] = `${row} ${word}`
    else rows.push(word)
  }
  return rows
}
