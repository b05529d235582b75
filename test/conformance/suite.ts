/** What every transport has to do, whatever it is made of. */

import assert from 'node:assert/strict'
import { EthercastError, Switch } from '../../lib/index.js'
import type { PortStats } from '../../lib/index.js'
import { makeFrame, sendAll, sequenceOf, settled, take } from '../api/lan.js'
import { makePair } from '../support/transports.js'
import type { Pair, PairOptions, Transport } from '../support/transports.js'
import { eventually } from '../support/wait.js'
import { transfer } from './transfer.js'

const sum = (drops: Record<string, number>) => Object.values(drops).reduce((all, count) => all + count, 0)

/** Octets of the longest frame that any port carries. */
const kMaxFrame = 65535

/** Both accounts of a port, at rest. */
function assertBalanced({ rx, tx }: PortStats, name: string): void {
  assert.equal(rx.frames, rx.forwarded + sum(rx.drops), `${name}: rx`)
  assert.equal(tx.picked, tx.frames + sum(tx.drops) + tx.queued, `${name}: tx`)
}

export function conforms(transport: Transport): void {
  describe(`conformance: ${transport.name}`, function () {
    this.timeout(60_000)
    const open = new Set<{ close(): Promise<void> }>()
    afterEach(async () => {
      const all = [...open]
      open.clear()
      await Promise.all(all.map((each) => each.close()))
    })
    async function pair(options: PairOptions = {}): Promise<Pair> {
      const made = await makePair(transport, options)
      open.add(made)
      return made
    }

    it('opens, closes, closes again, and opens anew with the same spec', async () => {
      const both = await pair()
      const { a } = both
      const { name } = a.added
      await a.added.close()
      await a.added.close()
      assert.equal(a.added.state, 'closed')
      assert.equal(a.port.state, 'closed', "a listener's clients close with it")
      await both.reopen(a, a.spec)
      assert.equal(a.added.state, 'up')
      assert.equal(a.added.name, name)
      await both.close()
      await assert.rejects(a.lan.addPort(a.spec), { code: 'ERR_ETHERCAST_CLOSED' })
    })

    for (const length of [14, 15, 60, 1514, 1518, 2048, 9014, 65_000]) {
      it(`carries frames of ${length} octets unchanged, both ways`, async () => {
        const { a, b } = await pair()
        for (const [from, to] of [[a, b] as const, [b, a] as const]) {
          const frame = makeFrame({ length, from: from.host.mac, sequence: length })
          assert.equal(from.host.send(frame), 1)
          const [got] = await take(to.host, 1)
          assert.deepEqual(got, frame)
        }
      })
    }

    it('carries the longest frame there is, and counts what is longer', async () => {
      const { a, b } = await pair()
      const longest = makeFrame({ length: transport.maxFrame, from: a.host.mac, sequence: 1 })
      const tooLong = makeFrame({ length: transport.maxFrame + 1, from: a.host.mac, sequence: 2 })
      // A NIC sends nothing beyond what any port may carry.
      const others = tooLong.length > kMaxFrame ? [] : [tooLong]
      await sendAll(a.host, [...others, longest])
      const [got] = await take(b.host, 1)
      assert.deepEqual(got, longest)
      assert.equal(a.port.stats().tx.drops.oversize, others.length)
    })

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
      const order = (await transfer(a.host, b.host, frames)).map(sequenceOf)
      assert.deepEqual(order, [...frames.keys()])
    })

    it('carries unicast to a learned station, and does not send it back', async () => {
      const { a, b } = await pair()
      b.host.send(makeFrame({ from: b.host.mac, sequence: 1 }))
      await take(a.host, 1)
      a.host.send(makeFrame({ to: b.host.mac, from: a.host.mac, sequence: 2 }))
      assert.equal(sequenceOf((await take(b.host, 1))[0]!), 2)
      // A frame to a station that is on the far side already goes no further there.
      a.host.send(makeFrame({ to: a.host.mac, from: '02:00:00:00:00:0c', sequence: 3 }))
      await a.host.drained()
      await eventually(() => a.host.stats().rx.drops.filtered === 1)
      assert.equal(b.host.read().size, 0)
    })

    it('does not stall the other ports when one reader sleeps', async () => {
      const { a, b } = await pair()
      const sleeper = await b.lan.addPort({ transport: 'host', ringOctets: 1 << 18 })
      const frames = Array.from({ length: 3000 }, (_, sequence) =>
        makeFrame({ length: 600, from: a.host.mac, sequence }),
      )
      assert.equal((await transfer(a.host, b.host, frames)).length, frames.length)
      await settled(b.lan)
      const { tx } = sleeper.stats()
      assert.equal(tx.picked, frames.length)
      assert.ok(tx.drops.ring_full! > 0, 'what its ring had no room for is counted')
      assertBalanced(sleeper.stats(), 'the sleeper')
    })

    it('accounts for every frame', async () => {
      const { a, b } = await pair()
      const count = 2000
      const frames = (from: string) =>
        Array.from({ length: count }, (_, sequence) =>
          makeFrame({ length: 14 + (sequence % 1500), from, sequence }),
        )
      await Promise.all([
        transfer(a.host, b.host, frames(a.host.mac)),
        transfer(b.host, a.host, frames(b.host.mac)),
      ])
      await settled(a.lan, b.lan)
      for (const end of [a, b]) {
        assertBalanced(end.port.stats(), end.port.name)
        assertBalanced(end.host.stats(), end.host.name)
        assert.equal(end.host.stats().rx.forwarded, count)
        assert.equal(end.port.stats().tx.frames, count)
        assert.equal(end.port.stats().rx.forwarded, count)
        assert.equal(end.host.stats().tx.frames, count)
      }
    })

    it('holds to mtu=: longer frames are dropped and counted, both ways', async () => {
      const both = await pair({ mtu: 1000 })
      const { a, b } = both
      // An IP packet of 1000 octets, the header, and a VLAN tag.
      const fits = makeFrame({ length: 1018, from: a.host.mac, sequence: 1 })
      const tooLong = makeFrame({ length: 1019, from: a.host.mac, sequence: 2 })
      await sendAll(a.host, [tooLong, fits])
      assert.deepEqual(await take(b.host, 1), [fits])
      assert.equal(a.port.stats().tx.drops.oversize, 1)
      // From a member that has no such limit.
      await a.added.close()
      const { mtu: _, ...unlimited } = a.spec as { mtu?: number } & typeof a.spec
      await both.reopen(a, unlimited)
      await sendAll(a.host, [tooLong, fits])
      assert.deepEqual(await take(b.host, 1), [fits])
      assert.equal(b.port.stats().rx.drops.oversize, 1)
    })

    if (!transport.bufferless) {
      it('says which buffer it got', async () => {
        const buffer = 128 * 1024
        const { a } = await pair({ buffer })
        // socket(7): the kernel doubles what is asked for, to have room for its bookkeeping.
        assert.equal(Number(a.port.facts.receive_buffer), 2 * buffer)
      })
    }

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
      assert.equal(b.port.state, 'closed')
      assertBalanced(b.port.stats(), b.port.name)
      const went = () => (transport.connected ? a.host.stats().rx.frames : a.port.stats().tx.frames)
      const sent = went()
      await eventually(() => went() > sent, 5000, 'the other end to go on')
      if (transport.connected) await eventually(() => a.port.state !== 'up', 5000, 'the other end to know')
      await a.port.close()
      stop = true
      await load
      assertBalanced(a.port.stats(), a.port.name)
    })

    it('refuses use after closing, with a code', async () => {
      const { a } = await pair()
      await a.lan.close()
      const isClosed = (error: unknown) =>
        error instanceof EthercastError && error.code === 'ERR_ETHERCAST_CLOSED'
      assert.throws(() => a.host.send(makeFrame()), isClosed)
      assert.throws(() => a.host.read(), isClosed)
      await assert.rejects(a.lan.addPort(a.spec), isClosed)
      const other = await Switch.create()
      open.add(other)
      assert.equal((await other.addPort(a.spec)).state, 'up', 'what it held is free again')
    })
  })
}
