import { splitEndpoint } from '../spec/endpoint.js'
import type { DgramSpec } from '../spec/index.js'
import { checkMaking, checkPeerPath } from './endpoint.js'
import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import { checkBuffer, checkMtu, checkPort, checkUdpOffload } from './udp.js'

/** What would keep a `dgram` port from working here. */
export function checkDgram(spec: DgramSpec, facts: HostFacts): Finding[] {
  const local = splitEndpoint(spec.local)
  const remote = splitEndpoint(spec.remote)
  if ('path' in local || 'path' in remote) {
    return [...checkMaking(facts, spec.local), ...checkPeerPath(facts, spec.remote, 'dgram', true)]
  }
  const route = facts.route(remote.host)
  const way: Finding[] =
    typeof route === 'string'
      ? [
          {
            level: 'problem',
            check: 'route',
            what: `no route to ${remote.host} (${route})`,
            remedy: [`ip route add ${remote.host} dev NAME`],
          },
        ]
      : [
          ok('route', `there is a route to ${remote.host}`),
          checkMtu(spec, remote.host, route.mtu, `the route to ${remote.host}`),
        ]
  return [
    ...way,
    checkPort(facts, local.host, local.port, false, 'another program listens there, and a cable has one end'),
    checkBuffer(facts, spec.buffer),
    checkUdpOffload(spec, facts),
  ]
}
