// All wire cases, `runs` times, in an order that turns: what the machine does meanwhile falls on all alike.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { randomInt } from 'node:crypto'
import { receiveBufferLimit } from '../support/host_facts.js'
import { progress } from '../support/output.js'
import { LENGTHS, wireCases } from './cases.js'
import { measure } from './measure.js'
import type { Durations, WireRun } from './measure.js'
import type { Place } from './protocol.js'

/** What is asked for as SO_RCVBUF; the kernel counts twice that (socket(7)). */
const BUFFER = 2 << 20

/** A UDP port that nobody has. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

function checkBuffers(runs: readonly WireRun[]): void {
  const sizes = new Set(runs.map((run) => run.buffer))
  if (sizes.size > 1) throw new Error(`the receivers' buffers differ: ${[...sizes].join(', ')} octets`)
}

export async function runWire(runs: number, rate: number, durations: Durations): Promise<WireRun[]> {
  const loads = [{ rate }, { rate: 0 }]
  const results: WireRun[] = []
  for (let run = 0; run < runs; run++) {
    const order = run % 2 === 0 ? wireCases : [...wireCases].reverse()
    for (const length of LENGTHS) {
      for (const what of order) {
        progress(`run ${run + 1} of ${runs}: ${what.direction}, ${length} octets, ${what.name}`)
        const place: Place = {
          group: `239.192.${randomInt(1, 255)}.${randomInt(1, 255)}`,
          port: await freePort(),
          // No more than an ordinary program gets: ethercast may ask for more when it is root, dgram can't.
          buffer: Math.min(BUFFER, receiveBufferLimit()),
        }
        results.push(...(await measure(what, length, place, loads, durations)))
      }
    }
  }
  progress('')
  checkBuffers(results)
  const position = (run: WireRun) =>
    wireCases.findIndex(({ direction, name }) => direction === run.direction && name === run.name)
  const place = (run: WireRun) => [
    run.direction === 'send' ? 1 : 0,
    run.length,
    run.rate === 0 ? 1 : 0,
    position(run),
  ]
  return results.sort((a, b) => {
    const [left, right] = [place(a), place(b)]
    return left.map((value, i) => value - right[i]!).find((difference) => difference !== 0) ?? 0
  })
}
