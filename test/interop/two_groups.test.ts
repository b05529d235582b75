// One switch that joins two groups carries a frame across once. Two switches that join the same two make a real loop: the loop
// guard ends it, and says so.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { Recorder } from '../support/recorder.js'
import { guestPings, nodePings } from './asserts.js'
import { broadcast } from './frames.js'
import { LanNode } from './lan_node.js'

const kFirst = 'mcast,,239.192.168.1,1102,1,interface=lo'
const kSecond = 'mcast,,239.192.168.2,1102,1,interface=lo'
const kMac = 'fe:fd:00:00:00:07'
const kWatchMs = 2000

describe('two groups', function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host
  let first: Recorder
  let second: Recorder

  beforeEach(async function () {
    need(this, 'netns')
    lab = await Lab.create()
    host = await lab.host('a')
    ;[first, second] = await Promise.all([
      Recorder.start(host, { group: '239.192.168.1', interface: 'lo' }),
      Recorder.start(host, { group: '239.192.168.2', interface: 'lo' }),
    ])
  })

  afterEach(() => lab?.close())

  for (const forwarding of ['learning', 'hub'] as const) {
    it(`one switch (${forwarding}) between them forwards each frame once`, async () => {
      const bridge = await LanNode.start(host, { ports: [kFirst, kSecond], forwarding })
      const member = await LanNode.start(host, { ports: [kFirst], raw: { mac: kMac } })
      const frames = Array.from({ length: 20 }, (_, i) => broadcast(kMac, `broadcast ${i}`))
      await member.inject(frames)
      await sleep(kWatchMs) // a storm would have begun
      assert.deepEqual(first.frames, frames)
      assert.deepEqual(second.frames, frames)
      assert.equal(await member.count(), 0)
      assert.equal((await bridge.stats(kSecond.slice(0, 21))).rx.drops.own_echo, frames.length)
      assert.deepEqual(bridge.changes, [])
    })
  }

  it('guests on either side of one switch reach each other', async function () {
    need(this, 'uml')
    await LanNode.start(host, { ports: [kFirst, kSecond] })
    const [guest, node] = await Promise.all([
      host.uml('one', '198.18.1.1/24', ['eth0=mcast,fe:fd:c6:12:01:01,239.192.168.1,1102,1']),
      LanNode.start(host, { connect: kSecond, node: { ipv4: '198.18.1.2' } }),
    ])
    await guestPings(guest, '198.18.1.2', 1472)
    await nodePings(node, '198.18.1.1', { payloadOctets: 1472 })
  })

  it('two switches between them: one broadcast ends as a few datagrams, and an event says why', async () => {
    const bridges = [
      await LanNode.start(host, { ports: [kFirst, kSecond] }),
      await LanNode.start(host, { ports: [kFirst, kSecond] }),
    ]
    const member = await LanNode.start(host, { ports: [kFirst], raw: { mac: kMac } })
    await member.inject([broadcast(kMac, 'once')])
    await sleep(kWatchMs)
    const total = first.datagrams.length + second.datagrams.length
    assert.ok(second.datagrams.length >= 2, 'both switches forward it')
    assert.ok(total <= 1000, `${total} datagrams in ${kWatchMs} ms`)

    const blocked = bridges.flatMap(({ changes }) => changes.filter(({ state }) => state === 'blocked'))
    assert.ok(blocked.length >= 1, 'no switch blocked a port')
    for (const { port, reason, message } of blocked) {
      assert.equal(reason, 'loop')
      assert.match(port, /^mcast,,239\.192\.168\.2/) // the later-added of the two
      assert.match(message, /fe:fd:00:00:00:07 alternates between this port and mcast.*blocked for 30 s/)
    }

    // One way across is left at most: the next broadcast is heard once in each group, or in the first alone.
    await member.inject([broadcast(kMac, 'again')])
    await first.waitFor(({ octets }) => octets.includes('again'))
    await sleep(500)
    const more = first.datagrams.length + second.datagrams.length - total
    assert.ok(more <= 2, `${more} datagrams`)
  })
})
