// One run of one wire case, in fresh processes.

import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from '../support/child.js'
import type { Side, WireCase } from './cases.js'
import type { Place, Received, SendOrder, Sent } from './protocol.js'

/** After the last frame is sent, what is still in buffers has this long to be counted. */
const SETTLE_MS = 150

export interface Load {
  /** Frames per second; 0: as many as the sender can. */
  rate: number
}

export interface Durations {
  warmUpMs: number
  measureMs: number
}

/** What one run gave under one load. */
export interface WireRun {
  direction: string
  name: string
  length: number
  rate: number
  offered: number
  received: number
  ms: number
  /** CPU seconds of the measured process, all threads. */
  cpuS: number
  offeredPerS: number
  receivedPerS: number
  loss: number
  framesPerCpuS: number
  /** SO_RCVBUF of the receiver as the kernel gives it. */
  buffer: number
}

interface Ends {
  measured: Child
  sender: Child
  receiver: Child
}

async function withEnds<T>(what: WireCase, place: Place, work: (ends: Ends) => Promise<T>): Promise<T> {
  const children: Child[] = []
  const start = async ({ script, options }: Side) => {
    const child = await Child.start(script, { ...place, ...options })
    children.push(child)
    return child
  }
  try {
    const measured = await start(what.measured)
    const other = await start(what.other)
    const [sender, receiver] = what.direction === 'send' ? [measured, other] : [other, measured]
    return await work({ measured, sender, receiver })
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

/** Sends once, with nothing on the way before and after: so what was lost is known to the frame. */
async function sendOnce({ measured, sender, receiver }: Ends, order: SendOrder) {
  const before = await receiver.call<Received>('received')
  const cpuBefore = await measured.call<number>('cpuUs')
  const sent = await sender.call<Sent>('send', order)
  await sleep(SETTLE_MS)
  const after = await receiver.call<Received>('received')
  const cpuUs = (await measured.call<number>('cpuUs')) - cpuBefore
  return { sent, received: after.frames - before.frames, cpuUs, buffer: after.buffer }
}

/** Runs a case once: warm-up, then each load. */
export function measure(
  what: WireCase,
  length: number,
  place: Place,
  loads: readonly Load[],
  { warmUpMs, measureMs }: Durations,
): Promise<WireRun[]> {
  return withEnds(what, place, async (ends) => {
    const runs: WireRun[] = []
    await sendOnce(ends, { length, rate: Math.max(...loads.map(({ rate }) => rate)), ms: warmUpMs })
    for (const { rate } of loads) {
      const { sent, received, cpuUs, buffer } = await sendOnce(ends, { length, rate, ms: measureMs })
      runs.push({
        direction: what.direction,
        name: what.name,
        length,
        rate,
        offered: sent.frames,
        received,
        ms: sent.ms,
        cpuS: cpuUs / 1e6,
        offeredPerS: (sent.frames / sent.ms) * 1000,
        receivedPerS: (received / sent.ms) * 1000,
        loss: 1 - received / sent.frames,
        framesPerCpuS: ((what.direction === 'send' ? sent.frames : received) / cpuUs) * 1e6,
        buffer,
      })
    }
    return runs
  })
}
