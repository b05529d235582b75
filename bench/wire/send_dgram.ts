// A member of the group that sends, through node:dgram. Connected, since that spares a look-up of the address for each datagram, with
// one callback for all of them and a bounded number on the way.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DISTINCT, destination, testFrames } from '../support/frames.js'
import { childOptions, serve } from '../support/child.js'
import { pace } from './pace.js'
import { cpuUs } from './protocol.js'
import type { Place, SendOrder, Sent } from './protocol.js'

/** Datagrams on the way at most; between two such lots the event loop gets its turn. */
const WINDOW = 256

/** `member`: it hears the group too, as every node of the LAN does, and so its own frames. */
const { group, port, buffer, member } = childOptions<Place & { member: boolean }>()

let heard = 0
if (member) {
  const ear = createSocket({ type: 'udp4', reuseAddr: true, recvBufferSize: buffer })
  ear.on('message', (frame) => (heard += destination(frame, 0)))
  ear.bind({ port, address: group, exclusive: true })
  await once(ear, 'listening')
  ear.addMembership(group, '127.0.0.1')
}

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
let failed: Error | undefined
let done = () => {}

function onSent(error: Error | null): void {
  if (error !== null) failed = error
  if (--onTheWay === 0) done()
}

/** Sends at most WINDOW; resolves when the kernel has them all. */
function sendSome(count: number): Promise<void> {
  return new Promise((resolve) => {
    done = resolve
    onTheWay = count
    for (let i = 0; i < count; i++) socket.send(frames[next++ % DISTINCT]!, onSent)
  })
}

async function sendAll(count: number): Promise<void> {
  for (let left = count; left > 0; left -= WINDOW) await sendSome(Math.min(left, WINDOW))
}

async function flood(ms: number): Promise<number> {
  const end = performance.now() + ms
  let sent = 0
  while (performance.now() < end) {
    await sendSome(WINDOW)
    sent += WINDOW
    await nextTurn()
  }
  return sent
}

async function send({ length, rate, ms }: SendOrder): Promise<Sent> {
  frames = testFrames(length)
  const start = performance.now()
  const sent = rate === 0 ? await flood(ms) : await pace(rate, ms, sendAll)
  if (failed) throw failed
  return { frames: sent, ms: performance.now() - start }
}

serve({ send, cpuUs, heard: () => heard })
