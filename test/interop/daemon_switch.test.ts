// Our switch daemon with real clients: guests, VDE's plugs, our own ports. They come, learn, leave, crash, and stop reading.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import type { Running } from '../support/running.js'
import { eventually } from '../support/wait.js'
import { guestPings, kernelPings, kFullPayload, nodePings } from './asserts.js'
import { numberOf } from './frames.js'
import { LanNode } from './lan_node.js'

const kGuests = ['198.18.1.1', '198.18.1.2'] as const
const kNode = '198.18.1.3'
const kTap = '198.18.1.4'
const kFar = '198.18.1.5'

describe('our switch daemon with real clients', function () {
  this.timeout(90_000)
  let lab: Lab
  let host: Host
  let folder: string
  let ctl: string
  let guests: Guest[]
  let node: LanNode
  let daemon: LanNode

  const boot = (number: number) =>
    host.uml(`guest${number}`, `${kGuests[number]!}/24`, [
      `eth0=daemon,fe:fd:c6:12:01:0${number + 1},unix,${ctl}`,
    ])
  const clients = () => daemon.changes.filter(({ reason }) => reason === 'client').length
  const left = () => daemon.changes.filter(({ state, reason }) => state === 'closed' && reason === 'peer')

  before(async function () {
    need(this, 'uml', 'ping')
    lab = await Lab.create()
    host = await lab.host('switch')
    folder = join(lab.dir, 'lan')
    mkdirSync(folder)
    // With this name and place VDE's plugs find it, too.
    ctl = join(folder, 'ctl')
    daemon = await LanNode.start(host, { ports: [`switch,,unix,${ctl}`] })
    ;[node, ...guests] = (await Promise.all([
      LanNode.start(host, { connect: `daemon,,unix,${ctl}`, node: { ipv4: kNode } }),
      boot(0),
      boot(1),
    ])) as [LanNode, Guest, Guest]
  })
  after(() => lab?.close())

  it('guests and our own client ping each other, up to full frames', async () => {
    for (const payload of [1, 56, kFullPayload]) {
      await guestPings(guests[0]!, kGuests[1], payload)
      await guestPings(guests[1]!, kNode, payload)
      await nodePings(node, kGuests[0], { payloadOctets: payload })
    }
    assert.equal(clients(), 3)
    const { name, facts } = await daemon.stats(`switch,,unix,${ctl} client 1 `)
    assert.match(name, / client 1 \(pid \d+, uid 0\)$/)
    assert.equal(facts.protocol, 'version 3')
  })

  it('vde_plug2tap joins by the folder', async function () {
    need(this, 'vde_plug2tap', 'tun')
    await host.tap('vde0', `${kTap}/24`)
    const plug = host.spawn('vde_plug2tap', ['-s', folder, 'vde0'])
    await eventually(() => clients() === 4, 5000, 'the plug')
    for (const address of [kGuests[0], kNode]) await kernelPings(host, address)
    await plug.kill()
    await eventually(() => left().length === 1, 5000, 'the plug to have left')
    await host.ip('link', 'del', 'vde0')
  })

  it('vde_plug brings the LAN of a vde_switch', async function () {
    need(this, 'vde_plug', 'vde_switch')
    const far = join(lab.dir, 'far')
    host.spawn('vde_switch', ['-s', far])
    await eventually(async () => (await host.exec('ss', ['-xlH', 'src', join(far, 'ctl')])).stdout !== '')
    const before = clients()
    const pipe = host.spawn('dpipe', ['vde_plug', folder, '=', 'vde_plug', far])
    await eventually(() => clients() === before + 1, 5000, 'the plug')
    const other = await LanNode.start(host, { connect: `daemon,,unix,${far}`, node: { ipv4: kFar } })
    await nodePings(other, kGuests[0])
    await nodePings(node, kFar)
    await other.stop()
    await pipe.kill()
  })

  it('a client that stops reading slows nobody: the others lose no frame with it as without', async () => {
    const count = 3000
    const reader = await LanNode.start(host, {
      ports: [`daemon,,unix,${ctl}`],
      raw: { mac: '02:00:00:00:00:21' },
    })
    const sender = await LanNode.start(host, {
      ports: [`daemon,,unix,${ctl}`],
      raw: { mac: '02:00:00:00:00:22' },
    })
    /** How many of the frames that were sent the reader has heard. */
    const loss = async () => {
      const from = await sender.pumped()
      await sender.pump(4000)
      await eventually(async () => (await sender.pumped()) - from >= count, 15_000, 'the pump')
      const to = await sender.halt()
      const heard = async () =>
        (await reader.heard()).map(numberOf).filter((number) => number !== undefined && number >= from)
      await eventually(async () => (await heard()).length === to - from, 10_000, `${to - from} frames`)
      const numbers = await heard()
      return { lost: to - from - numbers.length, inOrder: numbers.every((number, i) => number === from + i) }
    }
    assert.deepEqual(await loss(), { lost: 0, inOrder: true })
    const sleeper = await LanNode.start(host, {
      ports: [`daemon,,unix,${ctl}`],
      raw: { mac: '02:00:00:00:00:23' },
    })
    sleeper.pause()
    try {
      assert.deepEqual(await loss(), { lost: 0, inOrder: true })
      await guestPings(guests[0]!, kGuests[1])
    } finally {
      sleeper.resume()
    }
    for (const each of [sleeper, sender, reader]) await each.stop()
  })

  it('a guest that crashes is gone at once; the others go on, and its successor is reached', async () => {
    const before = left().length
    await guests[1]!.kill()
    await eventually(() => left().length > before, 5000, 'the guest to be gone')
    await nodePings(node, kGuests[0])
    guests[1] = await boot(1)
    await guestPings(guests[1], kGuests[0])
    await nodePings(node, kGuests[1])
  })

  it('the switch is killed and started again: our client comes back', async () => {
    await daemon.stop()
    await eventually(() => node.changes.some(({ state }) => state === 'reconnecting'), 5000, 'reconnecting')
    const again: Running = host.ethercast(['switch', '-unix', ctl])
    await again.waitForLine(/attached/)
    await eventually(() => node.changes.at(-1)?.state === 'up', 10_000, 'up again')
    guests[0] = await boot(0)
    await nodePings(node, kGuests[0])
    assert.equal((await node.stats('daemon')).reconnects, 1)
  })
})
