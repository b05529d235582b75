import { splitEndpoint } from '../spec/endpoint.js'
import type { DgramSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import { noRoute } from './ip.js'
import { checkBuffer, checkMtu, checkPort, checkUdpOffload } from './udp.js'
import { checkMade, checkPeer } from './unix.js'

/** What would keep a `dgram` port from working here. */
export function checkDgram(spec: DgramSpec, facts: HostFacts): Finding[] {
  const local = splitEndpoint(spec.local)
  const remote = splitEndpoint(spec.remote)
  if ('path' in local || 'path' in remote) {
    return [checkMade(spec.local, facts), checkPeer(spec.remote, { type: 'dgram', isAwaited: true }, facts)]
  }
  const route = facts.route(remote.host)
  const way: Finding[] =
    typeof route === 'string'
      ? [noRoute(remote.host, route)]
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
