// An MTU that people need not think about: taps and TCP fit the link below without a fragment, whatever it carries, and where
// somebody wants it otherwise every fragmented datagram is counted, as the kernel counts it.
import assert from 'node:assert/strict'
import type { Host } from '../support/host.js'
import { Lab, type Link } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { ipCounters } from './ip_counters.js'
import { Join, pingSizes, sendContent, takeContent, transfer } from './tap_lan.js'

const kOctets = 5_000_000
const kAddresses = ['198.18.1.1', '198.18.1.2'] as const

describe('the MTU of taps on a link of 1500', function () {
  this.timeout(60_000)
  let lab: Lab
  let hosts: readonly [Host, Host]
  let link: Link

  before(async function () {
    need(this, 'netns', 'tun', 'ping')
    lab = await Lab.create()
    hosts = [await lab.host('a'), await lab.host('b')]
    link = await lab.link(...hosts)
    for (const [i, host] of hosts.entries()) {
      await host.ip('-6', 'addr', 'add', `2001:db8:9::${i + 1}/64`, 'dev', 'veth0', 'nodad')
    }
  })

  after(() => lab?.close())

  const mtuOf = async (host: Host) => {
    const [tap] = JSON.parse(await host.ip('-j', 'link', 'show', 'dev', 'tap0')) as [{ mtu: number }]
    return tap.mtu
  }
  const tapMtus = () => Promise.all(hosts.map(mtuOf))
  const fragments = async () => {
    const counters = await Promise.all(hosts.map(ipCounters))
    return counters.map(({ FragOKs, FragCreates }) => ({ FragOKs: FragOKs!, FragCreates: FragCreates! }))
  }
  const joinBoth = (tapOptions = '', mcast = 'mcast') =>
    Promise.all(hosts.map((host, i) => Join.start(host, `tuntap,tap0,,${kAddresses[i]}${tapOptions}`, mcast)))
  const stopBoth = async (joins: readonly Join[]) => {
    const totals = await Promise.all(joins.map((join) => join.stop('mcast')))
    return totals.map(([mcast]) => mcast)
  }
  const transferBothWays = async () => {
    await transfer(hosts[0], hosts[1], kAddresses[1], kOctets)
    await transfer(hosts[1], hosts[0], kAddresses[0], kOctets)
  }
  const setLinkMtu = async (mtu: number) => {
    for (const [i, host] of hosts.entries())
      await host.ip('link', 'set', link.devices[i]!, 'mtu', String(mtu))
  }

  for (const { where, spec, mtu } of [
    { where: 'an IPv4 group', spec: 'mcast', mtu: 1458 },
    { where: 'an IPv6 group', spec: 'mcast,,ff15::7:1,interface=veth0', mtu: 1438 },
    { where: 'loopback', spec: 'mcast,,interface=lo', mtu: 1500 },
  ]) {
    it(`is ${mtu} on ${where}`, async () => {
      const joins = await joinBoth('', spec)
      await eventually(async () => (await tapMtus()).every((each) => each === mtu), 5000, `MTUs of ${mtu}`)
      await stopBoth(joins)
    })
  }

  it('needs no fragments for TCP, and what is longer is refused by the tap', async () => {
    const before = await fragments()
    const joins = await joinBoth()
    await transferBothWays()
    await pingSizes(hosts[0], kAddresses[1], [1430])
    const { code, stderr } = await hosts[0].exec('ping', ['-c1', '-W1', '-Mdo', '-s1431', kAddresses[1]])
    assert.equal(code, 1)
    assert.match(stderr, /message too long, mtu[:=] ?1458/i)
    for (const { tx } of await stopBoth(joins)) assert.equal(tx.fragmented, 0)
    assert.deepEqual(await fragments(), before)
  })

  it('set to 1500 by hand: no fragments for TCP either, since the MSS is clamped', async () => {
    const before = await fragments()
    const joins = await joinBoth(',mtu=1500')
    assert.deepEqual(await tapMtus(), [1500, 1500])
    await transferBothWays()
    for (const { tx, mssClamped } of await stopBoth(joins)) {
      assert.equal(tx.fragmented, 0)
      assert.ok(mssClamped >= 2, `${mssClamped} clamped`)
    }
    assert.deepEqual(await fragments(), before)
  })

  it('set to 1500 by hand and nothing clamped: `fragmented` counts what the kernel cut', async () => {
    const before = await fragments()
    const joins = await joinBoth(',mtu=1500', 'mcast,,mss=off')
    await transferBothWays()
    await pingSizes(hosts[0], kAddresses[1])
    const after = await fragments()
    for (const [i, { tx, mssClamped }] of (await stopBoth(joins)).entries()) {
      const gained = after[i]!.FragOKs - before[i]!.FragOKs
      assert.ok(gained > kOctets / 1500, `${gained} datagrams in fragments`)
      assert.equal(tx.fragmented, gained)
      assert.equal(after[i]!.FragCreates - before[i]!.FragCreates, 2 * gained)
      assert.equal(mssClamped, 0)
    }
  })

  it('follows the link, also under a connection', async () => {
    const joins = await joinBoth()
    const { content } = await takeContent(hosts[1])
    const sent = await sendContent(hosts[0], kAddresses[1], 4 * kOctets, () => setLinkMtu(1400))
    assert.deepEqual(await content, sent)
    await eventually(async () => (await tapMtus()).every((mtu) => mtu === 1358), 5000, 'MTUs of 1358')

    const before = await fragments()
    await transferBothWays()
    assert.deepEqual(await fragments(), before)
    await setLinkMtu(1500)
    await eventually(async () => (await tapMtus()).every((mtu) => mtu === 1458), 5000, 'MTUs of 1458')
    await stopBoth(joins)
  })

  it('set by hand: the clamp alone follows the link', async () => {
    const joins = await joinBoth(',mtu=1500')
    await setLinkMtu(1400)
    const before = await fragments()
    await transferBothWays()
    assert.deepEqual(await fragments(), before)
    await setLinkMtu(1500)
    for (const { facts } of await stopBoth(joins)) assert.match(facts.mss!, /^at most 1418 /)
  })

  it('is what `doctor` foretells', async () => {
    const findings = async () => {
      const { stdout } = await hosts[0].ethercast(['doctor', 'mcast', '--json']).result()
      const lines = stdout.trim().split('\n')
      const all = lines.map((line) => JSON.parse(line) as { check?: string; level: string; what: string })
      return all.filter(({ check }) => check === 'mtu')
    }
    const [narrow] = await findings()
    assert.notEqual(narrow!.level, 'ok')
    assert.match(
      narrow!.what,
      /MTU 1500 on .*frames over 1472 octets, that is IP packets over 1458, will be fragmented; taps with mtu=auto get 1458,/,
    )
    await setLinkMtu(1600)
    assert.deepEqual(
      (await findings()).map(({ level }) => level),
      ['ok'],
    )
    await setLinkMtu(1500)
  })
})
