// A member of the group that sends, through ethercast. Also the load for every receiver.

import { DISTINCT, testFrames } from '../support/frames.js'
import { childOptions, serve } from '../support/child.js'
import { loadLibrary } from '../support/library.js'
import { pace } from './pace.js'
import { cpuUs } from './protocol.js'
import type { Place, SendOrder, Sent } from './protocol.js'

const { group, port, buffer } = childOptions<Place>()
const { Switch } = await loadLibrary()

const lan = await Switch.create()
const mcast = await lan.addPort({ transport: 'mcast', group, port, ttl: 0, interface: 'lo', buffer })
const nic = await lan.addPort({ transport: 'host' })

let frames: Buffer[] = []
/** Rotations of the same frames: `send` takes an array, and a paced sender needs one of any length. */
const burst = (count: number) =>
  count === frames.length ? frames : Array.from({ length: count }, (_, i) => frames[i % DISTINCT]!)

async function sendAll(some: readonly Buffer[]): Promise<void> {
  let accepted = nic.send(some)
  while (accepted < some.length) {
    await nic.drained()
    accepted += nic.send(some.slice(accepted))
  }
}

async function flood(ms: number): Promise<number> {
  const end = performance.now() + ms
  let sent = 0
  while (performance.now() < end) {
    const accepted = nic.send(frames)
    sent += accepted
    if (accepted < frames.length) await nic.drained()
  }
  return sent
}

async function send({ length, rate, ms }: SendOrder): Promise<Sent> {
  frames = testFrames(length)
  const start = performance.now()
  const sent = rate === 0 ? await flood(ms) : await pace(rate, ms, (count) => sendAll(burst(count)))
  await nic.drained()
  return { frames: sent, ms: performance.now() - start }
}

serve({ send, cpuUs, stats: () => ({ ring: nic.stats().rx, socket: mcast.stats().tx }) })
