// The JavaScript edge in small: each makes a function for benchmark.js and says how many items a call handles.

import { destination, testFrames } from '../support/frames.js'
import { loadFrameRing, loadLibrary } from '../support/library.js'

export interface Micro {
  /** Items (frames, specs, calls) that one call of `run` handles. */
  items: number
  run: () => void
  close?: () => Promise<void>
}

const RING_OCTETS = 4 * 2 ** 20
/** Cursors in a ring, in 32-bit words: see native/core/ring.h. */
const HEAD = 0
const TAIL = 16

/** Keeps results alive: what nobody looks at may be optimized away. */
export let sink = 0

const words = (memory: Uint8Array) => new Uint32Array(memory.buffer, 0, 64)

/** `write` and `publish` in bursts of 128; a consumer that is never behind. */
async function ringWrite(length: number): Promise<Micro> {
  const { RingWriter } = await loadFrameRing()
  const writer = new RingWriter(RING_OCTETS)
  const shared = words(writer.memory)
  const frames = testFrames(length).slice(0, 128)
  const run = () => {
    for (const frame of frames) if (writer.write(frame)) sink++
    writer.publish()
    shared[TAIL] = shared[HEAD]!
  }
  return { items: frames.length, run }
}

/** A ring full of frames, read from beginning to end: a lap later the same records lie at the same places. */
async function fullRing(length: number) {
  const { RingReader, RingWriter } = await loadFrameRing()
  const writer = new RingWriter(RING_OCTETS)
  const frames = testFrames(length)
  let items = 0
  while (writer.write(frames[items % frames.length]!)) items++
  writer.publish()
  const reader = new RingReader(RING_OCTETS)
  reader.memory.set(writer.memory)
  const shared = words(reader.memory)
  const end = shared[HEAD]!
  // The rest of the last lap is skipped, as a writer does.
  if (end < RING_OCTETS) new Uint32Array(reader.memory.buffer, 256)[end / 4] = 0xffffffff
  shared[HEAD] = 0
  const refill = () => {
    shared[HEAD] = (shared[HEAD]! + RING_OCTETS) >>> 0
  }
  return { reader, items, refill }
}

async function ringRead(length: number, style: 'bare' | 'offsets' | 'views'): Promise<Micro> {
  const { reader, items, refill } = await fullRing(length)
  const run = () => {
    refill()
    for (let batch = reader.read(); batch.size > 0; batch = reader.read()) {
      if (style === 'views') for (const frame of batch) sink += destination(frame, 0)
      else if (style === 'offsets') {
        const { data, size } = batch
        for (let i = 0; i < size; i++) sink += destination(data, batch.offset(i))
      } else sink += batch.size
    }
  }
  return { items, run }
}

const SPEC = 'eth0=mcast,fe:fd:c0:a8:1:1,239.192.1.2,1102,4,interface=lo,buffer=4194304'

async function parse(): Promise<Micro> {
  const { parseSpec } = await loadLibrary()
  return { items: 1, run: () => void (sink += parseSpec(SPEC).transport.length) }
}

async function format(): Promise<Micro> {
  const { parseSpec, formatSpec } = await loadLibrary()
  const spec = parseSpec(SPEC)
  return { items: 1, run: () => void (sink += formatSpec(spec).length) }
}

async function stats(): Promise<Micro> {
  const { Switch } = await loadLibrary()
  const lan = await Switch.create()
  const port = await lan.addPort({ transport: 'host' })
  return { items: 1, run: () => void (sink += port.stats().rx.frames), close: () => lan.close() }
}

export const microCases: Readonly<Record<string, () => Promise<Micro>>> = {
  parseSpec: parse,
  formatSpec: format,
  'Port.stats()': stats,
  'RingWriter.write, 64 octets': () => ringWrite(64),
  'RingWriter.write, 1514 octets': () => ringWrite(1514),
  'RingReader.read, 64 octets': () => ringRead(64, 'bare'),
  'RingReader.read, 1514 octets': () => ringRead(1514, 'bare'),
  'read and offsets, 64 octets': () => ringRead(64, 'offsets'),
  'read and offsets, 1514 octets': () => ringRead(1514, 'offsets'),
  'read and views, 64 octets': () => ringRead(64, 'views'),
  'read and views, 1514 octets': () => ringRead(1514, 'views'),
}
