/** A host that is made up, for the doctor's checks. */

import type { HostFacts } from '../../lib/doctor/index.js'

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

/** A host in the best of health, with what a test takes away from it. */
export function host(changes: Partial<HostFacts> = {}): HostFacts {
  return {
    interfaces: [lo, eth0],
    route: () => ({ interfaceIndex: 2, mtu: 9000 }),
    bind: () => ({ receiveBuffer: 8 << 20 }),
    link: () => undefined,
    tunFeatures: () => 0x5103, // IFF_TUN, IFF_TAP, IFF_MULTI_QUEUE, IFF_NO_PI, IFF_VNET_HDR
    udpFeatures: () => ({ segment: true, gro: true }),
    socketFile: () => undefined,
    socketFolder: () => 'ok',
    user: { uid: 0, groups: [0], hasNetAdmin: true },
    sysctl: () => String(8 << 20),
    hasProgram: () => true,
    node: '20.20.2',
    kernel: '6.1.0',
    ...changes,
  }
}
