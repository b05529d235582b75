// TCP peers that go without a word: their host is cut off, with traffic and without. And one that only does not read, as a guest that is
// paused: it is not gone.
import assert from 'node:assert/strict'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { LanNode } from './lan_node.js'

/** Half a minute without an answer, looked at every ten seconds. */
const kNoticedMs = 50_000
const kSink = `
  import { createServer } from 'node:net'
  createServer((socket) => socket.resume()).listen(Number(process.argv[1]), '0.0.0.0', () => console.log('listening'))
`

describe('TCP peers that go without a word', function () {
  this.timeout(90_000)

  it('are missed within a minute; one that does not read is not', async function () {
    need(this, 'netns')
    await using lab = await Lab.create()
    const near = await lab.host('near')
    const far = await lab.host('far')
    const { addresses } = await lab.link(near, far)
    const sinks = [far.node({ code: kSink }, ['5000']), near.node({ code: kSink }, ['5000'])]
    for (const sink of sinks) await sink.waitForLine(/^listening$/)
    const gone = `stream,connect=${addresses[1]}:5000`
    const paused = 'stream,buffer=65536,connect=127.0.0.1:5000'
    const busy = await LanNode.start(near, { ports: [gone, paused], raw: { mac: '02:00:00:00:00:01' } })
    const idle = await LanNode.start(near, { ports: [gone] })
    sinks[1]!.signal('SIGSTOP')
    await far.ip('link', 'set', 'veth0', 'down')
    const cut = Date.now()
    const frame = Buffer.alloc(1400, 0xff)
    frame.writeUIntBE(0x020000000001, 6, 6)
    frame.writeUInt16BE(0x88b5, 12)
    for (let i = 0; i < 20; i++) await busy.inject(Array.from({ length: 100 }, () => frame))
    await busy.pump(50)
    const misses = (node: LanNode) =>
      eventually(() => node.changes.find(({ state }) => state === 'reconnecting'), kNoticedMs, 'the miss')
    const missed = await Promise.all([misses(busy), misses(idle)])
    assert.ok(Date.now() - cut > 20_000, 'half a minute of silence, not less')
    for (const { port, errno } of missed) {
      assert.match(port, /:5000$/)
      assert.notEqual(port, paused)
      assert.equal(errno, 'ETIMEDOUT')
    }
    // For as long again as it took to miss the other.
    await new Promise((resolve) => setTimeout(resolve, 15_000))
    const { state, tx } = await busy.stats('stream,buffer')
    assert.equal(state, 'up')
    assert.ok(tx.drops.queue_full! > 0, 'it does not read')
    // The cable is back, and the peer goes on reading: all is well again.
    sinks[1]!.signal('SIGCONT')
    await far.ip('link', 'set', 'veth0', 'up')
    await eventually(() => busy.changes.at(-1)?.state === 'up', 15_000, 'the peer to be back')
    await eventually(async () => (await busy.stats('stream,buffer')).tx.queued === 0, 10_000, 'the queue')
    await busy.halt()
  })
})
