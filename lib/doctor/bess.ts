import { resolve } from 'node:path'
import type { BessSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import { checkClients, checkMade, checkPeer } from './unix.js'

/** What would keep a `bess` port from working here. */
export function checkBess({ listen, connect, clients, wait }: BessSpec, facts: HostFacts): Finding[] {
  if (listen === undefined) {
    const start = [`start what listens there, as in slirp4netns --target-type=bess ${connect!}`]
    return [checkPeer(connect!, { type: 'seqpacket', isAwaited: wait, start }, facts)]
  }
  return [
    checkMade(listen, facts),
    ...checkClients(clients, 1, facts),
    ok('guest', `a guest joins with vec0:transport=bess,dst=${resolve(listen)},mac=fe:fd:00:00:00:01`),
  ]
}
