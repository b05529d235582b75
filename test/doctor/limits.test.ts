/** The doctor's checks of versions and limits, and of specs that can't work on any host; on hosts that are made up. */

import assert from 'node:assert/strict'
import { examine, hostFacts } from '../../lib/doctor/index.js'
import type { Finding, HostFacts } from '../../lib/doctor/index.js'
import { atLeast } from '../../lib/doctor/version.js'
import { parseSpec } from '../../lib/spec/index.js'
import { host as healthy } from './made_up.js'

const kInterface = { isUp: true, hasMulticast: true }
const kLo = {
  ...kInterface,
  index: 1,
  name: 'lo',
  isLoopback: true,
  mtu: 65536,
  addresses: ['127.0.0.1', '::1'],
}
const kEth0 = {
  ...kInterface,
  index: 2,
  name: 'eth0',
  isLoopback: false,
  mtu: 9000,
  addresses: ['192.0.2.1'],
}

function host(changes: Partial<HostFacts> = {}): HostFacts {
  return {
    ...healthy(),
    interfaces: [kLo, kEth0],
    route: (_address, index = 2) => ({ interfaceIndex: index, mtu: 9000 }),
    programVersion: () => '6.1.176',
    engines: '>=20.20',
    libc: 'glibc 2.36',
    openFiles: 1024,
    ...changes,
  }
}

/** What is not `ok`. */
function find(changes: Partial<HostFacts>, spec?: string): Finding[] {
  const parsed = spec === undefined ? undefined : parseSpec(spec)
  return examine(host(changes), parsed).filter(({ level }) => level !== 'ok')
}

const brief = (findings: Finding[]) => findings.map(({ level, check }) => `${level} ${check}`)

describe('doctor: versions and limits', () => {
  it('finds nothing on a healthy host', () => {
    for (const spec of [undefined, 'mcast', 'ucast,,192.0.2.7', 'mcast,,232.1.2.3,source=192.0.2.9'])
      assert.deepEqual(find({}, spec), [], spec)
  })

  it('compares versions by their numbers', () => {
    assert.ok(atLeast('20.20.0', '20.20'))
    assert.ok(atLeast('20.20', '20.20.0'))
    assert.ok(atLeast('22.1.0', '20.20'))
    assert.ok(!atLeast('20.9.0', '20.20'))
    assert.ok(atLeast('6.18.44-fc', '6.16'))
    assert.ok(!atLeast('6.1.176', '6.16'))
  })

  it('an old Node.js, few descriptors', () => {
    const findings = find({ node: '18.20.4', openFiles: 64 })
    assert.deepEqual(brief(findings), ['problem node', 'warning files'])
    assert.deepEqual(findings[1]!.remedy, ['ulimit -n 4096'])
    assert.deepEqual(find({ openFiles: undefined }), [])
    assert.deepEqual(find({ openFiles: Infinity }), [])
  })

  it('a UML that has lost mcast and ucast', () => {
    const findings = find({ programVersion: (name) => (name === 'linux.uml' ? '6.16.1' : '7.2.22') })
    assert.deepEqual(brief(findings), ['note guests'])
    assert.match(findings[0]!.what, /linux\.uml 6\.16\.1\), without mcast and ucast/)
    assert.deepEqual(find({ programVersion: () => undefined }), [])
  })

  it('limits on joining', () => {
    const changes = { sysctl: (name: string) => (name.includes('igmp') ? '0' : String(8 << 20)) }
    assert.deepEqual(brief(find(changes, 'mcast')), ['problem memberships'])
    assert.deepEqual(
      find(changes, 'mcast,,232.1.2.3,source=192.0.2.9').flatMap(({ remedy }) => remedy),
      ['sysctl -w net.ipv4.igmp_max_memberships=20', 'sysctl -w net.ipv4.igmp_max_msf=20'],
    )
    assert.deepEqual(find(changes, 'mcast,,ff15::1'), [])
  })

  it('a port for root alone', () => {
    const [finding] = find({ bind: () => 'EACCES' }, 'mcast,,,80')
    assert.equal(finding!.remedy![0], 'sysctl -w net.ipv4.ip_unprivileged_port_start=80')
  })

  it('a route with less than its interface', () => {
    const route = () => ({ interfaceIndex: 2, mtu: 1400 })
    assert.deepEqual(brief(find({ route }, 'mcast')), ['warning mtu'])
  })

  it('TTL 0, where other hosts might be meant', () => {
    assert.deepEqual(brief(find({}, 'mcast,,,,0')), ['note ttl'])
    assert.deepEqual(brief(find({}, 'mcast,,,,0,interface=lo')), ['note uml'])
  })

  it('asks for ports where the ports will be', () => {
    const asked: string[] = []
    const bind = (address: string) => {
      asked.push(address)
      return { receiveBuffer: 8 << 20 }
    }
    for (const spec of [
      'ucast,,192.0.2.7',
      'ucast,,127.0.0.1,4000,4001',
      'ucast,,2001:db8::1',
      'ucast,,::1,4000,4001',
    ])
      find({ bind }, spec)
    for (const spec of ['mcast', 'mcast,,ff15::1', 'mcast,,ff02::99,interface=eth0']) find({ bind }, spec)
    assert.deepEqual(asked, ['0.0.0.0', '127.0.0.1', '::', '::1', '239.192.168.1', 'ff15::1', '::'])
  })

  it('a cable to itself', () => {
    assert.deepEqual(brief(find({}, 'ucast,,127.0.0.1')), ['problem self'])
    assert.deepEqual(brief(find({}, 'ucast,,192.0.2.1')), ['problem self'])
    assert.deepEqual(find({}, 'ucast,,127.0.0.1,1102,1103'), [])
    const [finding] = find({}, 'ucast,,127.0.0.1,65535,65535')
    assert.match(finding!.remedy![0]!, /ucast,,127\.0\.0\.1,65535,65534/)
  })

  it('this host can be asked all of it', () => {
    const facts = hostFacts()
    assert.match(facts.engines!, /^>=20/)
    assert.ok(facts.openFiles! > 0)
    assert.equal(facts.programVersion!('no-such-program'), undefined)
    assert.equal(facts.programVersion!(process.execPath), process.versions.node)
    assert.ok(
      examine(facts, parseSpec('mcast,,ff02::99,interface=lo')).every(({ what }) => !what.includes('EINVAL')),
    )
  })
})
