// A member of the group that counts, through node:dgram.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { destination } from '../support/frames.js'
import { childOptions, serve } from '../support/child.js'
import { cpuUs } from './protocol.js'
import type { Place, Received } from './protocol.js'

const { group, port, buffer } = childOptions<Place>()

let frames = 0
let check = 0

const socket = createSocket({ type: 'udp4', reuseAddr: true, recvBufferSize: buffer })
socket.on('message', (frame) => {
  check += destination(frame, 0)
  frames++
})
socket.bind({ port, address: group, exclusive: true })
await once(socket, 'listening')
socket.addMembership(group, '127.0.0.1')

serve({
  received: (): Received => ({ frames, check, buffer: socket.getRecvBufferSize() }),
  cpuUs,
})
