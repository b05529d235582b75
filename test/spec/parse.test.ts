/**
 * What each spelling means: the exact normalised object, and the canonical string.
 */

import assert from 'node:assert/strict'
import { formatSpec, parseSpec } from '../../lib/spec/index.js'
import type { McastSpec, PortSpec, SpecObject, UcastSpec } from '../../lib/spec/index.js'

const MCAST: McastSpec = {
  transport: 'mcast',
  group: '239.192.168.1',
  port: 1102,
  ttl: 1,
  loop: true,
  mss: 'auto',
  offload: 'auto',
}
const TUNTAP = { transport: 'tuntap', mtu: 'auto', offload: 'auto', persist: false } as const

const UCAST: UcastSpec = {
  transport: 'ucast',
  remote: '192.0.2.7',
  listenPort: 1102,
  remotePort: 1102,
  mss: 'auto',
  offload: 'auto',
}
const HOST: PortSpec = { transport: 'host', maxFrame: 65535, ringOctets: 4194304 }

const MAC = 'fe:fd:00:00:00:01'

const spellings: [spec: string | SpecObject, normalised: PortSpec, canonical: string][] = [
  ['mcast', MCAST, 'mcast'],
  ['eth0=mcast', MCAST, 'mcast'],
  ['eth12=mcast,,,,', MCAST, 'mcast'],
  ['mcast,,239.192.168.1,1102,1', MCAST, 'mcast'],
  ['mcast,FE:FD:0:0:0:1', { ...MCAST, mac: MAC }, `mcast,${MAC}`],
  [
    'eth0=mcast,fe:fd:0:0:0:1,239.1.2.3',
    { ...MCAST, mac: MAC, group: '239.1.2.3' },
    `mcast,${MAC},239.1.2.3`,
  ],
  ['mcast,,239.1.2.3,5000', { ...MCAST, group: '239.1.2.3', port: 5000 }, 'mcast,,239.1.2.3,5000'],
  ['mcast,,,,0', { ...MCAST, ttl: 0 }, 'mcast,,239.192.168.1,1102,0'],
  ['mcast,,,,255', { ...MCAST, ttl: 255 }, 'mcast,,239.192.168.1,1102,255'],
  ['mcast,,,65535', { ...MCAST, port: 65535 }, 'mcast,,239.192.168.1,65535'],
  ['mcast,,224.0.1.0', { ...MCAST, group: '224.0.1.0' }, 'mcast,,224.0.1.0'],
  ['mcast,interface=lo', { ...MCAST, interface: 'lo' }, 'mcast,interface=lo'],
  ['mcast,,,,,interface=lo', { ...MCAST, interface: 'lo' }, 'mcast,interface=lo'],
  [
    'mcast,,,5000,interface=2',
    { ...MCAST, port: 5000, interface: '2' },
    'mcast,,239.192.168.1,5000,interface=2',
  ],
  ['mcast,interface=127.0.0.1', { ...MCAST, interface: '127.0.0.1' }, 'mcast,interface=127.0.0.1'],
  ['mcast,interface=FE80:0::1', { ...MCAST, interface: 'fe80::1' }, 'mcast,interface=fe80::1'],
  ['mcast,interface=a=b', { ...MCAST, interface: 'a=b' }, 'mcast,interface=a=b'],
  ['mcast,loop=off,buffer=4M', { ...MCAST, loop: false, buffer: 4194304 }, 'mcast,buffer=4194304,loop=off'],
  ['mcast,loop=on,mss=auto,offload=auto', MCAST, 'mcast'],
  ['mcast,offload=off,mss=off', { ...MCAST, mss: 'off', offload: 'off' }, 'mcast,mss=off,offload=off'],
  ['mcast,mss=1400,mtu=1458', { ...MCAST, mss: 1400, mtu: 1458 }, 'mcast,mss=1400,mtu=1458'],
  [
    'mcast,,232.1.1.1,source=10.0.0.1',
    { ...MCAST, group: '232.1.1.1', source: '10.0.0.1' },
    'mcast,,232.1.1.1,source=10.0.0.1',
  ],
  [
    'mcast,,FF35:0:0::5,source=2001:DB8:0:0::1',
    { ...MCAST, group: 'ff35::5', source: '2001:db8::1' },
    'mcast,,ff35::5,source=2001:db8::1',
  ],
  ['mcast,,FF05:0:0:0:0:0:0:1', { ...MCAST, group: 'ff05::1' }, 'mcast,,ff05::1'],
  ['mcast,,ff02::6%eth0', { ...MCAST, group: 'ff02::6', interface: 'eth0' }, 'mcast,,ff02::6,interface=eth0'],
  [
    'mcast,,ff02::6%eth0,interface=eth0',
    { ...MCAST, group: 'ff02::6', interface: 'eth0' },
    'mcast,,ff02::6,interface=eth0',
  ],
  [{ transport: 'mcast' }, MCAST, 'mcast'],
  [{ transport: 'mcast', group: undefined, ttl: 1, loop: true }, MCAST, 'mcast'],
  [
    { transport: 'mcast', group: '239.192.168.1', port: 1102, ttl: 1, interface: 'lo' },
    { ...MCAST, interface: 'lo' },
    'mcast,interface=lo',
  ],
  [
    { transport: 'mcast', interface: 3, loop: false },
    { ...MCAST, interface: '3', loop: false },
    'mcast,interface=3,loop=off',
  ],
  [
    { transport: 'mcast', mss: 536, buffer: 4096 },
    { ...MCAST, mss: 536, buffer: 4096 },
    'mcast,buffer=4096,mss=536',
  ],
  ['ucast,,192.0.2.7', UCAST, 'ucast,,192.0.2.7'],
  ['tuntap', TUNTAP, 'tuntap'],
  ['eth0=tuntap,,,', TUNTAP, 'tuntap'],
  ['tuntap,tap0', { ...TUNTAP, device: 'tap0' }, 'tuntap,tap0'],
  [
    'eth1=tuntap,tap0,FE:FD:0:0:0:1,198.18.0.1/24',
    { ...TUNTAP, device: 'tap0', mac: 'fe:fd:00:00:00:01', hostIp: '198.18.0.1' },
    'tuntap,tap0,fe:fd:00:00:00:01,198.18.0.1',
  ],
  ['tuntap,,,198.18.0.1/16', { ...TUNTAP, hostIp: '198.18.0.1/16' }, 'tuntap,,,198.18.0.1/16'],
  ['tuntap,,,2001:DB8::1/64', { ...TUNTAP, hostIp: '2001:db8::1' }, 'tuntap,,,2001:db8::1'],
  [
    'tuntap,lan0,persist=on,owner=uml,group=0,mtu=9000,offload=off',
    { ...TUNTAP, device: 'lan0', persist: true, owner: 'uml', group: '0', mtu: 9000, offload: 'off' },
    'tuntap,lan0,group=0,mtu=9000,offload=off,owner=uml,persist=on',
  ],
  [
    'eth3=ucast,2:0:0:0:0:A,192.0.2.7',
    { ...UCAST, mac: '02:00:00:00:00:0a' },
    'ucast,02:00:00:00:00:0a,192.0.2.7',
  ],
  [
    'ucast,,192.0.2.7,4000,5000',
    { ...UCAST, listenPort: 4000, remotePort: 5000 },
    'ucast,,192.0.2.7,4000,5000',
  ],
  ['ucast,,192.0.2.7,,5000', { ...UCAST, remotePort: 5000 }, 'ucast,,192.0.2.7,1102,5000'],
  ['ucast,,192.0.2.7,4000', { ...UCAST, listenPort: 4000 }, 'ucast,,192.0.2.7,4000'],
  [
    'ucast,,FE80::1%eth0,mtu=1400',
    { ...UCAST, remote: 'fe80::1', interface: 'eth0', mtu: 1400 },
    'ucast,,fe80::1,interface=eth0,mtu=1400',
  ],
  ['ucast,,::1,buffer=64k', { ...UCAST, remote: '::1', buffer: 65536 }, 'ucast,,::1,buffer=65536'],
  [
    { transport: 'ucast', remote: '192.0.2.7', remotePort: 1103 },
    { ...UCAST, remotePort: 1103 },
    'ucast,,192.0.2.7,1102,1103',
  ],
  ['host', HOST, 'host'],
  ['host,fe:fd:0:0:0:1', { ...HOST, mac: MAC }, `host,${MAC}`],
  [{ transport: 'host', mac: 'fe:fd:0:0:0:1' }, { ...HOST, mac: MAC }, `host,${MAC}`],
  [
    { transport: 'host', maxFrame: 9014, ringOctets: 65536 },
    { ...HOST, maxFrame: 9014, ringOctets: 65536 },
    'host,maxFrame=9014,ringOctets=65536',
  ],
  ['host,ringOctets=256k', { ...HOST, ringOctets: 262144 }, 'host,ringOctets=262144'],
]

describe('a spec', () => {
  for (const [spec, normalised, canonical] of spellings) {
    const name = typeof spec === 'string' ? spec : JSON.stringify(spec)
    it(`${name} is ${canonical}`, () => {
      assert.deepEqual(parseSpec(spec), normalised)
      assert.equal(formatSpec(spec), canonical)
    })
  }

  it('is a new object each time, so that changing one changes no other', () => {
    const given: SpecObject = { transport: 'mcast', ttl: 3 }
    const spec = parseSpec(given) as McastSpec
    spec.ttl = 9
    assert.equal(given.ttl, 3)
    assert.equal((parseSpec('mcast') as McastSpec).ttl, 1)
  })

  it('narrows to its own type by `transport`', () => {
    const spec = parseSpec('ucast,,192.0.2.7')
    assert.equal(spec.transport === 'ucast' && spec.remote, '192.0.2.7')
  })
})
