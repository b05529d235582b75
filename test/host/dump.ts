// All that `up` might change in a namespace, as one text: taken before and after, they are equal, or something was not taken back.
import type { RawFields } from '../../lib/host/reality.js'
import { run } from '../support/running.js'

/**
 * What changes by itself from one second to the next, and says nothing about who changed what; and the ids of a bridge, which are its priority and
 * its MAC once it had a MAC or a port given, and nothing before;
 * and what a bridge can segment, which it has of its ports and keeps when they leave.
 */
const kVolatile =
  /^(.*_timer|bridge_id|root_id|tso_max_size|tso_max_segs|stats|stats64|used|cacheinfo|expires|valid_life_time|preferred_life_time|tentative|operstate)$/
const kMostOctets = 16 * 1024 * 1024
const kForEver = 0xffff_ffff
/** Entries that the kernel learnt and will forget; a person's stay. */
const kLearnt = /^(REACHABLE|STALE|DELAY|PROBE|FAILED|INCOMPLETE|NONE)$/

export interface DumpOptions {
  /** Left out of the listing of files: `/dev/net/tun`. */
  files?: readonly string[]
}

/** One line a fact, sorted as the kernel tells them: made for deepEqual of the lines, so that a difference shows which. */
export async function dump(namespace: string, { files = [] }: DumpOptions = {}): Promise<string[]> {
  const inside = async (...command: string[]) => {
    const all = ['netns', 'exec', namespace, ...command]
    const { code, stdout, stderr } = await run('ip', all, { keptOctets: kMostOctets })
    // grep has read all it may when it says 2: some values can only be written.
    if (code !== 0 && command[0] !== 'grep') throw new Error(`${command.join(' ')}: ${stderr}`)
    return stdout
  }
  const listing = async (...args: string[]) =>
    facts(`ip ${args.join(' ')}`, JSON.parse((await inside('ip', '-j', ...args)).trim() || '[]') as unknown[])
  const [parts, nft, values, access] = await Promise.all([
    Promise.all([
      listing('-d', 'link', 'show'),
      listing('addr', 'show'),
      listing('-4', '-d', 'route', 'show', 'table', 'all'),
      listing('-6', '-d', 'route', 'show', 'table', 'all'),
      listing('rule', 'show'),
      listing('neigh', 'show'),
      listing('-4', 'neigh', 'show', 'proxy'),
      listing('-6', 'neigh', 'show', 'proxy'),
    ]),
    inside('nft', '-j', 'list', 'ruleset'),
    inside('grep', '-rs', '', '/proc/sys/net/ipv4', '/proc/sys/net/ipv6'),
    Promise.all(files.map((file) => inside('stat', '-c', '%n %u:%g %a', file))),
  ])
  return [...parts.flat(), `nft ${nft.trim()}`, ...values.trim().split('\n').sort(), ...access]
}

const facts = (listing: string, items: unknown[]): string[] =>
  items
    .filter((item) => !isLearnt(item))
    .map((item) => `${listing}: ${JSON.stringify(withoutIdleQueue(item as RawFields), steady)}`)

/** A device that is down has no queue yet, or the one of when it was up: nothing but `up` can be told from it, and nothing takes it back. */
const withoutIdleQueue = (item: RawFields): RawFields =>
  Array.isArray(item.flags) && !item.flags.includes('UP') ? { ...item, qdisc: undefined } : item

function isLearnt(item: unknown): boolean {
  const { state } = item as { state?: string[] }
  return state !== undefined && state.every((one) => kLearnt.test(one))
}

/** Lifetimes are "for ever" or "for a time". */
function steady(key: string, value: unknown): unknown {
  if (!kVolatile.test(key)) return value
  return typeof value === 'number' && /life_time|expires/.test(key)
    ? value === kForEver
      ? 'for ever'
      : 'for a time'
    : undefined
}
