// Frames for putting on a wire: random ones that can be told apart and repeated, and the numbered ones of LanNode's pump.

import { randomNumbers } from '../support/random.js'

/** Octets of the number that `numberOf` reads; what is shorter has its number cut. */
const kHeader = 14

/**
 * Random frames, each with its number behind the Ethernet header where there is room, from stations fe:fd:….
 *
 * @param lengths octets of each, at least 14
 */
export function randomFrames(seed: number, lengths: readonly number[]): Buffer[] {
  const next = randomNumbers(seed)
  return lengths.map((length, number) => {
    const frame = Buffer.alloc(length)
    for (let at = 0; at < length; at++) frame[at] = next()
    frame.writeUInt16BE(0xfefd, 6)
    if (length >= kHeader + 4) frame.writeUInt32BE(number, kHeader)
    return frame
  })
}

/** Lengths within limits: both ends, and random ones between. */
export function randomLengths(seed: number, count: number, least: number, most: number): number[] {
  const next = randomNumbers(seed)
  const between = Array.from({ length: count - 2 }, () => least + (next() % (most - least + 1)))
  return [least, most, ...between]
}

/** The number of a frame of LanNode's pump, or undefined for any other frame. */
export function numberOf(frame: Buffer): number | undefined {
  return frame.length >= kHeader + 4 && frame.readUInt16BE(12) === 0x88b5
    ? frame.readUInt32BE(kHeader)
    : undefined
}

/** A broadcast of 60 octets from a station, with a text in it. */
export function broadcast(source: string, text: string): Buffer {
  const frame = Buffer.alloc(60)
  frame.fill(0xff, 0, 6)
  frame.write(source.replaceAll(':', ''), 6, 'hex')
  frame.writeUInt16BE(0x88b5, 12)
  frame.write(text, kHeader)
  return frame
}
