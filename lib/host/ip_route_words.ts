/** A route, from what `ip -j -d route` told of it to the words that make `ip route replace` put it back as it was. */

import { isPlainWord } from './batch.js'
import type { RawFields } from './reality.js'

/** What is told of a route and can be told to `ip` again; a route that has more is left where it is. */
const KNOWN = new Set([
  ...[
    'type',
    'dst',
    'gateway',
    'via',
    'dev',
    'table',
    'protocol',
    'scope',
    'prefsrc',
    'metric',
    'tos',
    'from',
    'flow',
  ],
  ...['flags', 'pref', 'expires', 'metrics', 'nexthops'],
])
const KNOWN_METRICS = new Set([
  ...['mtu', 'advmss', 'hoplimit', 'window', 'ssthresh', 'cwnd', 'reordering', 'initcwnd', 'initrwnd'],
  ...['quickack', 'rto_min', 'congctl'],
])
/** Flags that are the kernel's findings about a device without a cable. */
const FINDINGS = new Set(['dead', 'linkdown', 'offload', 'trap', 'offload_failed', 'rt_offload', 'rt_trap'])

interface Nexthop extends RawFields {
  dev?: string
  weight?: number
}

const nexthopsOf = (raw: RawFields): Nexthop[] =>
  Array.isArray(raw.nexthops) ? (raw.nexthops as Nexthop[]) : []
const metricsOf = (raw: RawFields): RawFields =>
  Object.assign({}, ...(Array.isArray(raw.metrics) ? (raw.metrics as RawFields[]) : [])) as RawFields
const flagsOf = (raw: RawFields): string[] =>
  (Array.isArray(raw.flags) ? (raw.flags as string[]) : []).filter((flag) => !FINDINGS.has(flag))

/** Whether a packet on this route may leave by that device. */
export const goesBy = (raw: RawFields, device: string): boolean =>
  raw.dev === device || nexthopsOf(raw).some(({ dev }) => dev === device)

/** Whether `routeWords` tells all of it. */
export function canBeTold(raw: RawFields): boolean {
  const flags = [...flagsOf(raw), ...nexthopsOf(raw).flatMap(flagsOf)]
  return (
    Object.keys(raw).every((key) => KNOWN.has(key)) &&
    Object.keys(metricsOf(raw)).every((key) => KNOWN_METRICS.has(key)) &&
    flags.every((flag) => flag === 'onlink' || flag === 'pervasive') &&
    routeWords({ to: { text: '' }, raw })
      .slice(1)
      .every(isPlainWord)
  )
}

interface Told {
  to: { text: string }
  raw: RawFields
}

/** The words after `ip route replace`. @param move a device that another one takes the place of */
export function routeWords({ to, raw }: Told, move?: { from: string; to: string }, ageS = 0): string[] {
  const words: string[] = []
  const put = (name: string, value: unknown) => {
    if (typeof value === 'string' || typeof value === 'number') words.push(name, String(value))
  }
  const device = (name: unknown) => (move !== undefined && name === move.from ? move.to : name)
  const putHop = (hop: RawFields) => {
    put('via', hop.gateway)
    if (typeof hop.via === 'object' && hop.via !== null) {
      const { family, host } = hop.via as { family: string; host: string }
      words.push('via', family, host)
    }
    put('dev', device(hop.dev))
  }
  if (typeof raw.type === 'string' && raw.type !== 'unicast') words.push(raw.type)
  words.push(to.text)
  put('from', raw.from)
  put('tos', raw.tos)
  putHop(raw)
  put('table', raw.table)
  put('proto', raw.protocol)
  put('scope', 'pref' in raw ? undefined : raw.scope) // IPv6 has none, but tells of one
  put('src', raw.prefsrc)
  put('metric', raw.metric)
  put('realm', (raw.flow as { to?: string } | undefined)?.to)
  for (const [name, value] of Object.entries(metricsOf(raw)))
    put(name, name === 'rto_min' ? `${Number(value)}ms` : value)
  put('pref', raw.pref)
  if (typeof raw.expires === 'number') put('expires', Math.max(1, Math.round(raw.expires - ageS)))
  words.push(...flagsOf(raw))
  for (const hop of nexthopsOf(raw)) {
    words.push('nexthop')
    putHop(hop)
    put('weight', hop.weight)
    words.push(...flagsOf(hop))
  }
  return words
}

/** Routes of the same key take each other's place. */
export const routeKey = ({ to, raw }: Told): string =>
  [to.text, raw.from, raw.table ?? 'main', raw.tos, raw.metric ?? 0].join(' ')

/** The same route, apart from how long it has still to live. */
export const isSameRoute = (a: Told, b: Told): boolean => {
  const timeless = ({ to, raw }: Told) => routeWords({ to, raw: { ...raw, expires: undefined } }).join(' ')
  return timeless(a) === timeless(b)
}
