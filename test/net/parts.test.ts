import assert from 'node:assert/strict'
import fc from 'fast-check'
import { NeighbourCache } from '../../lib/net/neighbours.js'
import { RttStatistics } from '../../lib/net/rtt.js'
import { Waiters } from '../../lib/net/waiters.js'

const mac = Uint8Array.of(0xfe, 0xfd, 0, 0, 0, 1)

describe('net/neighbours', () => {
  it('holds so many and no more: the one confirmed longest ago makes room', () => {
    const cache = new NeighbourCache({ limit: 2 })
    cache.set('a', mac)
    cache.set('b', mac)
    cache.set('a', mac)
    cache.set('c', mac)
    assert.equal(cache.size, 2)
    assert.equal(cache.get('b'), undefined)
    assert.deepEqual(cache.get('a'), mac)
  })

  it('expires entries, and still says what they were', () => {
    let now = 0
    const cache = new NeighbourCache({ lifetimeMs: 10, now: () => now })
    cache.set('a', mac)
    now = 9
    assert.deepEqual(cache.get('a'), mac)
    now = 10
    assert.equal(cache.get('a'), undefined)
    assert.deepEqual(cache.last('a'), mac)
    cache.delete('a')
    assert.equal(cache.last('a'), undefined)
  })

  it('copies what it is given', () => {
    const cache = new NeighbourCache()
    const view = mac.slice()
    cache.set('a', view)
    view.fill(0)
    assert.deepEqual(cache.get('a'), mac)
  })
})

describe('net/rtt', () => {
  it('agrees with the plain formulas', () => {
    const times = fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(times, (list) => {
        const rtt = new RttStatistics()
        list.forEach((ms) => rtt.add(ms))
        const avg = list.reduce((sum, ms) => sum + ms, 0) / list.length
        const mdev = Math.sqrt(list.reduce((sum, ms) => sum + (ms - avg) ** 2, 0) / list.length)
        const summary = rtt.summary()!
        assert.equal(summary.min, Math.min(...list))
        assert.equal(summary.max, Math.max(...list))
        assert.ok(Math.abs(summary.avg - avg) < 1e-6)
        assert.ok(Math.abs(summary.mdev - mdev) < 1e-6)
      }),
    )
  })

  it('has nothing to say about nothing', () => {
    assert.equal(new RttStatistics().summary(), undefined)
  })
})

describe('net/waiters', () => {
  it('settles all who wait for a key, and only them', async () => {
    const waiters = new Waiters<number>()
    const wait = (key: string) => waiters.wait(key, { timeoutMs: 20 })
    const all = Promise.all([wait('a'), wait('a'), wait('b')])
    waiters.settle('a', 1)
    assert.equal(waiters.has('a'), false)
    assert.deepEqual(await all, [1, 1, undefined])
    assert.equal(waiters.has('b'), false)
  })

  it('waits longer than a timer can without firing at once', async () => {
    const waiters = new Waiters<number>()
    const wait = waiters.wait('a', { timeoutMs: Infinity })
    await new Promise((resolve) => setTimeout(resolve, 5))
    waiters.settle('a', 1)
    assert.equal(await wait, 1)
  })

  it('rejects what is thrown at the start, and takes an answer given there', async () => {
    const waiters = new Waiters<number>()
    const thrown = waiters.wait('a', { timeoutMs: 1000 }, () => {
      throw new Error('no')
    })
    await assert.rejects(thrown, { message: 'no' })
    assert.equal(waiters.has('a'), false)
    const settledAtOnce = waiters.wait('a', { timeoutMs: 1000 }, () => waiters.settle('a', 2))
    assert.equal(await settledAtOnce, 2)
  })
})
