/** The doctor's checks on hosts that are made up: each ailment alone, and that its remedy's state is healthy. */

import assert from 'node:assert/strict'
import { examine } from '../../lib/doctor/index.js'
import type { HostFacts } from '../../lib/doctor/index.js'
import { parseSpec } from '../../lib/spec/index.js'
import { eth0, findOne, host, lo } from './made_up.js'

const find = (check: string, spec: string, changes: Partial<HostFacts> = {}) =>
  findOne(check, spec, host(changes))

describe('doctor: checks', () => {
  it('finds nothing on a healthy host', () => {
    for (const spec of ['mcast', 'ucast,,192.0.2.7', 'mcast,,ff15::1']) {
      assert.deepEqual(
        examine(host(), parseSpec(spec)).filter(({ level }) => level !== 'ok'),
        [],
        spec,
      )
    }
  })

  it('no multicast route', () => {
    const finding = find('route', 'mcast', { route: () => 'ENETUNREACH' })
    assert.equal(finding.level, 'problem')
    assert.match(finding.what, /no route to the group 239\.192\.168\.1/)
    assert.deepEqual(finding.remedy, [
      'add interface=NAME to the spec, as in mcast,,239.192.168.1,1102,1,interface=lo',
      'ip route add 239.0.0.0/8 dev lo',
    ])
  })

  it('no multicast route, but only one interface up: that one is used', () => {
    const finding = find('route', 'mcast', {
      route: () => 'ENETUNREACH',
      interfaces: [lo, { ...eth0, isUp: false }],
    })
    assert.equal(finding.level, 'note')
    assert.match(finding.what, /lo is used/)
  })

  it('an interface without MULTICAST: a problem on a NIC, a note on loopback', () => {
    const flagless = {
      interfaces: [
        { ...lo, hasMulticast: false },
        { ...eth0, hasMulticast: false },
      ],
    }
    const nic = find('multicast', 'mcast', flagless)
    assert.equal(nic.level, 'problem')
    assert.deepEqual(nic.remedy, ['ip link set eth0 multicast on'])
    assert.equal(find('multicast', 'mcast,,,,,interface=lo', flagless).level, 'note')
  })

  it('a port taken by a program that does not share it', () => {
    const finding = find('port', 'mcast', { bind: () => 'EADDRINUSE' })
    assert.equal(finding.level, 'problem')
    assert.match(finding.why!, /SO_REUSEADDR/)
    assert.match(finding.remedy![0]!, /^ss -ulnp 'sport = :1102'/)
  })

  it('small receive buffers', () => {
    const finding = find('buffer', 'mcast', { sysctl: () => '212992' })
    assert.equal(finding.level, 'warning')
    assert.equal(finding.remedy![0], 'sysctl -w net.core.rmem_max=4194304')
    assert.equal(find('buffer', 'mcast,,,,,buffer=65536', { sysctl: () => '212992' }).level, 'ok')
    assert.equal(find('buffer', 'mcast', { sysctl: () => undefined }).level, 'note')
  })

  it('an MTU that fragments, and the guest MTU that does not', () => {
    const at = (spec: string, mtu: number) => find('mtu', spec, { interfaces: [lo, { ...eth0, mtu }] })
    assert.equal(at('mcast', 1542).level, 'ok')
    assert.equal(at('mcast', 1541).level, 'warning')
    assert.deepEqual(at('mcast', 1500).remedy, ['in each guest: ip link set eth0 mtu 1458'])
    assert.deepEqual(at('mcast,,ff15::1', 1500).remedy, ['in each guest: ip link set eth0 mtu 1438'])
    const cable = find('mtu', 'ucast,,192.0.2.7', { route: () => ({ interfaceIndex: 2, mtu: 1500 }) })
    assert.equal(cable.level, 'warning')
  })

  it('what an MTU means: which frames are fragmented, what taps get, what TCP is clamped to', () => {
    const said = (options: string, mtu = 1500, group = '') =>
      find('mtu', `mcast,,${group}${options}`, { interfaces: [lo, { ...eth0, mtu }] }).what
    assert.equal(
      said(''),
      'MTU 1500 on eth0: frames over 1472 octets, that is IP packets over 1458, will be fragmented; ' +
        'taps with mtu=auto get 1458, TCP is clamped to 1418 octets a segment (IPv6: 1398)',
    )
    assert.match(said('', 1500, 'ff15::1'), /over 1452 octets.*over 1438.*get 1438, TCP is clamped to 1398/)
    assert.match(said(',mss=off'), /TCP is left alone \(mss=off\)$/)
    assert.match(said(',mss=1200'), /TCP is clamped to 1200 octets a segment$/)
    assert.match(said(',mss=1460'), /TCP is clamped to 1460 octets a segment, more than the 1418 that fit$/)
    assert.match(said(',mtu=1400'), /mtu=1400 keeps frames below that; .* get 1400, TCP is clamped to 1360/)
    assert.match(said(',mtu=1500'), /will be fragmented; taps with mtu=auto get 1458/)
    assert.match(said('', 9000), /frames up to 8972 octets go in one piece; taps with mtu=auto get 1500$/)
  })

  it('runs that can not pass in one piece', () => {
    const lacking = (features: ReturnType<HostFacts['udpFeatures']>) =>
      find('offload', 'ucast,,192.0.2.7', { udpFeatures: () => features })
    assert.equal(lacking({ segment: true, gro: true }).level, 'ok')
    assert.match(lacking({ segment: true, gro: false }).what, /lacks UDP_GRO \(Linux 5\.0\)$/)
    assert.match(lacking({ segment: false, gro: false }).what, /lacks UDP_SEGMENT .* and UDP_GRO/)
    assert.equal(lacking('EAFNOSUPPORT').level, 'note')
    assert.match(find('offload', 'mcast,offload=off', {}).what, /offload=off/)
  })

  it('an interface that is not there, or down', () => {
    const unknown = find('interface', 'mcast,,,,,interface=eth7', {})
    assert.equal(unknown.level, 'problem')
    assert.match(unknown.remedy![0]!, /one of lo, eth0/)
    const down = examine(
      host({ interfaces: [lo, { ...eth0, isUp: false }] }),
      parseSpec('mcast,,,,,interface=eth0'),
    )
    assert.deepEqual(down.find(({ level }) => level === 'problem')?.remedy, ['ip link set eth0 up'])
  })

  it('an IPv6 group without a route on the interface named', () => {
    const finding = find('route6', 'mcast,,ff15::1,,,interface=lo', { route: () => 'ENETUNREACH' })
    assert.equal(finding.level, 'problem')
    assert.deepEqual(finding.remedy, ['ip -6 route add local ff00::/8 dev lo table local'])
  })

  it('UML guests that would join elsewhere', () => {
    const finding = find('uml', 'mcast,,,,,interface=lo', {})
    assert.equal(finding.level, 'note')
    assert.match(finding.what, /join it on eth0, not on lo/)
  })

  it('a cable: no route to the remote, a listening port that is taken', () => {
    assert.equal(find('route', 'ucast,,192.0.2.7', { route: () => 'ENETUNREACH' }).level, 'problem')
    assert.equal(find('port', 'ucast,,192.0.2.7', { bind: () => 'EADDRINUSE' }).level, 'problem')
  })

  it('groups and TTLs that reach further than one may think', () => {
    assert.equal(find('scope', 'mcast,,224.5.6.7', {}).level, 'note')
    assert.equal(find('ttl', 'mcast,,,,8', {}).level, 'note')
  })
})
