/** What a transport that only listens has to do: the part of the suite that such a one can pass, and that it sends nothing. */

import assert from 'node:assert/strict'
import { EthercastError, Switch, connect } from '../../lib/index.js'
import type { PortStats } from '../../lib/index.js'
import { makeFrame, sendAll, sequenceOf, settled, take } from '../api/lan.js'
import type { ListeningTransport } from '../support/pairs/pcap.js'
import { makePair } from '../support/transports.js'
import type { Pair, PairOptions } from '../support/transports.js'
import { eventually } from '../support/wait.js'
import { transfer } from './transfer.js'

const sum = (drops: Record<string, number>) => Object.values(drops).reduce((all, count) => all + count, 0)

/** Both accounts of a port, at rest. */
function assertBalanced({ rx, tx }: PortStats, name: string): void {
  assert.equal(rx.frames, rx.forwarded + sum(rx.drops), `${name}: rx`)
  assert.equal(tx.picked, tx.frames + sum(tx.drops) + tx.queued, `${name}: tx`)
}

export function listens(transport: ListeningTransport): void {
  describe(`conformance, listening: ${transport.name}`, function () {
    this.timeout(60_000)
    const open = new Set<{ close(): Promise<void> }>()
    afterEach(async () => {
      const all = [...open]
      open.clear()
      await Promise.all(all.map((each) => each.close()))
    })
    /** `a` sends, `b` listens. */
    async function pair(options: PairOptions = {}): Promise<Pair> {
      const made = await makePair(transport, options)
      open.add(made)
      return made
    }

    it('opens, closes, closes again, and opens anew with the same spec', async () => {
      const both = await pair()
      const { a, b } = both
      await b.port.close()
      await b.port.close()
      assert.equal(b.port.state, 'closed')
      await both.reopen(b, b.spec)
      assert.equal(b.port.state, 'up')
      a.host.send(makeFrame({ from: a.host.mac, sequence: 9 }))
      assert.equal(sequenceOf((await take(b.host, 1))[0]!), 9)
    })

    for (const length of [14, 15, 60, 1514, 1518, 2048, 9014, 65_000, transport.maxFrame]) {
      it(`hears frames of ${length} octets unchanged`, async () => {
        const { a, b } = await pair()
        const frame = makeFrame({ length, from: a.host.mac, sequence: length })
        a.host.send(frame)
        assert.deepEqual(await take(b.host, 1), [frame])
      })
    }

    it('keeps mixed lengths apart and in order', async () => {
      const { a, b } = await pair()
      const lengths = [14, 1514, 60, 9014, 18, 40_000, 1500, 64, 2000, 1983, 1984, 1985, 65_000, 14]
      const frames = lengths.map((length, sequence) => makeFrame({ length, from: a.host.mac, sequence }))
      await sendAll(a.host, frames)
      assert.deepEqual(await take(b.host, frames.length), frames)
    })

    it('keeps the order of 20 000 frames', async () => {
      const { a, b } = await pair()
      const frames = Array.from({ length: 20_000 }, (_, sequence) =>
        makeFrame({ length: 60 + (sequence % 1400), from: a.host.mac, sequence }),
      )
      const arrived = await transfer(a.host, b.host, frames)
      assert.deepEqual(arrived.map(sequenceOf), [...frames.keys()])
    })

    it('sends nothing, and counts what it was to send', async () => {
      const { a, b } = await pair()
      const frames = Array.from({ length: 10 }, (_, sequence) => makeFrame({ from: b.host.mac, sequence }))
      await sendAll(b.host, frames)
      await eventually(() => b.port.stats().tx.drops.read_only === frames.length)
      await settled(a.lan, b.lan)
      assertBalanced(b.port.stats(), b.port.name)
      assert.equal(b.port.stats().tx.frames, 0)
      assert.equal(a.host.read().size, 0)
      assert.equal(b.port.stats().rx.frames, 0)
    })

    it("a NIC of its own has no send, which throws where the type doesn't know", async () => {
      const { a, b } = await pair()
      await b.port.close()
      const nic = await connect(b.spec)
      open.add(nic)
      assert.throws(
        () => nic.send(makeFrame()),
        (error: unknown) =>
          error instanceof EthercastError &&
          error.code === 'ERR_ETHERCAST_STATE' &&
          /^send: a pcap port only listens: /.test(error.message),
      )
      a.host.send(makeFrame({ from: a.host.mac, sequence: 3 }))
      assert.equal(sequenceOf((await take(nic, 1))[0]!), 3)
    })

    it('does not stall the other ports when one reader sleeps', async () => {
      const { a, b } = await pair()
      const sleeper = await b.lan.addPort({ transport: 'host', ringOctets: 1 << 18 })
      const frames = Array.from({ length: 3000 }, (_, sequence) =>
        makeFrame({ length: 600, from: a.host.mac, sequence }),
      )
      const arrived = await transfer(a.host, b.host, frames)
      assert.equal(arrived.length, frames.length)
      await settled(b.lan)
      assert.equal(sleeper.stats().tx.picked, frames.length)
      assert.ok(sleeper.stats().tx.drops.ring_full! > 0)
      assertBalanced(sleeper.stats(), 'the sleeper')
    })

    it('accounts for every frame', async () => {
      const { a, b } = await pair()
      const count = 2000
      const frames = Array.from({ length: count }, (_, sequence) =>
        makeFrame({ length: 14 + (sequence % 1500), from: a.host.mac, sequence }),
      )
      await transfer(a.host, b.host, frames)
      await settled(a.lan, b.lan)
      const { rx, tx } = b.port.stats()
      assertBalanced(b.port.stats(), b.port.name)
      assert.deepEqual([rx.frames, rx.forwarded, rx.kernelDrops, tx.picked], [count, count, 0, 0])
      assert.equal(
        rx.octets,
        frames.reduce((all, { length }) => all + length, 0),
      )
      assert.equal(b.host.stats().tx.frames, count)
      assert.deepEqual(await b.lan.stations(), [], 'nobody can be reached through it, so nobody is learned')
    })

    it('holds to mtu=: longer frames are dropped and counted', async () => {
      const { a, b } = await pair({ mtu: 1000 })
      const fits = makeFrame({ length: 1018, from: a.host.mac, sequence: 1 })
      const tooLong = makeFrame({ length: 1019, from: a.host.mac, sequence: 2 })
      await sendAll(a.host, [tooLong, fits])
      assert.deepEqual(await take(b.host, 1), [fits])
      assert.equal(b.port.stats().rx.drops.oversize, 1)
    })

    it('says which buffer it got', async () => {
      const buffer = 128 * 1024
      const { b } = await pair({ buffer })
      assert.equal(Number(b.port.facts.receive_buffer), 2 * buffer)
    })

    it('closes under load', async () => {
      const { a, b } = await pair()
      const frames = Array.from({ length: 500 }, (_, sequence) =>
        makeFrame({ length: 1000, from: a.host.mac, sequence }),
      )
      let stop = false
      const load = (async () => {
        while (!stop) {
          a.host.send(frames)
          await new Promise((resolve) => setImmediate(resolve))
        }
      })()
      await eventually(() => b.port.stats().rx.frames > 1000)
      await b.port.close()
      assertBalanced(b.port.stats(), b.port.name)
      const sent = a.port.stats().tx.frames
      await eventually(() => a.port.stats().tx.frames > sent, 5000, 'the other end to go on')
      stop = true
      await load
    })

    it('is refused use after closing, with a code', async () => {
      const { b } = await pair()
      await b.lan.close()
      await assert.rejects(b.lan.addPort(b.spec), { code: 'ERR_ETHERCAST_CLOSED' })
      const other = await Switch.create()
      open.add(other)
      assert.equal((await other.addPort(b.spec)).state, 'up')
    })
  })
}
