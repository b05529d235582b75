import { isIPv6 } from 'node:net'
import type { McastSpec } from '../spec/index.js'
import type { HostFacts, HostInterface } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import {
  checkBuffer,
  checkMtu,
  checkPort,
  checkUdpOffload,
  checkUp,
  namedInterface,
  unknownInterface,
} from './udp.js'

/** What would keep this host from the LAN of a `mcast` spec. */
export function checkMcast(spec: McastSpec, facts: HostFacts): Finding[] {
  const findings: Finding[] = []
  const chosen = chooseInterface(spec, facts, findings)
  if (chosen !== undefined) {
    findings.push(...checkUp(chosen), checkMulticast(chosen))
    if (isIPv6(spec.group)) findings.push(checkRoute6(spec, chosen, facts))
    findings.push(checkMtu(spec, spec.group, lanMtu(spec, chosen, facts), chosen.name))
    findings.push(...checkUmlRoute(spec, chosen, facts))
  }
  findings.push(
    checkPort(
      facts,
      bindAddress(spec),
      spec.port,
      true,
      'another program has it and does not share it: members of a group set SO_REUSEADDR, that one has not',
    ),
    checkBuffer(facts, spec.buffer),
    checkUdpOffload(spec, facts),
    ...checkScope(spec, chosen),
    ...checkMemberships(spec, facts),
  )
  return findings
}

/** A link-local IPv6 group can be bound only together with an interface; who has the port has it for the wildcard too. */
function bindAddress({ group }: McastSpec): string {
  return /^ff.[12]:/.test(group) ? '::' : group
}

/** Octets of the largest IP packet on the way to the group: a route may have less than its interface. */
function lanMtu({ group }: McastSpec, { index, mtu }: HostInterface, facts: HostFacts): number {
  const route = facts.route(group, index)
  return typeof route === 'string' ? mtu : Math.min(mtu, route.mtu)
}

/** As the port itself does: the one named, else where the route goes, else the only one that is up. */
function chooseInterface(spec: McastSpec, facts: HostFacts, findings: Finding[]): HostInterface | undefined {
  if (spec.interface !== undefined) {
    const named = namedInterface(facts, spec.interface)
    findings.push(
      named === undefined
        ? unknownInterface(facts, spec.interface)
        : ok('interface', `interface ${named.name}, as named`),
    )
    return named
  }
  const route = facts.route(spec.group)
  if (typeof route !== 'string') {
    const routed = facts.interfaces.find(({ index }) => index === route.interfaceIndex)
    if (routed !== undefined)
      findings.push(ok('route', `the route to ${spec.group} goes through ${routed.name}`))
    return routed
  }
  const up = facts.interfaces.filter(({ isUp }) => isUp)
  if (up.length === 1) {
    findings.push({
      level: 'note',
      check: 'route',
      what: `no route to ${spec.group}; ${up[0]!.name} is used, the only interface that is up`,
      why: 'UML guests find no interface without a route',
      remedy: [routeCommand(spec.group, up[0]!.name)],
    })
    return up[0]
  }
  const names = up.map(({ name }) => name)
  findings.push({
    level: 'problem',
    check: 'route',
    what: `no route to the group ${spec.group}, and no interface named`,
    why:
      names.length === 0
        ? 'no interface is up'
        : `${names.join(', ')} are up: which one carries the LAN is not said`,
    remedy: [
      `add interface=NAME to the spec, as in ${['mcast', '', spec.group, spec.port, spec.ttl].join(',')},interface=${names[0] ?? 'lo'}`,
      routeCommand(spec.group, names[0] ?? 'NAME'),
    ],
  })
  return undefined
}

function routeCommand(group: string, name: string): string {
  // On loopback of the type `local`: the kernel turns any other route through it into one that rejects.
  if (isIPv6(group)) {
    return `ip -6 route add ${name === 'lo' ? 'local' : 'multicast'} ff00::/8 dev ${name} table local`
  }
  return `ip route add ${group.startsWith('239.') ? '239.0.0.0/8' : group} dev ${name}`
}

function checkMulticast({ name, hasMulticast, isLoopback }: HostInterface): Finding {
  if (hasMulticast) return ok('multicast', `${name} does multicast`)
  return {
    level: isLoopback ? 'note' : 'problem',
    check: 'multicast',
    what: `${name} has no MULTICAST flag`,
    why: isLoopback
      ? 'ethercast and QEMU (with localaddr=127.0.0.1) work all the same; other programs may not find it'
      : 'the kernel does not route groups to it by itself, and may not hear them there',
    remedy: [`ip link set ${name} multicast on`],
  }
}

/** IPv6 groups need a route in the table `local`; an interface that was never set to do multicast has none. */
function checkRoute6(spec: McastSpec, { index, name }: HostInterface, facts: HostFacts): Finding {
  const route = facts.route(spec.group, index)
  if (typeof route !== 'string') return ok('route6', `IPv6 groups have a route through ${name}`)
  return {
    level: 'problem',
    check: 'route6',
    what: `no route for IPv6 groups through ${name} (${route})`,
    remedy: [routeCommand(spec.group, name)],
  }
}

/** UML goes where the route goes, whatever interface this spec names. */
function checkUmlRoute(spec: McastSpec, chosen: HostInterface, facts: HostFacts): Finding[] {
  if (spec.interface === undefined || isIPv6(spec.group)) return []
  const route = facts.route(spec.group)
  if (typeof route !== 'string' && route.interfaceIndex === chosen.index) return []
  const other =
    typeof route === 'string'
      ? undefined
      : facts.interfaces.find(({ index }) => index === route.interfaceIndex)
  return [
    {
      level: 'note',
      check: 'uml',
      what: `UML's mcast guests ${other === undefined ? 'find no route to this group' : `join it on ${other.name}`}, not on ${chosen.name}`,
      why: 'UML can not choose an interface: it follows the route to the group',
      remedy: [
        routeCommand(spec.group, chosen.name),
        'or, without root: let those guests in by a ucast port',
      ],
    },
  ]
}

function checkScope({ group, ttl }: McastSpec, chosen: HostInterface | undefined): Finding[] {
  const findings: Finding[] = []
  if (!isIPv6(group) && !group.startsWith('239.') && !group.startsWith('232.')) {
    findings.push({
      level: 'note',
      check: 'scope',
      what: `group ${group} is outside 239/8, the range for use within a site (RFC 2365)`,
    })
  }
  if (ttl === 0 && !chosen?.isLoopback) {
    findings.push({
      level: 'note',
      check: 'ttl',
      what: 'TTL 0: frames stay on this host',
      why: 'other hosts on the link hear nothing from here; 1 is for the link',
    })
  }
  if (ttl > 1) {
    findings.push({
      level: 'note',
      check: 'ttl',
      what: `TTL ${ttl}: frames may cross routers that forward this group`,
      why: 'whoever reaches the group reads and writes',
    })
  }
  return findings
}

/** The host's limits on joining; those on sources are for source-specific groups (ip(7), RFC 3376, RFC 3810). */
function checkMemberships({ group, source }: McastSpec, facts: HostFacts): Finding[] {
  const v6 = isIPv6(group)
  const limits = v6 ? [] : ['net.ipv4.igmp_max_memberships']
  if (source !== undefined) limits.push(v6 ? 'net.ipv6.mld_max_msf' : 'net.ipv4.igmp_max_msf')
  return limits
    .filter((name) => facts.sysctl(name) === '0')
    .map((name) => ({
      level: 'problem',
      check: 'memberships',
      what: `${name} is 0: nothing can be joined`,
      remedy: [`sysctl -w ${name}=20`],
    }))
}
