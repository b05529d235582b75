// What the tests of the library share: frames that can be told apart, switches that do not outlive their test, and reading so many frames.
import { type FrameBatch, type HostPort, Switch, type SwitchOptions, parseMac } from '../../lib/index.js'
import { randomGroup, randomPort } from '../support/transports.js'

export const BROADCAST = 'ff:ff:ff:ff:ff:ff'
/** IEEE 802 local experimental EtherType 1: nobody answers it. */
const ETHERTYPE = 0x88b5

export interface FrameOptions {
  to?: string
  from?: string
  /** Octets, 14 or more; with 18 and more the frame carries its `sequence`. */
  length?: number
  sequence?: number
}

/** A frame; octets behind the sequence number follow from it, so that a mixed-up frame does not compare equal. */
export function makeFrame(options: FrameOptions = {}): Uint8Array {
  const { to = BROADCAST, from = '02:00:00:00:00:01', length = 60, sequence = 0 } = options
  const frame = new Uint8Array(length)
  const view = new DataView(frame.buffer)
  frame.set(parseMac(to), 0)
  frame.set(parseMac(from), 6)
  view.setUint16(12, ETHERTYPE)
  if (length >= 18) view.setUint32(14, sequence)
  for (let i = 18; i < length; i++) frame[i] = (sequence * 31 + i * 7) & 0xff
  return frame
}

export function sequenceOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(14)
}

/** An mcast spec on loopback that nobody else is likely to use. */
export const loGroup = (options = '') => `mcast,,${randomGroup()},${randomPort()},1,interface=lo${options}`

/** Makes switches that are closed after each test. */
export function useSwitches() {
  const open = new Set<{ close(): Promise<void> }>()
  afterEach(async () => {
    const all = [...open]
    open.clear()
    await Promise.all(all.map((each) => each.close()))
  })
  const keep = <T extends { close(): Promise<void> }>(each: T): T => {
    open.add(each)
    return each
  }
  return {
    keep,
    async create(options?: SwitchOptions): Promise<Switch> {
      return keep(await Switch.create(options))
    },
    /** A hub or switch with that many host ports. */
    async hosts(count: number, options?: SwitchOptions, ringOctets = 1 << 20): Promise<HostPort[]> {
      const lan = keep(await Switch.create(options))
      const ports: HostPort[] = []
      for (let i = 0; i < count; i++) {
        ports.push(await lan.addPort({ transport: 'host', mac: `02:00:00:00:01:0${i}`, ringOctets }))
      }
      return ports
    },
  }
}

/** Copies of the next `count` frames, put into `frames` as they come. */
export async function take(
  port: HostPort,
  count: number,
  timeoutMs = 10_000,
  frames: Uint8Array[] = [],
): Promise<Uint8Array[]> {
  if (count === 0) return frames
  const late = new AbortController()
  const timer = setTimeout(
    () => late.abort(new Error(`${frames.length} of ${count} frames came within ${timeoutMs} ms`)),
    timeoutMs,
  )
  try {
    for await (const batch of port.frames({ signal: late.signal })) {
      for (const frame of batch) frames.push(frame.slice())
      if (frames.length >= count) return frames
    }
  } finally {
    clearTimeout(timer)
  }
  throw new Error(`the port closed after ${frames.length} of ${count} frames`)
}

/** Sends them all, waiting where the ring is full. */
export async function sendAll(port: HostPort, frames: readonly Uint8Array[]): Promise<void> {
  for (let sent = 0; sent < frames.length;) {
    sent += port.send(frames.slice(sent))
    await port.drained()
  }
}

/**
 * Waits until the I/O threads are between two batches: a frame may arrive before its last counter has been set. They answer questions
 * behind the work at hand.
 */
export const settled = async (...lans: Switch[]) =>
  void (await Promise.all(lans.map((lan) => lan.stations())))

/** What waits, copied. */
export const copies = (batch: FrameBatch) => [...batch].map((frame) => frame.slice())

/** Keeps this thread busy. */
export function burn(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}
