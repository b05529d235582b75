/** What is wrong in a configuration file, each with its place, as compilers tell it: `ethercast.yaml:4:9: what is wrong`. */

import { EthercastError } from '../spec/error.js'

/** Keys and indices from the top: `['taps', 'tap0', 'addresses', 0]`. */
export type Path = readonly (string | number)[]

/** Both count from 1; columns in UTF-16 units, as editors do. */
export interface Position {
  line: number
  column: number
}

export interface Problem extends Position {
  path: Path
  /** One line, without the place. */
  message: string
}

/** Most that are told at once: behind a slip of the fingers at the top there may be thousands. */
const MOST_TOLD = 20

/** The file says something that is not allowed. `problems` has everything that was found, in the order of the file. */
export class ConfigError extends EthercastError {
  readonly problems: readonly Problem[]

  constructor(
    readonly fileName: string,
    problems: readonly Problem[],
  ) {
    const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column)
    const lines = sorted
      .slice(0, MOST_TOLD)
      .map((problem) => `${place(fileName, problem)}: ${problem.message}`)
    const more = sorted.length - lines.length
    if (more > 0) lines.push(`${fileName}: and ${more} more`)
    super('ERR_ETHERCAST_FIELD', lines.join('\n'), { field: pathText(sorted[0]?.path ?? []) })
    this.name = 'ConfigError'
    this.problems = sorted
  }
}

export const place = (fileName: string, { line, column }: Position): string => `${fileName}:${line}:${column}`

/** `taps.tap0.addresses[0]`; empty for the whole file. */
export function pathText(path: Path): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`))
    .join('')
}
