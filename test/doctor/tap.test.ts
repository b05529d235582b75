/** The doctor's checks of taps on hosts that are made up. */

import assert from 'node:assert/strict'
import { examine } from '../../lib/doctor/index.js'
import type { Finding, HostFacts, HostLink } from '../../lib/doctor/index.js'
import { parseSpec } from '../../lib/spec/index.js'
import { findOne, host } from './made_up.js'

const tap0: HostLink = {
  name: 'tap0',
  kind: 'tun',
  isUp: true,
  hasCarrier: false,
  mtu: 1458,
  isTap: true,
  hasMultiQueue: false,
  isPersistent: true,
  queues: 0,
}
const somebody = { uid: 1000, groups: [1000, 27], hasNetAdmin: false }
const withTap = (changes: Partial<HostLink> = {}): Partial<HostFacts> => ({
  link: (name) => (name === 'tap0' ? { ...tap0, ...changes } : undefined),
})

function all(spec: string, changes: Partial<HostFacts> = {}): Finding[] {
  return examine(host(changes), parseSpec(spec))
}
const find = (check: string, spec: string, changes: Partial<HostFacts> = {}) =>
  findOne(check, spec, host(changes))

describe('doctor: taps', () => {
  it('finds nothing on a healthy host, whoever makes the tap', () => {
    const owned = { ...withTap({ owner: 1000 }), user: somebody }
    for (const [spec, changes] of [
      ['tuntap', {}],
      ['tuntap,tap0,,198.18.0.1', {}],
      ['tuntap,tap0', withTap()],
      ['tuntap,tap0', owned],
    ] as const) {
      assert.deepEqual(
        all(spec, changes).filter(({ level }) => level !== 'ok'),
        [],
        spec,
      )
    }
  })

  it('/dev/net/tun that is not there, or not for everybody', () => {
    const missing = find('tun', 'tuntap', { tunFeatures: () => 'ENOENT' })
    assert.equal(missing.level, 'problem')
    assert.match(missing.remedy!.join('\n'), /modprobe tun[^]*mknod[^]*--device/)
    assert.match(find('tun', 'tuntap', { tunFeatures: () => 'EACCES' }).remedy![0]!, /chmod 666/)
    assert.equal(find('tun', 'tuntap', { tunFeatures: () => 'ENODEV' }).level, 'problem')
  })

  it('no privilege to make one: the command that makes it once', () => {
    const finding = find('device', 'tuntap,,,198.18.0.1', { user: somebody })
    assert.equal(finding.level, 'problem')
    assert.match(
      finding.remedy![0]!,
      /^sudo ip tuntap add dev tap0 mode tap user 1000; sudo ip link set dev tap0 up$/,
    )
    assert.equal(finding.remedy![1], 'then: tuntap,tap0,,198.18.0.1')
    assert.match(find('device', 'tuntap,lan0', { user: somebody }).remedy![0]!, /dev lan0 /)
  })

  it('what is no tap', () => {
    const bridge = find('device', 'tuntap,tap0', withTap({ isTap: false, kind: 'bridge' }))
    assert.equal(bridge.level, 'problem')
    assert.match(bridge.what, /not a tap but a bridge/)
    assert.match(find('device', 'tuntap,tap0', withTap({ isTap: false })).what, /without Ethernet/)
    assert.match(find('device', 'tuntap,tap0', withTap({ isTap: false, kind: '' })).what, /a network device/)
  })

  it("somebody else's, by user or by group", () => {
    const of = (changes: Partial<HostLink>, user = somebody) =>
      find('device', 'tuntap,tap0', { ...withTap(changes), user })
    assert.equal(of({ owner: 1001 }).level, 'problem')
    assert.match(of({ owner: 1001 }).remedy![0]!, /tuntap del dev tap0 mode tap; .* user 1000/)
    assert.match(of({ owner: 1001, hasMultiQueue: true }).remedy![0]!, /del dev tap0 mode tap multi_queue/)
    assert.equal(of({ group: 99 }).level, 'problem')
    assert.equal(of({ group: 27 }).level, 'ok')
    assert.equal(of({ owner: 1001 }, { ...somebody, hasNetAdmin: true }).level, 'ok')
  })

  it('one that another program has', () => {
    const busy = find('busy', 'tuntap,tap0', withTap({ hasCarrier: true }))
    assert.equal(busy.level, 'problem')
    assert.match(busy.remedy![0]!, /fdinfo/)
    const shared = find('busy', 'tuntap,tap0', withTap({ hasCarrier: true, hasMultiQueue: true, queues: 2 }))
    assert.equal(shared.level, 'note')
  })

  it('down: a warning, unless it will be set up', () => {
    const down = find('up', 'tuntap,tap0', withTap({ isUp: false }))
    assert.equal(down.level, 'warning')
    assert.deepEqual(down.remedy, ['sudo ip link set dev tap0 up'])
    assert.equal(find('up', 'tuntap,tap0,,198.18.0.1', withTap({ isUp: false })).level, 'ok')
  })

  it('the MTU: the rule, and a tap that was there and is larger than a usual LAN', () => {
    assert.match(find('mtu', 'tuntap').what, /at most 1500/)
    const large = find('mtu', 'tuntap,tap0', withTap({ mtu: 1500 }))
    assert.equal(large.level, 'note')
    assert.match(large.remedy![0]!, /mtu 1458/)
    assert.equal(find('mtu', 'tuntap,tap0,mtu=9000', withTap()).level, 'ok')
    const may = find('mtu', 'tuntap,tap0,mtu=9000', { ...withTap(), user: somebody })
    assert.equal(may.level, 'warning')
    assert.deepEqual(may.remedy, ['sudo ip link set dev tap0 mtu 9000'])
  })

  it('the address: had by another device, or not to be given', () => {
    const taken = find('address', 'tuntap,tap0,,192.0.2.1', withTap())
    assert.equal(taken.level, 'warning')
    assert.match(taken.what, /eth0/)
    const unable = find('address', 'tuntap,tap0,,198.18.0.1', { ...withTap(), user: somebody })
    assert.deepEqual(unable.remedy, ['sudo ip addr replace 198.18.0.1/24 dev tap0'])
  })

  it('offloads: off, none, and no USO', () => {
    assert.equal(find('offload', 'tuntap,offload=off').level, 'note')
    assert.equal(find('offload', 'tuntap', { tunFeatures: () => 0x1002 }).level, 'warning')
    assert.match(find('offload', 'tuntap', { kernel: '6.1.0' }).what, /UDP ones from Linux 6.2/)
    assert.doesNotMatch(find('offload', 'tuntap', { kernel: '6.18.4' }).what, /6\.2/)
  })
})
