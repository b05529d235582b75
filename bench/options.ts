import { parseArgs } from 'node:util'

export const SECTIONS = ['wire', 'micro', 'native'] as const
export type Section = (typeof SECTIONS)[number]

export interface Options {
  sections: readonly Section[]
  /** Runs of each case; the tables show their median. */
  runs: number
  /** The paced load, in frames per second. */
  rate: number
  warmUpMs: number
  measureMs: number
  /** For benchmark.js, in seconds a case. */
  microS: number
  /** A sample of a native case. */
  nativeMs: number
  json: string | undefined
}

export const USAGE = `npm run bench -- [options]

  --quick        every case once and shortly: whether it runs, not how fast
  --only LIST    of ${SECTIONS.join(', ')}
  --runs N       runs of each case (default 5)
  --ms N         length of a measurement on the wire (default 700)
  --rate N       the paced load in frames per second (default 100000)
  --json FILE    write every run, with what machine it was
`

const DEFAULTS = { runs: 5, measureMs: 700, warmUpMs: 300, microS: 1, nativeMs: 60 }
const QUICK = { runs: 1, measureMs: 100, warmUpMs: 50, microS: 0.05, nativeMs: 2 }

function number(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${text}: a whole number from 1 on`)
  return value
}

function sections(text: string | undefined): readonly Section[] {
  if (text === undefined) return SECTIONS
  const names = text.split(',')
  const unknown = names.find((name) => !SECTIONS.includes(name as Section))
  if (unknown !== undefined) throw new Error(`--only ${unknown}: there are ${SECTIONS.join(', ')}`)
  return names as Section[]
}

/** Undefined: only the usage was asked for. Throws what to tell the user. */
export function readOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string' },
      runs: { type: 'string' },
      ms: { type: 'string' },
      rate: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  const defaults = values.quick ? QUICK : DEFAULTS
  return {
    ...defaults,
    sections: sections(values.only),
    runs: number('runs', values.runs, defaults.runs),
    measureMs: number('ms', values.ms, defaults.measureMs),
    rate: number('rate', values.rate, 100_000),
    json: values.json,
  }
}
