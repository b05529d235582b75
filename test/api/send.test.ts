// send() and drained(): what is taken, what is refused, and what a full ring does.
import assert from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import { EthercastError, type HostPort } from '../../lib/index.js'
import { eventually, within } from '../support/wait.js'
import { makeFrame, sendAll, sequenceOf, take, useSwitches } from './lan.js'

describe('send()', () => {
  const switches = useSwitches()

  it('takes one frame or an array, and says how many it took', async () => {
    const [a, b] = await switches.hosts(2)
    const frames = Array.from({ length: 5 }, (_, sequence) => makeFrame({ sequence }))
    assert.equal(a!.send(frames[0]!), 1)
    assert.equal(a!.send([frames[1]!]), 1)
    assert.equal(a!.send([]), 0)
    assert.equal(a!.send(frames.slice(2)), 3)
    assert.deepEqual(await take(b!, 5), frames)
  })

  it('copies: the frame may be changed as soon as send has returned', async () => {
    const [a, b] = await switches.hosts(2)
    const frame = makeFrame({ sequence: 7 })
    a!.send(frame)
    frame.fill(0)
    assert.equal(sequenceOf((await take(b!, 1))[0]!), 7)
  })

  const shared = (frame: Uint8Array) => {
    const view = new Uint8Array(new SharedArrayBuffer(frame.length + 10), 5, frame.length)
    view.set(frame)
    return view
  }
  const forms: Record<string, (frame: Uint8Array) => Uint8Array> = {
    'a Buffer': (frame) => Buffer.from(frame),
    'a slice of a larger Buffer': (frame) =>
      Buffer.concat([Buffer.alloc(7, 0xee), frame, Buffer.alloc(9, 0xee)]).subarray(7, 7 + frame.length),
    'a view at an odd offset': (frame) => {
      const view = new Uint8Array(new ArrayBuffer(frame.length + 3), 3)
      view.set(frame)
      return view
    },
    'a view of shared memory': shared,
    'a Buffer on shared memory': (frame) => {
      const view = shared(frame)
      return Buffer.from(view.buffer, view.byteOffset, view.length)
    },
    'an array of another realm': (frame) => {
      const view = runInNewContext('new Uint8Array(length)', { length: frame.length }) as Uint8Array
      view.set(frame)
      assert.ok(!(view instanceof Uint8Array))
      return view
    },
    'an array of a subclass': (frame) => new (class Frame extends Uint8Array {})(frame),
  }
  for (const [what, form] of Object.entries(forms)) {
    it(`takes ${what}`, async () => {
      const [a, b] = await switches.hosts(2)
      const frame = makeFrame({ sequence: 3, length: 99 })
      assert.equal(a!.send(form(frame)), 1)
      assert.equal(a!.send([frame, form(frame)]), 2)
      for (const got of await take(b!, 3)) assert.deepEqual(got, frame)
    })
  }

  const wrong: [what: string, frame: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a string', 'a frame of sixty octets, or so'],
    ['a number', 60],
    ['an object', { length: 60 }],
    ['an object that claims to be one', Object.create(Uint8Array.prototype)],
    ['a DataView', new DataView(new ArrayBuffer(60))],
    ['an ArrayBuffer', new ArrayBuffer(60)],
    ['a SharedArrayBuffer', new SharedArrayBuffer(60)],
    ['a Uint16Array', new Uint16Array(60)],
    ['a Uint8ClampedArray', new Uint8ClampedArray(60)],
    ['a Proxy of an array', new Proxy(new Uint8Array(60), {})],
    ['a set of frames', new Set([makeFrame()])],
  ]
  for (const [what, frame] of wrong) {
    it(`refuses ${what}, alone and behind a good frame, and takes nothing`, async () => {
      const [a, b] = await switches.hosts(2)
      for (const frames of [frame, [frame], [makeFrame(), frame]]) {
        assert.throws(
          () => a!.send(frames as Uint8Array),
          (error) => {
            assert.ok(error instanceof EthercastError, String(error))
            assert.equal(error.code, 'ERR_ETHERCAST_FIELD')
            assert.equal(error.field, 'frame')
            assert.equal(error.port, a!.name)
            return true
          },
        )
      }
      await nothingArrived(a!, b!)
    })
  }

  it('refuses a buffer that has been transferred away', async () => {
    const [a, b] = await switches.hosts(2)
    const frame = makeFrame()
    structuredClone(frame.buffer, { transfer: [frame.buffer as ArrayBuffer] })
    assert.throws(() => a!.send(frame), /0 octets.*has its buffer been transferred\?/)
    assert.throws(() => a!.send([makeFrame(), frame]), { code: 'ERR_ETHERCAST_FRAME_SIZE' })
    await nothingArrived(a!, b!)
  })

  for (const maxFrame of [1514, 65535]) {
    it(`takes 14 to maxFrame octets (${maxFrame}), and refuses one less and one more`, async () => {
      const lan = await switches.create()
      const a = await lan.addPort({ transport: 'host', maxFrame })
      const b = await lan.addPort({ transport: 'host', maxFrame })
      for (const length of [0, 1, 13, maxFrame + 1, 100_000]) {
        for (const frames of [new Uint8Array(length), [makeFrame(), new Uint8Array(length)]]) {
          assert.throws(
            () => a.send(frames),
            (error) => {
              assert.ok(error instanceof EthercastError)
              assert.equal(error.code, 'ERR_ETHERCAST_FRAME_SIZE')
              assert.deepEqual([error.field, error.value], ['frame', length])
              assert.match(error.message, new RegExp(`${length} octets: allowed are 14 to ${maxFrame}`))
              return true
            },
          )
        }
      }
      const edges = [14, 15, maxFrame - 1, maxFrame].map((length) => makeFrame({ length }))
      assert.equal(a.send(edges), 4)
      assert.deepEqual(await take(b, 4), edges)
    })
  }

  async function nothingArrived(from: HostPort, to: HostPort): Promise<void> {
    const marker = makeFrame({ sequence: 0xfeed })
    assert.equal(from.send(marker), 1)
    assert.deepEqual(await take(to, 1), [marker])
    assert.equal(from.stats().rx.frames, 1)
  }

  it('takes what fits when the ring is full, from the first on, and loses none of it', async () => {
    const [a, b] = await switches.hosts(2, {}, 1 << 18)
    const frames = Array.from({ length: 600 }, (_, sequence) => makeFrame({ sequence, length: 1000 }))
    const accepted = a!.send(frames)
    assert.ok(accepted > 200 && accepted < 300, `${accepted} frames of 1000 octets in a ring of 256 KiB`)
    const got = await take(b!, accepted)
    assert.deepEqual(got, frames.slice(0, accepted))
    await a!.drained()
    assert.equal(a!.send(frames.slice(accepted, accepted + 200)), 200)
    assert.equal(sequenceOf((await take(b!, 200))[0]!), accepted)
  })

  it('survives getters and proxies that change their mind between the check and the copy', async () => {
    const [a, b] = await switches.hosts(2)
    const liars: unknown[] = [
      new Proxy([makeFrame()], {
        get: (target, key, receiver): unknown =>
          key === '0'
            ? lies++ % 2 === 0
              ? makeFrame()
              : { length: 1e9 }
            : Reflect.get(target, key, receiver),
      }),
      new (class extends Uint8Array {
        override get length() {
          return lies++ % 2 === 0 ? 60 : 3
        }
      })(60),
      new (class extends Uint8Array {
        override get length() {
          return 60
        }
      })(200_000),
    ]
    let lies = 0
    for (const liar of liars) {
      for (let i = 0; i < 10; i++) {
        try {
          a!.send(liar as Uint8Array)
        } catch {
          // refused: as good
        }
        await a!.drained()
      }
    }
    const marker = makeFrame({ sequence: 1234 })
    await eventually(async () => {
      a!.send(marker)
      await a!.drained()
      return [...b!.read()].some((frame) => sequenceOf(frame) === 1234)
    })
  })
})

describe('drained()', () => {
  const switches = useSwitches()

  it('is done at once when nothing was sent', async () => {
    const [a] = await switches.hosts(1)
    await within(a!.drained(), 1000)
  })

  it('comes when the switch has taken everything', async () => {
    const [a] = await switches.hosts(2)
    for (let round = 1; round <= 200; round++) {
      a!.send([makeFrame(), makeFrame(), makeFrame()])
      await within(a!.drained(), 2000, 'drained()')
      assert.ok(a!.stats().rx.frames >= round * 3 - 3)
    }
    await eventually(() => a!.stats().rx.frames === 600)
  })

  it('may be waited for by many at once', async () => {
    const jumbos = Array.from({ length: 100 }, () => makeFrame({ length: 9014 }))
    const [a] = await switches.hosts(2)
    for (let round = 0; round < 50; round++) {
      a!.send(jumbos)
      await within(Promise.all(Array.from({ length: 20 }, () => a!.drained())), 2000, 'all of them')
    }
  })

  it('is backpressure: a fast sender and a reader that keeps up lose nothing', async () => {
    const [a, b] = await switches.hosts(2)
    const frames = Array.from({ length: 200 }, (_, sequence) => makeFrame({ sequence, length: 1514 }))
    for (let round = 0; round < 30; round++) {
      const got = take(b!, frames.length)
      await sendAll(a!, frames)
      assert.equal((await got).length, frames.length)
    }
    assert.equal(b!.stats().tx.drops.ring_full, 0)
  })

  it('rejects when the port closes before all is taken, or is done; it never hangs', async () => {
    const frames = Array.from({ length: 2000 }, () => makeFrame({ length: 120 }))
    for (let round = 0; round < 30; round++) {
      const [a] = await switches.hosts(2, {}, 1 << 18)
      a!.send(frames)
      const waiting = Promise.allSettled([a!.drained(), a!.drained()])
      await within(Promise.all([waiting, a!.lan.close()]), 5000)
      for (const outcome of await waiting) {
        if (outcome.status === 'rejected') {
          assert.equal((outcome.reason as EthercastError).code, 'ERR_ETHERCAST_CLOSED')
        }
      }
    }
  })
})
