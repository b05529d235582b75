// Hosts on one cable: interfaces chosen by name, index and address, one sender only, IPv6 groups, and a guest on the other host.
import assert from 'node:assert/strict'
import type { Host } from '../support/host.js'
import { Lab, type Link } from '../support/lab.js'
import { need } from '../support/need.js'
import { Recorder } from '../support/recorder.js'
import { eventually } from '../support/wait.js'
import { guestPings, kFullPayload, nodePings } from './asserts.js'
import { broadcast } from './frames.js'
import { LanNode } from './lan_node.js'

const kMac = 'fe:fd:00:00:00:07'

describe('two hosts on a cable', function () {
  this.timeout(60_000)
  let lab: Lab
  let a: Host
  let b: Host
  let link: Link

  before(async function () {
    need(this, 'netns')
    lab = await Lab.create()
    ;[a, b] = [await lab.host('a'), await lab.host('b')]
    link = await lab.link(a, b)
    for (const [i, host] of [a, b].entries()) {
      await host.ip('-6', 'addr', 'add', `2001:db8:9::${i + 1}/64`, 'dev', 'veth0', 'nodad')
      // Not over the cable: what is found here is found because the interface was chosen.
      await host.ip('route', 'replace', '239.0.0.0/8', 'dev', 'lo')
    }
  })

  after(() => lab?.close())

  it('an interface is chosen by name, index or address', async () => {
    const index = (await b.ip('-o', 'link', 'show', 'veth0')).split(':')[0]!
    const sender = await LanNode.start(a, { ports: ['mcast,,interface=veth0'], raw: { mac: kMac } })
    const spellings = ['veth0', index, link.addresses[1]]
    const members = await Promise.all(
      spellings.map((spelling) =>
        LanNode.start(b, { ports: [`mcast,,interface=${spelling}`], raw: { mac: 'fe:fd:00:00:00:08' } }),
      ),
    )
    const byRoute = await LanNode.start(b, { ports: ['mcast'], raw: { mac: 'fe:fd:00:00:00:09' } })
    const frame = broadcast(kMac, 'to those on the cable')
    await sender.inject([frame])
    for (const [i, member] of members.entries()) {
      await eventually(() => member.count(), 3000, `a frame through interface=${spellings[i]}`)
      assert.deepEqual(await member.heard(), [frame])
      assert.equal((await member.stats('mcast')).facts.interface, 'veth0')
    }
    assert.equal(await byRoute.count(), 0)
    assert.equal((await byRoute.stats('mcast')).facts.interface, 'lo')
    await Promise.all([sender, byRoute, ...members].map((node) => node.stop()))
  })

  it('an interface that does not exist is refused, with those that do', async () => {
    const join = b.ethercast(['join', 'mcast,,interface=eth7', '--for', '5s'])
    const { code, stderr } = await join.result()
    assert.equal(code, 2, stderr)
    assert.match(stderr, /interface eth7 does not exist here.*lo, veth0/)
  })

  for (const { family, group, source, other } of [
    { family: 'IPv4', group: '232.7.7.7', source: '198.18.9.1', other: '198.18.9.11' },
    { family: 'IPv6', group: 'ff3e::7:7', source: '2001:db8:9::1', other: '2001:db8:9::11' },
  ]) {
    it(`a member with source= hears that source alone (${family})`, async () => {
      const prefix = family === 'IPv4' ? `${other}/24` : `${other}/64`
      await a.ip('addr', 'add', prefix, 'dev', 'veth0', ...(family === 'IPv6' ? ['nodad'] : []))
      const spec = `mcast,,${group},4321,1,interface=veth0`
      const [choosy, nobody] = await Promise.all([
        LanNode.start(b, { ports: [`${spec},source=${source}`], raw: { mac: kMac } }),
        LanNode.start(b, { ports: [`${spec},source=${other.replace(/11$/, '12')}`], raw: { mac: kMac } }),
      ])
      const anyone = await Recorder.start(b, { group, port: 4321, interface: 'veth0' })
      const [wanted, unwanted] = [broadcast(kMac, 'wanted'), broadcast(kMac, 'unwanted')]
      const numbered = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? unwanted : wanted))
      for (const frame of numbered) await sendFrom(a, frame === wanted ? source : other, group, frame)
      await anyone.waitForCount(20)
      await eventually(async () => (await choosy.count()) >= 10, 3000, 'the frames of the one source')
      assert.deepEqual(anyone.frames, numbered)
      assert.deepEqual(
        await choosy.heard(),
        Array.from({ length: 10 }, () => wanted),
      )
      assert.equal(await nobody.count(), 0)
      await Promise.all([choosy.stop(), nobody.stop(), anyone.stop()])
    })
  }

  for (const group of ['ff15::1:2', 'ff02::1:2']) {
    it(`nodes on the IPv6 group ${group} reach each other, and a plain member hears them`, async () => {
      const spec = `mcast,,${group},4000,1,interface=veth0`
      const recorder = await Recorder.start(b, { group, port: 4000, interface: 'veth0' })
      const [one, two] = await Promise.all([
        LanNode.start(a, { connect: spec, node: { ipv4: '198.18.1.1', ipv6: '2001:db8::1' } }),
        LanNode.start(b, { connect: spec, node: { ipv4: '198.18.1.2', ipv6: '2001:db8::2' } }),
      ])
      await nodePings(one, '198.18.1.2', { payloadOctets: kFullPayload })
      await nodePings(two, '2001:db8::1', { payloadOctets: 1452 })
      await recorder.waitFor(({ octets }) => octets.length === 1514)
      const senders = new Set(recorder.datagrams.map(({ address }) => address.replace(/%.*/, '')))
      assert.equal(senders.size, 2)
      for (const node of [one, two]) assert.equal((await node.stats('mcast')).rx.kernelDrops, 0)
      await Promise.all([one.stop(), two.stop(), recorder.stop()])
    })
  }

  it('a UML guest on one host and a node on the other reach each other', async function () {
    need(this, 'uml')
    // A guest can't choose an interface: it follows the route.
    await a.ip('route', 'replace', '239.0.0.0/8', 'dev', 'veth0')
    const [guest, node] = await Promise.all([
      a.uml('one', '198.18.1.1/24', ['eth0=mcast,fe:fd:c6:12:01:01']),
      LanNode.start(b, { connect: 'mcast,,interface=veth0', node: { ipv4: '198.18.1.2' } }),
    ])
    for (const payload of [56, kFullPayload]) {
      await guestPings(guest, '198.18.1.2', payload)
      await nodePings(node, '198.18.1.1', { payloadOctets: payload })
    }
  })
})

/** Sends one datagram from a given address, with Node's own sockets. */
async function sendFrom(host: Host, source: string, group: string, frame: Buffer): Promise<void> {
  const isV6 = group.includes(':')
  const code = `
    import dgram from 'node:dgram'
    const socket = dgram.createSocket(${JSON.stringify(isV6 ? 'udp6' : 'udp4')})
    socket.bind(0, ${JSON.stringify(source)}, () => {
      socket.setMulticastInterface(${JSON.stringify(isV6 ? '::%veth0' : source)})
      socket.send(Buffer.from(${JSON.stringify(frame.toString('hex'))}, 'hex'), 4321, ${JSON.stringify(group)},
        () => socket.close())
    })`
  const { code: exit, stderr } = await host.node({ code }).result()
  assert.equal(exit, 0, stderr)
}
