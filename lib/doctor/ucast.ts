import { isIPv6 } from 'node:net'
import { formatSpec } from '../spec/index.js'
import type { UcastSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import { noRoute } from './ip.js'
import {
  checkBuffer,
  checkMtu,
  checkPort,
  checkUdpOffload,
  checkUp,
  namedInterface,
  unknownInterface,
} from './udp.js'

/** What would keep this host from the cable of a `ucast` spec. */
export function checkUcast(spec: UcastSpec, facts: HostFacts): Finding[] {
  const findings: Finding[] = []
  const named = spec.interface === undefined ? undefined : namedInterface(facts, spec.interface)
  if (spec.interface !== undefined && named === undefined)
    findings.push(unknownInterface(facts, spec.interface))
  if (named !== undefined) findings.push(...checkUp(named))

  const route = facts.route(spec.remote, named?.index)
  if (typeof route === 'string') {
    findings.push(noRoute(spec.remote, route))
  } else {
    const through = facts.interfaces.find(({ index }) => index === route.interfaceIndex)
    const way = through?.name ?? `interface ${route.interfaceIndex}`
    findings.push(
      ok('route', `the route to ${spec.remote} goes through ${way}`),
      checkMtu(spec, spec.remote, route.mtu, way),
    )
  }
  findings.push(
    checkPort(
      facts,
      localAddress(spec),
      spec.listenPort,
      false,
      'another program listens there, and a cable has one end',
    ),
    checkBuffer(facts, spec.buffer),
    checkUdpOffload(spec, facts),
    ...checkSelf(spec, facts),
  )
  return findings
}

/** What the port binds: a remote on this host needs nobody else to reach us. */
function localAddress({ remote }: UcastSpec): string {
  if (isIPv6(remote)) return remote === '::1' ? remote : '::'
  return remote.startsWith('127.') ? remote : '0.0.0.0'
}

/** Both ends on one host with the same port: what is sent comes back. */
function checkSelf(spec: UcastSpec, { interfaces }: HostFacts): Finding[] {
  const { remote, listenPort, remotePort } = spec
  const isHere = remote.startsWith('127.') || interfaces.some(({ addresses }) => addresses.includes(remote))
  if (!isHere || listenPort !== remotePort) return []
  const other = listenPort === 65535 ? listenPort - 1 : listenPort + 1
  return [
    {
      level: 'problem',
      check: 'self',
      what: `this port sends to itself: ${remote} is this host, and both ports are ${listenPort}`,
      remedy: [
        `two ports, as in ${formatSpec({ ...spec, remotePort: other })}; the other side has them the other way round`,
      ],
    },
  ]
}
