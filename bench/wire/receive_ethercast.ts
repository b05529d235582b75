// A member of the group that counts, through ethercast.

import { destination } from '../support/frames.js'
import { childOptions, serve } from '../support/child.js'
import { loadLibrary } from '../support/library.js'
import { cpuUs } from './protocol.js'
import type { Place, Received, ReceiverStyle } from './protocol.js'

const { style, group, port, buffer } = childOptions<Place & { style: ReceiverStyle }>()
const { Switch } = await loadLibrary()

let frames = 0
let check = 0

const lan = await Switch.create()
const mcast = await lan.addPort({ transport: 'mcast', group, port, ttl: 0, interface: 'lo', buffer })
const nic = await lan.addPort({ transport: 'host' })

async function readViews(): Promise<void> {
  for await (const batch of nic.frames()) {
    for (const frame of batch) check += destination(frame, 0)
    frames += batch.size
  }
}

async function readOffsets(): Promise<void> {
  for await (const batch of nic.frames()) {
    const { data, size } = batch
    for (let i = 0; i < size; i++) check += destination(data, batch.offset(i))
    frames += size
  }
}

// For a program with a clock of its own, such as a simulation's step: looks every millisecond, and never sleeps on the ring.
function readEveryMs(): void {
  setInterval(() => {
    for (;;) {
      const batch = nic.read()
      const { data, size } = batch
      if (size === 0) return
      for (let i = 0; i < size; i++) check += destination(data, batch.offset(i))
      frames += size
    }
  }, 1)
}

if (style === 'views') void readViews()
else if (style === 'offsets') void readOffsets()
else readEveryMs()

serve({
  received: (): Received => ({ frames, check, buffer: Number(mcast.facts.receive_buffer) }),
  cpuUs,
  stats: () => ({ socket: mcast.stats().rx, ring: nic.stats().tx }),
})
