/**
 * Where output goes: data to stdout, everything else to stderr; one JSON object a line with `--json`; colours only on a terminal.
 */

import { styleText } from 'node:util'

export type Colour = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan'

/** Writes a line of data. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Writes a line for the person at the terminal. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** One machine-readable line: an object with an `event` key. Big integers become strings. */
export function printEvent(event: string, fields: object = {}): void {
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)
  print(JSON.stringify({ event, ...fields }, plain))
}

/** The same with numbers of no more than so many decimals: of milliseconds six leave nanoseconds. */
export function rounded<T extends object>(fields: T, decimals = 6): T {
  const scale = 10 ** decimals
  const round = (_: string, value: unknown) =>
    typeof value === 'number' ? Math.round(value * scale) / scale : value
  return JSON.parse(JSON.stringify(fields, round)) as T
}

/** Colours a text if the stream is a terminal that wants colours (NO_COLOR is honoured). */
export function paint(
  colour: Colour | Colour[],
  text: string,
  stream: NodeJS.WriteStream = process.stderr,
): string {
  return stream.isTTY && !process.env.NO_COLOR ? styleText(colour, text) : text
}

const SCALES = ['', 'k', 'M', 'G', 'T']

/** A number with three digits and a decimal prefix: 12345 is `12.3 k`. */
export function scaled(value: number, unit = ''): string {
  let scale = 0
  while (Math.abs(value) >= 999.5 && scale < SCALES.length - 1) {
    value /= 1000
    scale++
  }
  const digits = scale === 0 ? String(Math.round(value * 10) / 10) : value.toPrecision(3)
  return `${digits} ${SCALES[scale]}${unit}`.trimEnd()
}
