// The classic capture format, as tcpdump writes and tcpreplay reads it: draft-ietf-opsawg-pcap, octets in this machine's order.
import { readFileSync, writeFileSync } from 'node:fs'

const kMagic = 0xa1b2c3d4
const kVersion = [2, 4] as const
const kFileHeader = 24
const kRecordHeader = 16
const kSnapLength = 262144
const kLinkEthernet = 1

/** The frames of a capture, in order. A last record that is not complete yet is left out. */
export function readPcap(path: string): Buffer[] {
  const octets = readFileSync(path)
  if (octets.length < kFileHeader) return []
  if (octets.readUInt32LE(0) !== kMagic) throw new Error(`${path} is no capture in this machine's order`)
  const frames: Buffer[] = []
  for (let at = kFileHeader; at + kRecordHeader <= octets.length;) {
    const captured = octets.readUInt32LE(at + 8)
    at += kRecordHeader
    if (at + captured > octets.length) break
    frames.push(octets.subarray(at, at + captured))
    at += captured
  }
  return frames
}

/** Writes frames to a capture, a microsecond apart. */
export function writePcap(path: string, frames: readonly Buffer[]): void {
  const header = Buffer.alloc(kFileHeader)
  header.writeUInt32LE(kMagic, 0)
  header.writeUInt16LE(kVersion[0], 4)
  header.writeUInt16LE(kVersion[1], 6)
  header.writeUInt32LE(kSnapLength, 16)
  header.writeUInt32LE(kLinkEthernet, 20)
  const records = frames.flatMap((frame, i) => {
    const record = Buffer.alloc(kRecordHeader)
    record.writeUInt32LE(1, 0)
    record.writeUInt32LE(i, 4)
    record.writeUInt32LE(frame.length, 8)
    record.writeUInt32LE(frame.length, 12)
    return [record, frame]
  })
  writeFileSync(path, Buffer.concat([header, ...records]))
}
