// frames() and read(): what a reader sees, and when a batch is given back.
import assert from 'node:assert/strict'
import { type FrameBatch, HostPort } from '../../lib/index.js'
import { HostRings } from '../../lib/host_port.js'
import { eventually, within } from '../support/wait.js'
import { copies, makeFrame, sendAll, sequenceOf, take, useSwitches } from './lan.js'

const isState = { code: 'ERR_ETHERCAST_STATE' }

describe('reading frames', () => {
  const switches = useSwitches()
  const many = (count: number, length = 60) =>
    Array.from({ length: count }, (_, sequence) => makeFrame({ sequence, length }))
  /** Sends, and waits until all of it lies in the other's ring. */
  async function arrive(from: HostPort, to: HostPort, frames: Uint8Array[]): Promise<void> {
    const before = to.stats().tx.frames
    await sendAll(from, frames)
    await eventually(() => to.stats().tx.frames === before + frames.length, 5000, 'the arrival')
  }

  it('gives everything that waits at once, in order and unchanged', async () => {
    const [a, b] = await switches.hosts(2)
    const sent = many(1000)
    await arrive(a!, b!, sent)
    const { value: batch } = await b!.frames().next()
    assert.equal(batch?.size, 1000)
    assert.deepEqual(copies(batch), sent)
  })

  it('gives at most 4096 frames a batch, and the rest next', async () => {
    const [a, b] = await switches.hosts(2)
    await arrive(a!, b!, many(10_000, 14))
    const sizes: number[] = []
    for await (const batch of b!.frames()) {
      sizes.push(batch.size)
      if (sizes.reduce((sum, size) => sum + size) === 10_000) break
    }
    assert.deepEqual(sizes, [4096, 4096, 1808])
  })

  it('lets a batch be read without objects: data, offset and length', async () => {
    const [a, b] = await switches.hosts(2)
    const sent = [14, 15, 60, 1514, 9014, 65535].map((length, sequence) => makeFrame({ length, sequence }))
    await arrive(a!, b!, sent)
    const before = BigInt(Date.now()) * 1_000_000n
    const batch = b!.read()
    assert.equal(batch.size, sent.length)
    for (const [i, frame] of sent.entries()) {
      const [offset, length] = [batch.offset(i), batch.length(i)]
      assert.deepEqual(batch.data.slice(offset, offset + length), frame)
      assert.deepEqual(batch.frame(i).slice(), frame)
      assert.equal(batch.ingress(i), a!.id)
      const age = before - batch.timeNs(i)
      assert.ok(age > -10_000_000n && age < 10_000_000_000n, `taken in ${age} ns ago`)
    }
    assert.deepEqual(copies(batch), sent)
  })

  it('keeps views valid until the next batch is asked for, whatever comes meanwhile', async () => {
    const [a, b] = await switches.hosts(2, {}, 1 << 18)
    const first = many(100, 1000)
    await arrive(a!, b!, first)
    const views = [...b!.read()]
    // Twice the ring's size: what does not fit is dropped and must not land on the views.
    await sendAll(a!, many(512, 1000))
    await eventually(() => b!.stats().tx.picked === 612)
    assert.ok(b!.stats().tx.drops.ring_full! > 0)
    assert.deepEqual(
      views.map((view) => view.slice()),
      first,
    )
  })

  it('is one object a port for life', async () => {
    const [a, b] = await switches.hosts(2)
    const batches = new Set<FrameBatch>([b!.read()])
    for (let i = 0; i < 3; i++) {
      await arrive(a!, b!, many(2))
      batches.add(b!.read())
    }
    assert.equal(batches.size, 1)
  })

  it('read() never waits: an empty batch when nothing is there', async () => {
    const [, b] = await switches.hosts(2)
    assert.equal(b!.read().size, 0)
    assert.deepEqual([...b!.read()], [])
  })

  it('carries a ring’s worth many times over: records wrap without a gap', async () => {
    const [a, b] = await switches.hosts(2, {}, 1 << 18)
    let expected = 0
    const lengths = [14, 61, 333, 1514, 5001]
    for (let round = 0; round < 300; round++) {
      const frames = lengths.map((length) => makeFrame({ length, sequence: expected++ }))
      const got = take(b!, frames.length)
      a!.send(frames)
      assert.deepEqual(await got, frames)
    }
  })

  const leaving: Record<string, (port: HostPort) => Promise<unknown>> = {
    break: async (port) => {
      for await (const _ of port.frames()) break
    },
    throw: (port) =>
      assert.rejects(async () => {
        for await (const _ of port.frames()) throw new Error('thrown in the loop')
      }, /thrown in the loop/),
    return: (port) =>
      (async () => {
        for await (const batch of port.frames()) return batch.size
        return 0
      })(),
    'iterator.return()': async (port) => {
      const frames = port.frames()
      await frames.next()
      await frames.return()
    },
    'iterator.throw()': async (port) => {
      const frames = port.frames()
      await frames.next()
      await assert.rejects(frames.throw(new Error('thrown in')), /thrown in/)
    },
  }
  for (const [how, leave] of Object.entries(leaving)) {
    it(`leaving the loop by ${how} gives the batch back, and another loop may start`, async () => {
      const [a, b] = await switches.hosts(2, {}, 1 << 18)
      // Three quarters of the ring: another such load only fits when the first has been given back.
      const load = many(190, 1000)
      for (let round = 0; round < 3; round++) {
        await arrive(a!, b!, load)
        await within(leave(b!), 1000)
        assert.equal(b!.stats().tx.drops.ring_full, 0)
      }
      await arrive(a!, b!, load)
      assert.equal(b!.read().size, load.length)
    })
  }

  it('an iterator that was never started holds nothing', async () => {
    const [a, b] = await switches.hosts(2)
    const idle = b!.frames()
    await arrive(a!, b!, many(1))
    assert.equal(b!.read().size, 1)
    await idle.return()
  })

  it('has one reader: a second loop, or read() while a loop runs, is refused; the first goes on', async () => {
    const [a, b] = await switches.hosts(2)
    await arrive(a!, b!, many(1))
    const first = b!.frames()
    assert.equal((await first.next()).value?.size, 1)
    await assert.rejects(b!.frames().next(), isState)
    assert.throws(() => b!.read(), isState)
    const second = first.next()
    await assert.rejects(b!.frames().next(), isState)
    assert.throws(() => b!.read(), isState)
    a!.send(many(1))
    assert.equal((await within(second, 1000)).value?.size, 1)
    await first.return()
    assert.equal(b!.read().size, 0)
  })

  it('two loops that are started at once: one is refused', async () => {
    const [a, b] = await switches.hosts(2)
    a!.send(many(1))
    const outcomes = await Promise.allSettled([b!.frames().next(), b!.frames().next()])
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['fulfilled', 'rejected'],
    )
  })

  it('ends the loop when the port closes, also while it waits', async () => {
    const [, b] = await switches.hosts(2)
    let batches = 0
    const loop = (async () => {
      for await (const _ of b!.frames()) batches++
    })()
    await new Promise(setImmediate)
    await b!.close()
    await within(loop, 1000, 'the end of the loop')
    assert.equal(batches, 0)
  })

  it('is woken by frames also after a wake that brought none', async () => {
    const rings = new HostRings(1 << 18)
    const spec = { transport: 'host', mac: '02:00:00:00:00:01', maxFrame: 1514, ringOctets: 1 << 18 } as const
    const port = new HostPort(null as never, { id: 1, spec, notices: [] }, rings)
    const words = new Uint32Array(rings.reader.memory.buffer, 0, 65)
    const loop = port.frames()
    const next = loop.next()
    assert.equal(words[32], 1, 'the reader wishes to be woken')
    // The I/O thread takes the wish, and has nothing for it after all.
    words[32] = 0
    port.onWake()
    assert.equal(words[32], 1, 'the wish is uttered anew')
    // A frame of 14 octets, as native/core/ring.h lays it out.
    words[64] = 14
    words[32] = 0
    words[0] = 32
    port.onWake()
    assert.equal((await within(next, 1000)).value?.size, 1)
    await loop.return()
  })

  it('reads on in the next loop where the last one stopped', async () => {
    const [a, b] = await switches.hosts(2)
    const seen: number[] = []
    for (let round = 0; round < 5; round++) {
      await arrive(a!, b!, [makeFrame({ sequence: round })])
      for await (const batch of b!.frames()) {
        for (const frame of batch) seen.push(sequenceOf(frame))
        break
      }
    }
    assert.deepEqual(seen, [0, 1, 2, 3, 4])
  })

  it('hands a frame straight on: a view may be sent from within the loop', async () => {
    const [a, b] = await switches.hosts(2)
    const [c, d] = await switches.hosts(2)
    const sent = many(50, 200)
    await arrive(a!, b!, sent)
    assert.equal(c!.send([...b!.read()]), 50)
    assert.deepEqual(await take(d!, 50), sent)
  })

  describe('from a ring that the program itself has written to', () => {
    // Through batch.data a program can write anywhere in its ring: that is its own loss, but no thread may hang or stray for it.
    const scribbles: Record<string, (data: Uint8Array) => void> = {
      ones: (data) => data.fill(0xff),
      zeros: (data) => data.fill(0),
      'huge lengths': (data) => data.fill(0xf0),
      'lengths just too long': (data) => new Uint32Array(data.buffer, data.byteOffset).fill(data.length - 8),
    }
    for (const [what, scribble] of Object.entries(scribbles)) {
      it(`full of ${what}: refused or read within bounds, and then all is well again`, async () => {
        const [a, b] = await switches.hosts(2, {}, 1 << 18)
        const { data } = b!.read()
        for (let round = 0; round < 20; round++) {
          await arrive(a!, b!, many(100, 1000))
          scribble(data)
          try {
            for (let batch = b!.read(); batch.size > 0; batch = b!.read()) {
              for (const frame of batch) assert.ok(frame.length <= data.length)
            }
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'ERR_ETHERCAST_STATE')
          }
        }
        b!.read()
        const sent = many(3)
        await arrive(a!, b!, sent)
        assert.deepEqual(copies(b!.read()), sent)
      })
    }
  })
})
