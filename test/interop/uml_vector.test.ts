// Guests with the one kind of device that UML kernels from 6.16 on have, `vector`, by its transport `bess`: on one LAN with guests of the
// legacy `mcast`, with long frames among themselves, killed and booted again, and our side started again.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { guestPings, kFullPayload, nodePings } from './asserts.js'
import { contentFile, guestToGuest } from './guest_content.js'
import { LanNode } from './lan_node.js'
import { kPingSizes } from './tap_lan.js'

const kVector = '198.18.1.1'
const kOther = '198.18.1.2'
const kLegacy = '198.18.1.3'
const kNode = '198.18.1.4'
const kSlowMs = 120_000
const kFileOctets = 10_000_000
const kLife = { lifeSeconds: 600 }

const vector = (path: string, last: number, more = '') =>
  `vec0:transport=bess,dst=${path},mac=fe:fd:c6:12:01:${String(last).padStart(2, '0')}${more}`

describe('UML guests with vector devices by bess', function () {
  this.timeout(kSlowMs)
  let lab: Lab
  let host: Host
  let path: string
  let lan: LanNode
  let one: Guest
  let other: Guest
  let legacy: Guest

  const startLan = () =>
    LanNode.start(host, { ports: [`bess,listen=${path}`, 'mcast'], node: { ipv4: kNode } })

  before(async function () {
    need(this, 'uml')
    lab = await Lab.create()
    host = await lab.host('a')
    path = join(lab.dir, 'lan.sock')
    lan = await startLan()
    ;[one, other, legacy] = await Promise.all([
      host.uml('one', `${kVector}/24`, [vector(path, 1)], kLife),
      host.uml('other', `${kOther}/24`, [vector(path, 2)], kLife),
      host.uml('legacy', `${kLegacy}/24`, ['eth0=mcast,fe:fd:c6:12:01:03'], kLife),
    ])
  })

  after(() => lab?.close())

  it('each guest pings each, and the node all of them, with the least, usual and longest packets', async () => {
    const guests = [
      [one, kVector],
      [other, kOther],
      [legacy, kLegacy],
    ] as const
    for (const payload of [1, 56, kFullPayload]) {
      for (const [from] of guests) {
        for (const [to, address] of guests) if (from !== to) await guestPings(from, address, payload)
        await guestPings(from, kNode, payload)
      }
      for (const [, address] of guests) await nodePings(lan, address, { payloadOctets: payload })
    }
  })

  it('every size from vector to legacy', async () => {
    const pings = kPingSizes.map((size) => `ping -c 1 -W 2 -s ${size} ${kLegacy}`).join(' && ')
    const { code, output } = await one.sh(pings)
    assert.equal(code, 0, output)
  })

  it('files of 10 MB from vector to legacy and back, equal at both ends', async () => {
    const content = contentFile(lab.dir, kFileOctets)
    await guestToGuest(one, legacy, kLegacy, content, kSlowMs)
    await guestToGuest(legacy, one, kVector, content, kSlowMs)
    const client = await lan.stats(`bess,listen=${path} client 1 (pid `)
    assert.equal(client.rx.drops.oversize, 0)
    assert.equal(client.rx.drops.runt, 0)
  })

  it('a guest that is killed leaves, the others stay, and it comes back', async () => {
    await one.kill()
    await eventually(
      () => lan.changes.some(({ state, reason }) => state === 'closed' && reason === 'peer'),
      5000,
      'the port to close',
    )
    await guestPings(other, kLegacy)
    one = await host.uml('one', `${kVector}/24`, [vector(path, 1)], kLife)
    await guestPings(one, kLegacy, kFullPayload)
    await guestPings(other, kVector)
    await lan.stats(`bess,listen=${path} client 3 (pid `)
  })

  it('our side started again: guests hear nothing until their device goes down and up', async () => {
    await lan.stop()
    lan = await startLan()
    const deaf = await one.sh(`ping -c 1 -W 1 ${kNode}`)
    assert.notEqual(deaf.code, 0, deaf.output)
    for (const guest of [one, other]) {
      const { code, output } = await guest.sh('ip link set vec0 down && ip link set vec0 up')
      assert.equal(code, 0, output)
    }
    await guestPings(one, kNode)
    await guestPings(other, kLegacy)
  })
})

describe('UML guests with vector devices and long frames', function () {
  this.timeout(kSlowMs)
  let lab: Lab

  before(async function () {
    need(this, 'uml')
    lab = await Lab.create()
  })

  after(() => lab?.close())

  it('a guest that was there before us: its device can not be opened any more, until it is booted again', async () => {
    const host = await lab.host('b')
    const path = join(lab.dir, 'late.sock')
    const early = await host.uml('one', `${kVector}/24`, [vector(path, 1)], kLife)
    const lan = await LanNode.start(host, { ports: [`bess,listen=${path}`], node: { ipv4: kNode } })
    const { code, output } = await early.sh('ip link set vec0 up')
    assert.notEqual(code, 0)
    // Of vector_net_open in Linux 6.1: it counts as open since it failed.
    assert.match(output, /No such device or address/)
    await early.kill()
    const again = await host.uml('one', `${kVector}/24`, [vector(path, 1)], kLife)
    await guestPings(again, kNode)
    await lan.stop()
  })

  it('an MTU of 9000 between two guests: packets of 9000 octets in one frame, and a file', async () => {
    const host = await lab.host('a')
    const path = join(lab.dir, 'lan.sock')
    const lan = await LanNode.start(host, { ports: [`bess,listen=${path}`] })
    const [one, other] = await Promise.all(
      [1, 2].map((i) => host.uml(`g${i}`, `198.18.1.${i}/24`, [vector(path, i, ',mtu=9000')], kLife)),
    )
    assert.match((await one!.sh('ip link show vec0')).output, /mtu 9000/)
    await guestPings(one!, kOther)
    const before = await lan.stats(`bess,listen=${path} client 1`)
    await guestPings(one!, kOther, 8972)
    const after = await lan.stats(`bess,listen=${path} client 1`)
    // Three echoes each way, and now and then an ARP packet.
    const frames = after.rx.frames - before.rx.frames
    assert.ok(frames >= 3 && frames <= 5, `${frames} frames`)
    assert.ok(after.rx.octets - before.rx.octets >= 3 * 9014)
    await guestToGuest(one!, other!, kOther, contentFile(lab.dir, kFileOctets), kSlowMs)
    await guestToGuest(other!, one!, kVector, contentFile(lab.dir, kFileOctets), kSlowMs)
  })
})
