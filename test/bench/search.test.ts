// The search for a switch's highest rate, on switches that are made up.
import assert from 'node:assert/strict'
import type { Answer, Order } from '../../bench/switch/load.js'
import { highestRate, lossOf, rateOf } from '../../bench/switch/search.js'

const kNothing = { refused: 0, duplicates: 0, reordered: 0, strays: 0, reads: 0 }

/** A switch that carries `most` frames a second and loses the rest, fed by a sender that can send `sender`. */
function lossy(most: number, sender = 1_000_000) {
  const orders: Order[] = []
  const trial = (order: Order): Promise<Answer> => {
    orders.push(order)
    const offered = order.rate === 0 ? sender : Math.min(order.rate, sender)
    const sent = Math.round((offered * order.ms) / 1000)
    const received = Math.min(sent, Math.round((most * order.ms) / 1000))
    return Promise.resolve({
      ...kNothing,
      ...order,
      sent,
      received,
      sendNs: order.ms * 1e6,
      ns: order.ms * 1e6,
    })
  }
  return { trial, orders }
}

async function search(trial: (order: Order) => Promise<Answer>) {
  return highestRate(trial, await trial({ rate: 0, ms: 1000 }), 100, 1000)
}

describe("bench: the search for a switch's rate", () => {
  for (const most of [1_000, 123_456, 700_000]) {
    it(`finds ${most} frames a second to a few in a hundred`, async () => {
      const found = await search(lossy(most).trial)
      assert.ok(found)
      assert.ok(lossOf(found) <= 0.001)
      assert.ok(rateOf(found) <= most * 1.001 && rateOf(found) > most * 0.9, `${rateOf(found)}`)
    })
  }

  it('finds what the sender can send, where the switch loses nothing', async () => {
    const found = await search(lossy(5_000_000, 400_000).trial)
    assert.ok(found && Math.abs(rateOf(found) - 400_000) < 400_000 * 0.1)
  })

  it('steps down when a long trial loses what a short one did not', async () => {
    const { trial } = lossy(200_000)
    const tired = (order: Order) =>
      order.ms === 1000 && order.rate > 150_000 ? lossy(100_000).trial(order) : trial(order)
    const found = await search(tired)
    assert.ok(found && rateOf(found) <= 150_000 && rateOf(found) > 130_000)
  })

  it('finds nothing where every frame is lost, and ends', async () => {
    const { trial, orders } = lossy(0)
    assert.equal(await search(trial), undefined)
    assert.ok(orders.length < 60)
  })
})
