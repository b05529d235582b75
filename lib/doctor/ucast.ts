/**
 * What `ucast` needs of the host: a route to the other side, and the port to listen on.
 */

import type { UcastSpec } from '../spec/index.js'
import { formatSpec } from '../spec/index.js'
import type { HostFacts, InterfaceFacts, RouteFacts } from './facts.js'
import { asRoot, has } from './facts.js'
import { finding } from './finding.js'
import type { Finding } from './finding.js'
import { checkMtu, checkPort, checkReceiveBuffer, checkUp, namedInterface } from './udp.js'

export function checkUcast(spec: UcastSpec, facts: HostFacts): Finding[] {
  const { found, findings } = namedInterface(facts, spec)
  if (findings.length > 0) return findings
  const family = spec.remote.includes(':') ? 6 : 4
  const route = facts.routeTo(spec.remote, found?.index ?? 0)
  const on = found ?? ('errno' in route ? undefined : byIndex(facts, route))
  const port = checkPort(facts, 'ucast', {
    address: localAddress(spec),
    port: spec.listenPort,
    shared: false,
  })
  return [
    ...('errno' in route
      ? [noRoute(spec, facts, on, route.errno)]
      : [finding('ok', 'ucast.route', routeText(spec, on))]),
    ...(on === undefined ? [] : checkUp(facts, 'ucast', on)),
    ...checkSelf(spec, facts),
    ...port.findings,
    ...checkReceiveBuffer(facts, spec.buffer, port.receiveBuffer),
    ...('errno' in route ? [] : checkMtu(facts, spec, family, { lanMtu: route.mtu, on })),
  ]
}

const byIndex = ({ interfaces }: HostFacts, { interfaceIndex }: RouteFacts) =>
  interfaces.find(({ index }) => index === interfaceIndex)

const routeText = ({ remote }: UcastSpec, on: InterfaceFacts | undefined) =>
  `the route to ${remote} goes by ${on?.name ?? 'an interface that has just gone'}`

/** What the port binds: a remote on this host needs nobody else to reach us. */
function localAddress({ remote }: UcastSpec): string {
  if (remote.includes(':')) return remote === '::1' ? remote : '::'
  return remote.startsWith('127.') ? remote : '0.0.0.0'
}

function noRoute(
  { remote }: UcastSpec,
  facts: HostFacts,
  on: InterfaceFacts | undefined,
  errno: string,
): Finding {
  const through = on === undefined ? '' : ` by ${on.name}`
  const name =
    on?.name ?? facts.interfaces.find((each) => has(each, 'up') && !has(each, 'loopback'))?.name ?? 'NAME'
  const version = remote.includes(':') ? '-6 ' : ''
  return finding('problem', 'ucast.route', `no route to ${remote}${through}`, `The kernel says ${errno}.`, {
    command: asRoot(facts, `ip ${version}route add ${remote} dev ${name}`),
    when: 'if it is on that link',
  })
}

/** Both ends on one host with one port: what is sent comes back. */
function checkSelf(spec: UcastSpec, { interfaces }: HostFacts): Finding[] {
  const { remote, listenPort, remotePort } = spec
  const isHere = remote.startsWith('127.') || interfaces.some(({ addresses }) => addresses.includes(remote))
  if (!isHere || listenPort !== remotePort) return []
  const other = { ...spec, remotePort: remotePort === 65535 ? remotePort - 1 : remotePort + 1 }
  const why = `${remote} is this host, and both ports are ${listenPort}. The other side has the ports the other way round.`
  return [
    finding('problem', 'ucast.self', 'the port sends to itself', why, {
      command: `ethercast doctor '${formatSpec(other)}'`,
      when: 'with two ports, as in',
    }),
  ]
}
