/**
 * What `mcast` needs of the host: a way to the group on an interface that does multicast, and the port.
 */

import { formatSpec } from '../spec/index.js'
import type { McastSpec } from '../spec/index.js'
import { parseIp } from '../spec/ip.js'
import type { HostFacts, InterfaceFacts } from './facts.js'
import { asRoot, has } from './facts.js'
import { finding } from './finding.js'
import type { Finding, Remedy } from './finding.js'
import { checkMtu, checkPort, checkReceiveBuffer, checkUp, namedInterface } from './udp.js'

export function checkMcast(spec: McastSpec, facts: HostFacts): Finding[] {
  const { on, findings } = chooseInterface(spec, facts)
  const family = familyOf(spec)
  const port = checkPort(facts, 'mcast', { address: bindAddress(spec, on), port: spec.port, shared: true })
  return [
    ...checkGroup(spec),
    ...findings,
    ...(on === undefined ? [] : checkInterface(spec, facts, on)),
    ...port.findings,
    ...checkReceiveBuffer(facts, spec.buffer, port.receiveBuffer),
    ...(on === undefined ? [] : checkMtu(facts, spec, family, { lanMtu: lanMtu(spec, facts, on), on })),
    ...checkTtl(spec, on),
    ...checkMemberships(spec, facts, on),
  ]
}

const familyOf = ({ group }: McastSpec): 4 | 6 => (group.includes(':') ? 6 : 4)

/** IPv6 groups of link scope mean another thing on each interface. */
function bindAddress({ group }: McastSpec, on: InterfaceFacts | undefined): string {
  const isNarrow = /^ff.[12]:/.test(group)
  return isNarrow && on !== undefined ? `${group}%${on.name}` : group
}

function lanMtu({ group }: McastSpec, facts: HostFacts, on: InterfaceFacts): number {
  const route = facts.routeTo(group, on.index)
  return 'errno' in route ? on.mtu : Math.min(route.mtu, on.mtu)
}

function checkGroup({ group }: McastSpec): Finding[] {
  const first = parseIp(group)!.octets[0]
  if (familyOf({ group } as McastSpec) === 6 || first === 239 || first === 232) return []
  return [
    finding(
      'note',
      'mcast.group',
      `group ${group} is not administratively scoped`,
      'Groups outside 239.0.0.0/8 may be in use by others, and routers may carry them further than you want (RFC 2365).',
    ),
  ]
}

/** The interface that the port will take, as the port itself chooses it. */
function chooseInterface(spec: McastSpec, facts: HostFacts): { on?: InterfaceFacts; findings: Finding[] } {
  const { found, findings } = namedInterface(facts, spec)
  if (spec.interface !== undefined) {
    return { on: found, findings: found === undefined ? findings : checkOthersRoute(spec, facts, found) }
  }
  const route = facts.routeTo(spec.group)
  if (!('errno' in route)) {
    const on = facts.interfaces.find(({ index }) => index === route.interfaceIndex)
    return { on, findings: on === undefined ? [] : [routeFinding(spec, on)] }
  }
  const up = facts.interfaces.filter((each) => has(each, 'up'))
  const only = up.length === 1 ? up[0] : undefined
  return { on: only, findings: [noRoute(spec, facts, only)] }
}

function routeFinding({ group }: McastSpec, on: InterfaceFacts): Finding {
  if (!has(on, 'loopback')) return finding('ok', 'mcast.route', `the route to ${group} goes by ${on.name}`)
  const why = 'The LAN stays on this host. For other hosts name an interface: interface=NAME.'
  return finding('note', 'mcast.route', `the route to ${group} goes by ${on.name}`, why)
}

function noRoute(spec: McastSpec, facts: HostFacts, only: InterfaceFacts | undefined): Finding {
  const name = (only ?? likely(facts))?.name ?? 'NAME'
  const check = { command: `ethercast doctor '${formatSpec({ ...spec, interface: name })}'` }
  const what = `no multicast route to ${spec.group}`
  const route: Remedy = { command: addRoute(facts, spec, name), when: 'give the host a route' }
  if (only === undefined) {
    const why = 'The spec names no interface, and the host does not say which one the group is on.'
    return finding(
      'problem',
      'mcast.route',
      what,
      why,
      { ...check, when: `name the interface (interface=${name})` },
      route,
    )
  }
  const why =
    `ethercast takes ${name}, the only interface that is up. UML guests can't join without a route, ` +
    'nor can QEMU guests without localaddr=.'
  return finding('warning', 'mcast.route', what, why, route)
}

/** The interface that is most likely meant. */
function likely({ interfaces }: HostFacts): InterfaceFacts | undefined {
  const up = interfaces.filter((each) => has(each, 'up'))
  const rank = (each: InterfaceFacts) => (has(each, 'loopback') ? 0 : 2) + (has(each, 'multicast') ? 1 : 0)
  return up.sort((a, b) => rank(b) - rank(a))[0]
}

function addRoute(facts: HostFacts, spec: McastSpec, name: string, narrow = false): string {
  if (familyOf(spec) === 6) return asRoot(facts, `ip -6 route add multicast ff00::/8 dev ${name} table local`)
  const wide = spec.group.startsWith('239.') ? '239.0.0.0/8' : '224.0.0.0/4'
  return asRoot(facts, `ip route add ${narrow ? spec.group : wide} dev ${name}`)
}

/** Programs that can't choose an interface go by the host's route: are they on the same LAN? */
function checkOthersRoute(spec: McastSpec, facts: HostFacts, on: InterfaceFacts): Finding[] {
  const { group } = spec
  if (familyOf(spec) === 6) return []
  const route = facts.routeTo(group)
  const remedy = {
    command: addRoute(facts, spec, on.name, true),
    when: 'if there are UML guests on this host',
  }
  const others = "UML guests, which can't choose, and QEMU guests without localaddr="
  if ('errno' in route) {
    const why = `ethercast does not need one, as the spec names ${on.name}. But ${others} can't join.`
    return [finding('note', 'mcast.route', `the host has no route to ${group}`, why, remedy)]
  }
  if (route.interfaceIndex === on.index) {
    return [finding('ok', 'mcast.route', `the host's own route to ${group} goes by ${on.name} too`)]
  }
  const name =
    facts.interfaces.find(({ index }) => index === route.interfaceIndex)?.name ?? 'another interface'
  const why = `${others} on this host would join there, and not find this LAN.`
  return [
    finding(
      'note',
      'mcast.route',
      `the host's own route to ${group} goes by ${name}, not ${on.name}`,
      why,
      remedy,
    ),
  ]
}

function checkInterface(spec: McastSpec, facts: HostFacts, on: InterfaceFacts): Finding[] {
  return [
    ...checkUp(facts, 'mcast', on),
    ...checkFlag(facts, on),
    ...(familyOf(spec) === 6 ? checkIpv6(spec, facts, on) : []),
  ]
}

function checkFlag(facts: HostFacts, on: InterfaceFacts): Finding[] {
  const { name } = on
  const check = 'mcast.multicast'
  if (has(on, 'multicast')) return [finding('ok', check, `interface ${name} does multicast`)]
  const what = `interface ${name} has no MULTICAST flag`
  const remedy = { command: asRoot(facts, `ip link set ${name} multicast on`) }
  if (has(on, 'loopback')) {
    const why =
      'On loopback IPv4 groups work without it; programs that look for such an interface pass it over.'
    return [finding('note', check, what, why, remedy)]
  }
  const why =
    'Its driver may not let groups in, IPv6 groups get no route, and links such as WireGuard carry none whatever the flag says.'
  return [finding('problem', check, what, why, remedy)]
}

function checkIpv6(spec: McastSpec, facts: HostFacts, on: InterfaceFacts): Finding[] {
  const { name } = on
  if (!on.addresses.some((address) => address.includes(':'))) {
    const command = asRoot(facts, `sysctl -w net/ipv6/conf/${name}/disable_ipv6=0`)
    const why = 'IPv6 is off there, or the interface has just come up.'
    return [finding('problem', 'mcast.ipv6', `interface ${name} has no IPv6 address`, why, { command })]
  }
  // Without interface= the route was looked for already.
  if (!('errno' in facts.routeTo(bindAddress(spec, on), on.index))) return []
  const what = `no multicast route to ${spec.group} on ${name}`
  const why =
    'Interfaces get one when they come up with the MULTICAST flag; the loopback interface never does.'
  return [finding('problem', 'mcast.route6', what, why, { command: addRoute(facts, spec, name) })]
}

function checkTtl({ ttl }: McastSpec, on: InterfaceFacts | undefined): Finding[] {
  const check = 'mcast.ttl'
  const isLoopback = on !== undefined && has(on, 'loopback')
  if (ttl === 0 && !isLoopback) {
    const why = 'Other hosts hear nothing of what is sent. 1 is for the link, and usual.'
    return [finding('note', check, 'TTL 0 keeps frames on this host', why)]
  }
  if (ttl <= 1) return []
  const why =
    'Routers that forward multicast pass the LAN on. QEMU always sends with 1, UML with what its own spec says: what they send goes no ' +
    'further than that.'
  return [finding('note', check, `TTL ${ttl} lets frames leave the link`, why)]
}

/** The host's limits on joining, most of all for source-specific groups (RFC 3376, RFC 3810). */
function checkMemberships(spec: McastSpec, facts: HostFacts, on: InterfaceFacts | undefined): Finding[] {
  const v6 = familyOf(spec) === 6
  const limits = [
    ...(v6 ? [] : ['net/ipv4/igmp_max_memberships']),
    ...(spec.source === undefined ? [] : [v6 ? 'net/ipv6/mld_max_msf' : 'net/ipv4/igmp_max_msf']),
  ]
  const none = limits
    .filter((path) => facts.sysctl(path) === '0')
    .map((path) => {
      const name = path.replaceAll('/', '.')
      const command = asRoot(facts, `sysctl -w ${name}=20`)
      return finding('problem', 'mcast.memberships', `${name} is 0`, 'No socket may join: ENOBUFS.', {
        command,
      })
    })
  return [...none, ...(spec.source === undefined || on === undefined ? [] : checkVersion(facts, v6, on))]
}

function checkVersion(facts: HostFacts, v6: boolean, { name }: InterfaceFacts): Finding[] {
  const [path, old, protocol] = v6
    ? ([`net/ipv6/conf/${name}/force_mld_version`, ['1'], 'MLD'] as const)
    : ([`net/ipv4/conf/${name}/force_igmp_version`, ['1', '2'], 'IGMP'] as const)
  const forced = facts.sysctl(path)
  if (forced === undefined || !(old as readonly string[]).includes(forced)) return []
  const why =
    'Sources can be named only from IGMPv3 and MLDv2 on: switches and routers will let every sender through, or none.'
  const command = asRoot(facts, `sysctl -w ${path}=0`)
  return [finding('warning', 'mcast.source', `${name} is held to ${protocol}v${forced}`, why, { command })]
}
