import { splitEndpoint } from '../spec/endpoint.js'
import type { StreamSpec } from '../spec/index.js'
import { checkMaking, checkPeerPath, checkTcpListen, checkTcpPeer } from './endpoint.js'
import type { HostFacts } from './facts.js'
import type { Finding } from './finding.js'

/** What would keep a `stream` port from working here. */
export function checkStream({ listen, connect, wait }: StreamSpec, facts: HostFacts): Finding[] {
  if (listen !== undefined) {
    const end = splitEndpoint(listen)
    return 'path' in end ? checkMaking(facts, end.path) : checkTcpListen(facts, end.host, end.port)
  }
  const end = splitEndpoint(connect!)
  if ('path' in end) return checkPeerPath(facts, end.path, 'stream', wait)
  return checkTcpPeer(facts, end.host, end.port, wait)
}
