/** What becomes of packets that guests send through this host: forwarding, the reverse path filter, others' packet filters. ip-sysctl.rst. */

import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import type { DroppingChain } from './network.js'

const FORWARDING = [
  ['IPv4', 'net.ipv4.ip_forward', 'ipv4'],
  ['IPv6', 'net.ipv6.conf.all.forwarding', 'ipv6'],
] as const

export function checkForwarding(facts: HostFacts): Finding[] {
  const off = FORWARDING.filter(([, name]) => facts.sysctl(name) === '0')
  const on = FORWARDING.filter(([, name]) => !['0', undefined].includes(facts.sysctl(name)))
  const families = (list: typeof off) => list.map(([family]) => family).join(' and ')
  return [
    ...(on.length === 0 ? [] : [ok('forwarding', `this host forwards ${families(on)} between its devices`)]),
    ...(off.length === 0
      ? []
      : [
          {
            level: 'note' as const,
            check: 'forwarding',
            what: `this host forwards no ${families(off).replace(' and ', ' and no ')} between its devices`,
            why: 'guests behind a tap reach this host alone, unless the tap is in a bridge',
            remedy: [
              ...off.map(([, name]) => `sudo sysctl -w ${name}=1`),
              `in ethercast.yaml: forwarding: [${off.map(([, , word]) => word).join(', ')}]`,
            ],
          },
        ]),
  ]
}

/** The stricter of a device's own value and that for all counts; 2 (loose) counts as more than 1 (strict). */
const STRICT = 1

/** Devices that packets of guests or of a group come in by. */
export function checkReversePath(facts: HostFacts): Finding[] {
  const strict = (facts.network?.().devices ?? []).filter(({ name, groups, snooping }) => {
    const isOfInterest = groups.length > 0 || snooping !== undefined || facts.link(name)?.isTap === true
    // A dot in a name, as VLANs have, is a slash for sysctl(8).
    const values = ['all', name.replaceAll('.', '/')].map((of) =>
      Number(facts.sysctl(`net.ipv4.conf.${of}.rp_filter`) ?? 0),
    )
    return isOfInterest && Math.max(...values) === STRICT
  })
  if (strict.length === 0) return []
  const names = strict.map(({ name }) => name)
  const all = facts.sysctl('net.ipv4.conf.all.rp_filter') === '1'
  return [
    {
      level: 'note',
      check: 'reverse',
      what: `strict reverse path filter (rp_filter 1) on ${names.join(', ')}`,
      why:
        'packets whose sender this host would reach by another device are dropped, silently: senders of a group on ' +
        'two networks, guests with a second way out',
      remedy: [
        'if that is so here:',
        ...(all ? ['sudo sysctl -w net.ipv4.conf.all.rp_filter=2'] : []),
        ...names.map((name) => `sudo sysctl -w net.ipv4.conf.${name.replaceAll('.', '/')}.rp_filter=2`),
      ],
    },
  ]
}

export function checkFirewall(facts: HostFacts): Finding[] {
  const dropping = facts.network?.().dropping ?? []
  return dropping.map((chain) => ({
    level: 'warning',
    check: 'firewall',
    what: `what this host forwards is dropped unless a rule allows it: ${chain.by} ${chain.family} ${chain.table} ${chain.name}`,
    why: 'an accept in a table of ours does not help: one drop is enough',
    remedy: allowing(chain),
  }))
}

/** Commands for one tap; both directions. */
function allowing({ by, family, table, name, isDockers }: DroppingChain): string[] {
  const at = isDockers ? 'DOCKER-USER' : name
  const iptables = by === 'iptables' ? 'iptables-legacy' : family === 'ip6' ? 'ip6tables' : 'iptables'
  if (by === 'iptables' || isDockers)
    return ['-i', '-o'].map((way) => `sudo ${iptables} -I ${at} ${way} tap0 -j ACCEPT    # or your device`)
  return ['iifname', 'oifname'].map(
    (way) => `sudo nft insert rule ${family} ${table} ${at} ${way} tap0 accept    # or your device`,
  )
}
