// A member of the group that sends, through node:dgram. Connected, since that spares a look-up of the address for each datagram,
// with one callback for all of them and a bounded number on the way.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { DISTINCT, testFrames } from '../support/frames.js'
import { childOptions, serve } from '../support/child.js'
import { pace } from './pace.js'
import { cpuUs } from './protocol.js'
import type { Place, SendOrder, Sent } from './protocol.js'

/** Datagrams on the way at most. */
const WINDOW = 256
/** The clock is read once in so many datagrams. */
const CLOCK_EVERY = 64

const { group, port, buffer } = childOptions<Place>()

const socket = createSocket({ type: 'udp4', sendBufferSize: buffer })
socket.bind({ port: 0, address: '127.0.0.1', exclusive: true })
await once(socket, 'listening')
socket.setMulticastInterface('127.0.0.1')
socket.setMulticastTTL(0)
socket.connect(port, group)
await once(socket, 'connect')

let frames: Buffer[] = []
let next = 0
let onTheWay = 0
let sent = 0
let failed = 0
let left = 0
let end = 0
let done = () => {}

function sendOne(): void {
  onTheWay++
  left--
  socket.send(frames[next++ % DISTINCT]!, onSent)
}

function onSent(error: Error | null): void {
  onTheWay--
  if (error === null) sent++
  else failed++
  if (end !== 0 && sent % CLOCK_EVERY === 0 && performance.now() >= end) left = 0
  if (left > 0) sendOne()
  else if (onTheWay === 0) done()
}

/** Sends `count`, WINDOW at a time; resolves when the kernel has them all. */
function sendMany(count: number): Promise<void> {
  return new Promise((resolve) => {
    done = resolve
    left = count
    while (left > 0 && onTheWay < WINDOW) sendOne()
  })
}

async function send({ length, rate, ms }: SendOrder): Promise<Sent> {
  frames = testFrames(length)
  sent = failed = 0
  const cpuBefore = cpuUs()
  const start = performance.now()
  if (rate === 0) {
    end = start + ms
    await sendMany(Infinity)
    end = 0
  } else {
    await pace(rate, ms, sendMany)
  }
  if (failed > 0) throw new Error(`${failed} datagrams could not be sent`)
  return { frames: sent, ms: performance.now() - start, cpuUs: cpuUs() - cpuBefore }
}

serve({ send })
