// Tables to stdout; progress to stderr, on a terminal only.

export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}

let shown = false

/** Replaces the line of progress; an empty text takes it away. */
export function progress(text: string): void {
  if (!process.stderr.isTTY || (text === '' && !shown)) return
  process.stderr.write(`\r\x1b[K${text}`)
  shown = text !== ''
}

/** The first column to the left, numbers to the right. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
  print(line(head))
  print(widths.map((width) => '-'.repeat(width)).join('  '))
  for (const row of rows) print(line(row))
}

/** 1234567 is `1 235 k`. */
export const thousands = (value: number) =>
  Math.round(value / 1000)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ')

export const percent = (share: number) => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 2 : 1)} %`
