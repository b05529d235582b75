/** The nftables table `inet ethercast`, from what is wished: masquerading and port forwards. Text for nft(8), a comment a rule. */

import { createHash } from 'node:crypto'

export type Masquerade = {
  from: string
  out: string
  /** Devices that guests of this net are behind, and nobody else. */
  behind: string[]
}
export type Forward = {
  protocol: 'tcp' | 'udp'
  port: number
  /** Where connections come in; null: anywhere. */
  device: string | null
  to: string
  toPort: number
  /** What the guest is behind; null: not told. */
  behind: string | null
}
export type Nat = { masquerade: Masquerade[]; forwards: Forward[] }

export const TABLE = 'inet ethercast'

export interface Rule {
  chain: string
  text: string
  /** Says what it is for, and which: it ends in a digest of the text, so that a rule that somebody changed is seen. */
  comment: string
}

/** Digits of a digest in a comment: enough to tell versions of one rule apart. */
const DIGEST_DIGITS = 8
/** NFTNL_UDATA_COMMENT_MAXLEN is 128 octets with the NUL. */
const MOST_IN_A_COMMENT = 127

/** What each chain is hooked to; the priorities by their names in nft(8), -100 is `dstnat`, which has no name at the output hook. */
const chains = {
  prerouting: 'type nat hook prerouting priority dstnat; policy accept;',
  output: 'type nat hook output priority -100; policy accept;',
  postrouting: 'type nat hook postrouting priority srcnat; policy accept;',
  forward: 'type filter hook forward priority mangle; policy accept;',
} as const

type Chain = keyof typeof chains

export function natRules(nat: Nat): Rule[] {
  return [
    ...nat.forwards.flatMap(forwardRules),
    ...nat.masquerade.map(masqueradeRule),
    ...unseenRules(nat.masquerade),
    ...clampRules(nat),
  ].sort(
    // By chain, as a listing has them; within one the order is the file's.
    (a, b) => chainNames.indexOf(a.chain) - chainNames.indexOf(b.chain),
  )
}

const chainNames: string[] = Object.keys(chains)

const isIpv6 = (text: string) => text.includes(':')
const familyOf = (text: string) => (isIpv6(text) ? 'ip6' : 'ip')
const protocolOf = (text: string) => `meta nfproto ${isIpv6(text) ? 'ipv6' : 'ipv4'}`

function rule(chain: Chain, what: string, ...words: string[]): Rule {
  const text = words.filter(Boolean).join(' ')
  const digest = createHash('sha256').update(text).digest('hex').slice(0, DIGEST_DIGITS)
  return { chain, text, comment: `${what.slice(0, MOST_IN_A_COMMENT - DIGEST_DIGITS - 2)} #${digest}` }
}

const masqueradeRule = ({ from, out }: Masquerade): Rule =>
  rule(
    'postrouting',
    `${from} leaves by ${out}`,
    `oifname "${out}" ${familyOf(from)} saddr ${from} masquerade`,
  )

/**
 * Masquerading alone hides nobody: a machine on the LAN needs but a route by this host to call a guest, and a guest's packet with a made-up source
 * would leave as it is. Nobody outside calls in but by a port forward, and by `out` leaves only what its device has a route back to
 * (`fib … iif` at this hook: Linux 5.18).
 */
function unseenRules(masquerade: readonly Masquerade[]): Rule[] {
  const rules = masquerade.flatMap(({ from, out, behind }): Rule[] => {
    const devices = behind.map((name) => `"${name}"`).join(', ')
    const madeUp = `iifname { ${devices} } oifname "${out}" ${protocolOf(from)} fib saddr . iif oif missing drop`
    const unasked = `iifname "${out}" oifname != "${out}" ${familyOf(from)} daddr ${from} ct state { invalid, new, untracked }`
    return [
      ...(behind.length > 0 ? [rule('forward', `no made-up sources by ${out}`, madeUp)] : []),
      // "Everything" is no net of guests: others are in it, too.
      ...(from.endsWith('/0')
        ? []
        : [rule('forward', `${from} is not called from ${out}`, `${unasked} ct status ! dnat drop`)]),
    ]
  })
  return rules.filter(({ text }, index) => rules.findIndex((other) => other.text === text) === index)
}

/** Loopback addresses are of no use in a packet that leaves: there is no way back to them. */
const notLoopback = (to: string) => (isIpv6(to) ? 'ip6 daddr != ::1' : 'ip daddr != 127.0.0.0/8')

function forwardRules({ protocol, port, device, to, toPort, behind }: Forward): Rule[] {
  const family = familyOf(to)
  const what = `${protocol} ${port} to ${to} ${toPort}`
  const target = isIpv6(to) ? `[${to}]:${toPort}` : `${to}:${toPort}`
  // Only what is addressed to this host itself: connections that it forwards to others are theirs.
  const own = `${protocolOf(to)} fib daddr type local ${protocol} dport ${port}`
  const dnat = `dnat ${family} to ${target}`
  const rules = [
    rule('prerouting', what, device === null ? '' : `iifname "${device}"`, own, dnat),
    // What this host itself sends comes in nowhere.
    ...(device === null ? [rule('output', `${what}, from this host`, notLoopback(to), own, dnat)] : []),
  ]
  if (behind === null) return rules
  // A guest that calls its neighbour by this host's address would get the answer from the neighbour itself, and not know it.
  const sameSide = `iifname "${behind}" oifname "${behind}" ct status dnat`
  return [
    ...rules,
    rule(
      'postrouting',
      `${what}, from its neighbours`,
      `${sameSide} ${family} daddr ${to} ${protocol} dport ${toPort} masquerade`,
    ),
  ]
}

/**
 * TCP of others does not hear that its packets are too long where ICMP is filtered, as it is in many places (RFC 2923): each connection through
 * this host that this table is concerned with is told how much fits.
 */
function clampRules({ masquerade, forwards }: Nat): Rule[] {
  const devices = [
    ...masquerade.map(({ out }) => out),
    ...forwards.map(({ device, behind }) => device ?? behind),
  ]
  const clamp = 'tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu'
  if (devices.includes(null)) return [rule('forward', 'TCP segments that fit', clamp)]
  const names = [...new Set(devices)].map((name) => `"${name}"`).join(', ')
  return ['iifname', 'oifname'].map((side) =>
    rule('forward', `TCP segments that fit, ${side}`, `${side} { ${names} } ${clamp}`),
  )
}

/** The whole table in one transaction, whatever was there of that name. */
export function natScript(nat: Nat): string {
  const rules = natRules(nat)
  const bodies = Object.entries(chains).flatMap(([name, hook]) => {
    const own = rules.filter(({ chain }) => chain === name)
    const lines = own.map(({ text, comment }) => `    ${text} comment "${comment}"`)
    return own.length === 0 ? [] : [`  chain ${name} {`, `    ${hook}`, ...lines, '  }']
  })
  // Added first so that it can be deleted.
  return [`add table ${TABLE}`, `delete table ${TABLE}`, `table ${TABLE} {`, ...bodies, '}', ''].join('\n')
}

/** What tells this table from others, in the order of a listing. */
export function natSignature(nat: Nat): string[] {
  const rules = natRules(nat)
  const used = chainNames.filter((name) => rules.some(({ chain }) => chain === name))
  return [
    ...used.map((name) => `chain ${name}`),
    ...rules.map(({ chain, comment }) => `${chain}: ${comment}`),
  ]
}

/** The same of what `nft -j list table` told. */
export function listedSignature(listed: unknown): string[] {
  const items = (listed as { nftables?: unknown[] }).nftables ?? []
  const chainLines: string[] = []
  const ruleLines: string[] = []
  for (const item of items as Record<string, Record<string, unknown> | undefined>[]) {
    if (item.metainfo ?? item.table) continue
    if (item.chain) chainLines.push(`chain ${item.chain.name as string}`)
    else if (item.rule)
      ruleLines.push(`${item.rule.chain as string}: ${(item.rule.comment as string | undefined) ?? ''}`)
    else ruleLines.push(JSON.stringify(item)) // a set, a map: not of ours
  }
  return [...chainLines, ...ruleLines]
}
