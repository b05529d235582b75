import { parseArgs } from 'node:util'

export const SECTIONS = [
  'wire',
  'micro',
  'native',
  'tcp',
  'switch',
  'latency',
  'idle',
  'transports',
  'guests',
] as const
export type Section = (typeof SECTIONS)[number]

interface Durations {
  /** Runs of each case; the tables show their median. */
  runs: number
  warmUpMs: number
  measureMs: number
  /** For benchmark.js, in seconds a case. */
  microS: number
  /** A sample of a native case. */
  nativeMs: number
  /** A TCP flow, and what is left out of it at its beginning. */
  tcpS: number
  slowStartS: number
  /** Trials that look for a switch's rate, and those that confirm it. */
  searchMs: number
  confirmMs: number
  pings: number
  /**
   * How long a switch idles before it is looked at, and while it is. V8 collects garbage some 8 s after the last activity and in the
   * seconds behind that, once: what is measured is what goes on for ever.
   */
  settleMs: number
  idleMs: number
}

export interface Options extends Durations {
  sections: readonly Section[]
  /** The paced load, in frames per second. */
  rate: number
  /** Words; in contests only those whose name holds one of them. All when there are none. */
  peers: readonly string[]
  /** Processors of the sender, the switch and the receiver in the switch section; `free`: wherever they like. */
  cpus: readonly [number, number, number] | 'free' | undefined
  json: string | undefined
}

export const USAGE = `npm run bench -- [options]

  --quick        every case once and shortly: whether it runs, not how fast
  --only LIST    of ${SECTIONS.join(', ')}
  --runs N       runs of each case (default 5)
  --peers LIST   of the contests, only those whose names (or titles) hold one of
                 these words, as in ethercast,vxlan (the first is ours)
  --ms N         length of a measurement on the wire (default 700)
  --rate N       the paced load on the wire in frames per second (default 100000)
  --seconds N    length of a TCP flow (default 4)
  --cpus LIST    in switch: processors of sender, switch and receiver, as in
                 0,1,1, or free (default: the switch has one for itself)
  --json FILE    write every run, with what machine it was

tcp, switch, latency, idle, transports and guests are contests: they work in
network namespaces of their own, so they need root; else they are left out and
say so.
`

const DEFAULTS: Durations = {
  runs: 5,
  warmUpMs: 300,
  measureMs: 700,
  microS: 1,
  nativeMs: 60,
  tcpS: 4,
  slowStartS: 1,
  searchMs: 200,
  confirmMs: 1000,
  pings: 500,
  // What starting leaves to do (timers of the kernel's for new devices and memberships, Node.js's own) is over by then.
  settleMs: 25_000,
  idleMs: 10_000,
}

const QUICK: Durations = {
  runs: 1,
  warmUpMs: 50,
  measureMs: 100,
  microS: 0.05,
  nativeMs: 2,
  tcpS: 1,
  slowStartS: 0,
  searchMs: 20,
  confirmMs: 50,
  pings: 20,
  settleMs: 100,
  idleMs: 200,
}

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

function cpus(text: string | undefined): Options['cpus'] {
  if (text === undefined || text === 'free') return text
  if (!/^\d+,\d+,\d+$/.test(text)) throw new Error(`--cpus ${text}: three numbers as in 0,1,0, or free`)
  return text.split(',').map(Number) as [number, number, number]
}

/** Undefined: only the usage was asked for. Throws what to tell the user. */
export function readOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string' },
      runs: { type: 'string' },
      peers: { type: 'string' },
      ms: { type: 'string' },
      rate: { type: 'string' },
      seconds: { type: 'string' },
      cpus: { type: 'string' },
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
    tcpS: number('seconds', values.seconds, defaults.tcpS),
    rate: number('rate', values.rate, 100_000),
    peers: values.peers?.split(',').filter(Boolean) ?? [],
    cpus: cpus(values.cpus),
    json: values.json,
  }
}
