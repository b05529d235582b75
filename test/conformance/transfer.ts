/** Many frames from one host port to another, no faster than they are read. */

import type { HostPort } from '../../lib/index.js'
import { sendAll, take } from '../api/lan.js'
import { eventually } from '../support/wait.js'

/** Two of these are on the way at most: sockets, queues and rings have room for so many of an ordinary length. */
const kWindow = 256

/** What arrived. Paced by the reader, not by its port: the I/O thread may fill the ring before the reader has had its turn. */
export async function transfer(
  from: HostPort,
  to: HostPort,
  frames: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const arrived: Uint8Array[] = []
  const all = take(to, frames.length, 30_000, arrived)
  const paced = async () => {
    for (let sent = 0; sent < frames.length; sent += kWindow) {
      await eventually(
        () => arrived.length >= sent - kWindow || undefined,
        10_000,
        `${sent} frames to arrive`,
      )
      await sendAll(from, frames.slice(sent, sent + kWindow))
    }
  }
  const [got] = await Promise.all([all, paced()])
  return got
}
