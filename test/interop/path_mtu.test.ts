// The MTU of the network below: noticed, followed, told to the tap, and to TCP by the MSS of its SYNs. Between namespaces.
import assert from 'node:assert/strict'
import { internetChecksum, pseudoSum4, pseudoSum6, sum16 } from '../../lib/net/checksum.js'
import { parseIp } from '../../lib/spec/ip.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { Recorder } from '../support/recorder.js'
import { eventually } from '../support/wait.js'
import { randomFrames } from './frames.js'
import { LanNode } from './lan_node.js'

const kGroup = '239.192.168.1'
const kMcast = 'mcast,,interface=veth0'
const kMac = 'fe:fd:00:00:00:07'
const kEther = 14

/** A SYN with this MSS from station 7 to everybody, its checksums right; behind two NOPs, or one: at an odd place. */
function syn(mss: number, { v6 = false, odd = false } = {}): Buffer {
  const tcp = Buffer.from(
    '04d20050' + '00000001' + '00000000' + '7002ffff' + '00000000' + '00'.repeat(8),
    'hex',
  )
  const at = 20 + (odd ? 1 : 2)
  tcp.fill(1, 20)
  tcp.set([2, 4, mss >> 8, mss & 0xff], at)
  const [from, to] = (v6 ? ['2001:db8::1', '2001:db8::2'] : ['198.18.1.1', '198.18.1.2']).map(
    (text) => parseIp(text)!.octets,
  ) as [Uint8Array, Uint8Array]
  const pseudo = v6 ? pseudoSum6(from, to, 6, tcp.length) : pseudoSum4(from, to, 6, tcp.length)
  tcp.writeUInt16BE(internetChecksum(tcp, pseudo), 16)
  const ip = v6
    ? Buffer.concat([Buffer.from('60000000' + '001c' + '0640', 'hex'), from, to])
    : Buffer.concat([Buffer.from('45000030' + '00014000' + '40060000', 'hex'), from, to])
  if (!v6) ip.writeUInt16BE(internetChecksum(ip), 10)
  const ether = Buffer.from(`ffffffffffff${kMac.replaceAll(':', '')}${v6 ? '86dd' : '0800'}`, 'hex')
  return Buffer.concat([ether, ip, tcp])
}

/** The MSS of a SYN as `syn` makes them; its checksum is asserted. */
function mssOf(frame: Buffer): number {
  const v6 = frame.readUInt16BE(12) === 0x86dd
  const tcp = frame.subarray(kEther + (v6 ? 40 : 20))
  const addresses = v6 ? frame.subarray(kEther + 8, kEther + 40) : frame.subarray(kEther + 12, kEther + 20)
  assert.equal(sum16(tcp, sum16(addresses, 6 + tcp.length)), 0xffff, 'the checksum is right')
  return tcp.readUInt16BE(tcp.indexOf(Buffer.from([2, 4]), 20) + 2)
}

async function tapMtu(host: Host): Promise<number> {
  return (JSON.parse(await host.ip('-j', 'link', 'show', 'dev', 'tap0')) as [{ mtu: number }])[0].mtu
}

describe('path MTU', function () {
  this.timeout(60_000)
  let lab: Lab
  let a: Host
  let b: Host

  beforeEach(async function () {
    need(this, 'netns', 'tun')
    lab = await Lab.create()
    ;[a, b] = [await lab.host('a'), await lab.host('b')]
    await lab.link(a, b)
  })

  afterEach(() => lab?.close())

  /** The port's facts, and the tap that is joined to it, come to say this. */
  async function assertFollows(node: LanNode, transport: string, mtu: number, inner: number): Promise<void> {
    await eventually(
      async () => {
        const { facts } = await node.stats(transport)
        assert.equal(facts.lan_mtu, String(mtu))
        assert.equal(await tapMtu(a), Math.min(inner, 1500))
        return true
      },
      5000,
      `an MTU of ${mtu}`,
    )
  }

  it("an mcast port follows its interface's MTU, and a route's below that; so does the tap", async () => {
    const node = await LanNode.start(a, { ports: ['tuntap,tap0', kMcast] })
    await assertFollows(node, 'mcast', 1500, 1458)
    assert.equal((await node.stats('mcast')).facts.mss, 'at most 1418 (IPv4), 1398 (IPv6)')
    await a.ip('link', 'set', 'veth0', 'mtu', '1400')
    await assertFollows(node, 'mcast', 1400, 1358)
    await a.ip('link', 'set', 'veth0', 'mtu', '9000')
    await assertFollows(node, 'mcast', 9000, 8958)
    await a.ip('route', 'replace', '239.0.0.0/8', 'dev', 'veth0', 'mtu', '1300')
    await assertFollows(node, 'mcast', 1300, 1258)
    assert.equal((await node.stats('mcast')).facts.mss, 'at most 1218 (IPv4), 1198 (IPv6)')
    // More than the interface carries: it is the interface that counts.
    await a.ip('route', 'replace', '239.0.0.0/8', 'dev', 'veth0', 'mtu', '20000')
    await assertFollows(node, 'mcast', 9000, 8958)
  })

  it('a ucast port follows the route to its remote', async () => {
    const node = await LanNode.start(a, { ports: ['tuntap,tap0', 'ucast,,198.18.9.2'] })
    await assertFollows(node, 'ucast', 1500, 1458)
    await a.ip('route', 'add', '198.18.9.2/32', 'dev', 'veth0', 'mtu', '1280')
    await assertFollows(node, 'ucast', 1280, 1238)
    await a.ip('route', 'del', '198.18.9.2/32', 'dev', 'veth0')
    await assertFollows(node, 'ucast', 1500, 1458)
    await a.ip('route', 'add', '198.18.9.2/32', 'dev', 'veth0', 'mtu', '20000')
    await a.ip('link', 'set', 'veth0', 'mtu', '1400')
    await assertFollows(node, 'ucast', 1400, 1358)
  })

  it('the least of all ports counts; loopback limits nothing below 1500', async () => {
    const loopback = `mcast,,${kGroup},1103,interface=lo`
    const two = await LanNode.start(a, { ports: ['tuntap,tap0', loopback, kMcast] })
    assert.equal(await tapMtu(a), 1458)
    await two.stop()
    await LanNode.start(a, { ports: ['tuntap,tap0', loopback] })
    assert.equal(await tapMtu(a), 1500)
  })

  it('mtu= bounds what is told, and frames', async () => {
    const node = await LanNode.start(a, { ports: ['tuntap,tap0', `${kMcast},mtu=1300`] })
    await assertFollows(node, 'mcast', 1500, 1300)
    assert.equal((await node.stats('mcast')).facts.mss, 'at most 1260 (IPv4), 1240 (IPv6)')
  })

  it('runs of what fits leave whole, and what does not is fragmented; so again with another MTU', async () => {
    const recorder = await Recorder.start(b, { interface: 'veth0' })
    const node = await LanNode.start(a, { ports: [kMcast], raw: { mac: kMac } })
    let heard = 0
    let runs = 0
    let fragmented = 0
    for (const mtu of [1500, 1400]) {
      await a.ip('link', 'set', 'veth0', 'mtu', String(mtu))
      await eventually(async () => (await node.stats('mcast')).facts.lan_mtu === String(mtu), 5000, 'the MTU')
      for (const length of [mtu - 28, mtu - 27]) {
        const frames = randomFrames(length, Array<number>(20).fill(length))
        await node.inject(frames)
        await recorder.waitForCount((heard += frames.length))
        frames.forEach((frame, i) => assert.ok(recorder.frames[heard - frames.length + i]!.equals(frame)))
        const { tx, offloadFailures } = await node.stats('mcast')
        assert.equal(offloadFailures, 0)
        assert.equal(tx.fragmented, (fragmented += length > mtu - 28 ? frames.length : 0))
        if (length > mtu - 28) assert.equal(tx.superFrames, runs)
        else assert.ok(tx.superFrames > runs)
        runs = tx.superFrames
      }
    }
  })

  it('a router that carries less: runs are refused once, and frames go on one by one', async () => {
    const c = await lab.host('c')
    await lab.link(b, c, { mtu: 1400, route239: false })
    await b.exec('sysctl', ['-qw', 'net.ipv4.ip_forward=1'], { check: true })
    await a.ip('route', 'add', '198.18.10.0/24', 'via', '198.18.9.2')
    await c.ip('route', 'add', '198.18.9.0/24', 'via', '198.18.10.1')
    const far = await LanNode.start(c, { ports: ['ucast,,198.18.9.1'], raw: { mac: 'fe:fd:00:00:00:08' } })
    const node = await LanNode.start(a, { ports: ['ucast,,198.18.10.2'], raw: { mac: kMac } })
    const frames = randomFrames(3, Array<number>(20).fill(1472))
    // A run's datagrams may be fragmented by the router, so it says nothing of them; a single one may not, is lost, and its
    // sender is told.
    await eventually(
      async () => {
        await node.inject(frames.slice(0, 1))
        await node.inject(frames)
        return (await node.stats('ucast')).offloadFailures
      },
      5000,
      'a run to be refused',
    )
    const before = await far.count()
    await node.inject(frames)
    await eventually(async () => (await far.count()) >= before + frames.length, 5000, 'the frames')
    const { offloadFailures, facts, tx } = await node.stats('ucast')
    assert.equal(offloadFailures, 1)
    assert.match(
      facts.send_offload!,
      /^udp segmentation up to 1471 octets: EMSGSIZE|^udp segmentation, 64|^off: EINVAL/,
    )
    assert.deepEqual(Object.values(tx.drops).filter(Boolean), [])
  })

  const kCases: readonly [option: string, v4: number, v6: number][] = [
    ['', 1418, 1398],
    [',mss=off', 1460, 1440],
    [',mss=1200', 1200, 1200],
    [',mss=9000', 1460, 1440],
  ]
  for (const [option, v4, v6] of kCases) {
    it(`SYNs are clamped both ways${option === '' ? '' : `, as ${option.slice(1)} has it`}`, async () => {
      const recorder = await Recorder.start(b, { interface: 'veth0' })
      const node = await LanNode.start(a, { ports: [kMcast + option], raw: { mac: kMac } })
      const sent = [
        syn(1460),
        syn(1460, { odd: true }),
        syn(1440, { v6: true }),
        syn(1440, { v6: true, odd: true }),
        syn(536),
      ]
      const want = [v4, v4, v6, v6, 536]
      await node.inject(sent)
      await recorder.waitForCount(sent.length)
      assert.deepEqual(recorder.frames.map(mssOf), want)
      const changed = v4 === 1460 ? 0 : 4
      assert.equal((await node.stats('mcast')).mssClamped, changed)

      // The other way: from a plain member.
      const sending = `
        const socket = require('node:dgram').createSocket('udp4')
        socket.bind(0, '198.18.9.2', async () => {
          socket.setMulticastInterface('198.18.9.2')
          for (const hex of ${JSON.stringify(sent.map((frame) => frame.toString('hex').replace(kMac.replaceAll(':', ''), 'fefd00000009')))})
            await new Promise((done) => socket.send(Buffer.from(hex, 'hex'), 1102, '${kGroup}', done))
          socket.close()
        })`
      await b.exec(process.execPath, ['-e', sending], { check: true })
      await eventually(async () => (await node.count()) >= sent.length, 5000, 'all SYNs')
      assert.deepEqual((await node.heard()).map(mssOf), want)
      assert.equal((await node.stats('mcast')).mssClamped, 2 * changed)
    })
  }
})
