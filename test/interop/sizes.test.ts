// Long frames: jumbo ones on a jumbo link, and on a link of 1500 as fragments of the network below, each counted.
import assert from 'node:assert/strict'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { Recorder } from '../support/recorder.js'
import { nodePings } from './asserts.js'
import { randomFrames, randomLengths } from './frames.js'
import { ipCounters } from './ip_counters.js'
import { LanNode } from './lan_node.js'

const kSpec = 'mcast,,interface=veth0'
const kMac = 'fe:fd:00:00:00:07'
const kBlock = 20

describe('long frames', function () {
  this.timeout(60_000)
  let lab: Lab
  let a: Host
  let b: Host

  beforeEach(async function () {
    need(this, 'netns')
    lab = await Lab.create()
    ;[a, b] = [await lab.host('a'), await lab.host('b')]
  })

  afterEach(() => lab?.close())

  /** Sends frames from a to b and asserts that a plain member there hears just these. */
  async function assertCarried(frames: readonly Buffer[]): Promise<LanNode> {
    const recorder = await Recorder.start(b, { interface: 'veth0' })
    const node = await LanNode.start(a, { ports: [kSpec], raw: { mac: kMac } })
    for (let sent = 0; sent < frames.length; sent += kBlock) {
      await node.inject(frames.slice(sent, sent + kBlock))
      await recorder.waitForCount(Math.min(sent + kBlock, frames.length))
    }
    assert.equal(recorder.frames.length, frames.length)
    frames.forEach((frame, i) => assert.ok(recorder.frames[i]!.equals(frame), `frame ${i}`))
    await recorder.stop()
    return node
  }

  it('of 9014 octets cross a jumbo link in one piece, both ways', async () => {
    await lab.link(a, b, { mtu: 9100 })
    const node = await assertCarried(randomFrames(9, [...randomLengths(9, 200, 1515, 9014), 9014, 9018]))
    assert.equal((await node.stats('mcast')).tx.fragmented, 0)
    assert.equal((await ipCounters(a)).FragCreates, 0)
    await node.stop()

    const [one, two] = await Promise.all([
      LanNode.start(a, { connect: kSpec, node: { ipv4: '198.18.1.1', mtu: 9000 } }),
      LanNode.start(b, { connect: kSpec, node: { ipv4: '198.18.1.2', mtu: 9000 } }),
    ])
    const whole = { payloadOctets: 9000 - 28 }
    await nodePings(one, '198.18.1.2', whole)
    await nodePings(two, '198.18.1.1', whole)
    assert.equal((await one.stats('mcast')).tx.fragmented, 0)
    assert.equal((await ipCounters(b)).FragCreates, 0)
  })

  it('of 1514 octets cross a link of 1500 as fragments, and `fragmented` counts them', async () => {
    await lab.link(a, b)
    const lengths = [1472, 1473, ...randomLengths(5, 300, 1400, 1514), 1514, 9014]
    const tooLong = lengths.filter((length) => length > 1472)
    const before = await ipCounters(a)
    const node = await assertCarried(randomFrames(5, lengths))
    const after = await ipCounters(a)
    const { tx } = await node.stats('mcast')
    assert.equal(tx.frames, lengths.length)
    assert.equal(tx.fragmented, tooLong.length)
    assert.equal(after.FragOKs! - before.FragOKs!, tooLong.length)
    const pieces = tooLong.reduce((sum, length) => sum + Math.ceil((length + 8) / 1480), 0)
    assert.equal(after.FragCreates! - before.FragCreates!, pieces)
    assert.equal((await ipCounters(b)).ReasmOKs, tooLong.length)
  })
})
