/** A host that is made up, for the doctor's checks. */

import assert from 'node:assert/strict'
import { examine } from '../../lib/doctor/index.js'
import type { Finding, HostFacts, PathFact, SocketFacts } from '../../lib/doctor/index.js'
import { parseSpec } from '../../lib/spec/index.js'

export const lo = {
  index: 1,
  name: 'lo',
  isUp: true,
  isLoopback: true,
  hasMulticast: true,
  mtu: 65536,
  addresses: ['127.0.0.1'],
}
export const eth0 = {
  index: 2,
  name: 'eth0',
  isUp: true,
  isLoopback: false,
  hasMulticast: true,
  mtu: 9000,
  addresses: ['192.0.2.1'],
}

/** A socket that a stream listener has. */
export const alive: PathFact = {
  kind: 'socket',
  mode: 0o755,
  owner: 0,
  isWritable: true,
  holder: { name: 'uml_switch (812)', type: 'stream' },
}
/** One that nobody has. */
export const { holder: _, ...dead } = alive

/** Sockets of a host that has these paths and no others. */
export function sockets(
  files: Record<string, PathFact | string>,
  changes: Partial<SocketFacts> = {},
): SocketFacts {
  const at = (path: string) => files[path]
  return {
    at,
    named: at,
    folderFault: () => undefined,
    isTcpListening: () => false,
    descriptor: () => undefined,
    ...changes,
  }
}

/** The one finding of a check. */
export function findOne(check: string, spec: string, facts: HostFacts): Finding {
  const found = examine(facts, parseSpec(spec)).filter((finding) => finding.check === check)
  assert.equal(found.length, 1, `${check} is looked at once: ${JSON.stringify(found)}`)
  return found[0]!
}

/** A host in the best of health, with what a test takes away from it. */
export function host(changes: Partial<HostFacts> = {}): HostFacts {
  return {
    interfaces: [lo, eth0],
    route: () => ({ interfaceIndex: 2, mtu: 9000 }),
    bind: () => ({ receiveBuffer: 8 << 20 }),
    link: () => undefined,
    tunFeatures: () => 0x5103, // IFF_TUN, IFF_TAP, IFF_MULTI_QUEUE, IFF_NO_PI, IFF_VNET_HDR
    udpFeatures: () => ({ segment: true, gro: true }),
    sockets: sockets({}),
    user: { uid: 0, groups: [0], hasNetAdmin: true },
    sysctl: () => String(8 << 20),
    hasProgram: () => true,
    node: '20.20.2',
    kernel: '6.1.0',
    ...changes,
  }
}
