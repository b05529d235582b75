import { splitEndpoint } from '../spec/endpoint.js'
import type { StreamSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'
import { checkTcpListen, checkTcpPeer } from './tcp.js'
import { checkClients, checkMade, checkPeer } from './unix.js'

/** What would keep a `stream` port from working here. */
export function checkStream({ listen, connect, clients, wait }: StreamSpec, facts: HostFacts): Finding[] {
  if (listen !== undefined) {
    const end = splitEndpoint(listen)
    return [
      ...('path' in end ? [checkMade(end.path, facts)] : checkTcpListen(facts, end.host, end.port)),
      ...checkClients(clients, 1, facts),
    ]
  }
  const end = splitEndpoint(connect!)
  if ('path' in end) return [checkPeer(end.path, { type: 'stream', isAwaited: wait }, facts)]
  return [checkTcpPeer(facts, end.host, end.port, wait)]
}
