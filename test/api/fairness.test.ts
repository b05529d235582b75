// A loop over frames leaves the event loop its turns: counted, not timed, so that a busy machine does not matter.
import assert from 'node:assert/strict'
import type { HostPort } from '../../lib/index.js'
import { eventually } from '../support/wait.js'
import { burn, makeFrame, sendAll, useSwitches } from './lan.js'

describe('the event loop under a flood of frames', () => {
  const switches = useSwitches()

  /** Counts turns of the event loop until stopped. */
  function turns() {
    let count = 0
    let going = true
    const tick = () => {
      count++
      if (going) setImmediate(tick)
    }
    setImmediate(tick)
    return { now: () => count, stop: () => (going = false) }
  }

  it('gets a turn after at most 4096 frames and one batch more', async () => {
    const [a, b] = await switches.hosts(2, {}, 1 << 24)
    const frames = Array.from({ length: 100_000 }, () => makeFrame({ length: 60 }))
    await sendAll(a!, frames)
    await eventually(() => b!.stats().tx.frames === frames.length)
    const turn = turns()
    let [seen, turnSeen, most, last] = [0, 0, 0, turn.now()]
    for await (const batch of b!.frames()) {
      if (turn.now() !== last) [turnSeen, last] = [0, turn.now()]
      turnSeen += batch.size
      seen += batch.size
      most = Math.max(most, turnSeen)
      if (seen === frames.length) break
    }
    turn.stop()
    assert.ok(most < 2 * 4096, `${most} frames without a turn`)
  })

  it('gets a turn after 2 ms and one batch more, however small the batches', async () => {
    const [a, b] = await switches.hosts(2)
    const turn = turns()
    let [batches, most, last, rounds] = [0, 0, turn.now(), 0]
    a!.send(makeFrame())
    for await (const _ of b!.frames()) {
      if (turn.now() !== last) [batches, last] = [0, turn.now()]
      most = Math.max(most, ++batches)
      if (++rounds === 100) break
      a!.send(makeFrame())
      burn(1) // the next frame is there when this one is done
    }
    turn.stop()
    // A batch takes 1 ms at the least: the third one at the latest is past the 2 ms.
    assert.ok(most <= 3, `${most} batches of 1 ms without a turn`)
  })

  it('gets its turns also when two busy readers wake each other', async () => {
    const [a, b] = await switches.hosts(2)
    const turn = turns()
    let [batches, most, last, rounds] = [0, 0, turn.now(), 0]
    const stop = new AbortController()
    const answer = async (port: HostPort) => {
      for await (const _ of port.frames({ signal: stop.signal })) {
        if (turn.now() !== last) [batches, last] = [0, turn.now()]
        most = Math.max(most, ++batches)
        if (++rounds >= 400) stop.abort()
        port.send(makeFrame({ from: port.mac }))
        burn(1)
      }
    }
    const both = Promise.allSettled([answer(a!), answer(b!)])
    a!.send(makeFrame({ from: a!.mac }))
    b!.send(makeFrame({ from: b!.mac }))
    await both
    turn.stop()
    assert.ok(rounds >= 400)
    assert.ok(most <= 8, `${most} batches of 1 ms without a turn`)
  })

  it('fires a timer in between, not after', async () => {
    const [a, b] = await switches.hosts(2, {}, 1 << 24)
    const frames = Array.from({ length: 50_000 }, () => makeFrame({ length: 60 }))
    await sendAll(a!, frames)
    await eventually(() => b!.stats().tx.frames === frames.length)
    let seen = 0
    let firedAt: number | undefined
    setTimeout(() => (firedAt = seen), 10)
    for await (const batch of b!.frames()) {
      seen += batch.size
      burn(5)
      if (seen === frames.length) break
    }
    assert.ok(firedAt !== undefined && firedAt < frames.length / 2, `the timer fired after ${firedAt} frames`)
  })
})
