// A TCP flow between two hosts whose cable has the offloads of today: the kernel hands packets of 64 KB with unfinished checksums from one
// to the other. What a pcap port gives a program are frames all the same, each whole and right.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { internetChecksum, pseudoSum4, pseudoSum6 } from '../../lib/net/checksum.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { Capture } from './capture.js'

const kOctets = 8_000_000
const kPort = 5201
const kMtu = 1500

interface Segment {
  sequence: number
  payload: Buffer
}

/** The TCP segment of a frame, its lengths and sums checked. */
function segmentOf(frame: Buffer, from: number): Segment | undefined {
  const at = 14
  const v6 = frame.readUInt16BE(12) === 0x86dd
  assert.ok(frame.length <= at + kMtu, `${frame.length} octets: no frame of this network`)
  const header = v6 ? 40 : (frame.readUInt8(at) & 0xf) * 4
  const end = v6 ? at + 40 + frame.readUInt16BE(at + 4) : at + frame.readUInt16BE(at + 2)
  assert.equal(end, frame.length)
  const tcp = frame.subarray(at + header, end)
  if (!v6) assert.equal(internetChecksum(frame.subarray(at, at + header)), 0, 'IPv4 checksum')
  const pseudo = v6
    ? pseudoSum6(frame.subarray(at + 8, at + 24), frame.subarray(at + 24, at + 40), 6, tcp.length)
    : pseudoSum4(frame.subarray(at + 12, at + 16), frame.subarray(at + 16, at + 20), 6, tcp.length)
  assert.equal(internetChecksum(tcp, pseudo), 0, 'TCP checksum')
  if (tcp.readUInt16BE(0) !== from) return undefined
  return { sequence: tcp.readUInt32BE(4), payload: tcp.subarray((tcp.readUInt8(12) >> 4) * 4) }
}

/** The stream that segments make, whatever was sent twice. */
function streamOf(segments: readonly Segment[]): Buffer {
  const bySequence = new Map<number, Buffer>()
  for (const { sequence, payload } of segments) {
    if (payload.length > (bySequence.get(sequence)?.length ?? 0)) bySequence.set(sequence, payload)
  }
  const pieces: Buffer[] = []
  // The first octet of the stream has the number behind the SYN's, which is the least of all heard: there is no wrap in so few octets
  // but by bad luck, and then it is found by going on from where the others end.
  const ends = new Set([...bySequence].map(([sequence, { length }]) => (sequence + length) % 2 ** 32))
  let next = [...bySequence.keys()].find((sequence) => !ends.has(sequence))!
  for (let piece = bySequence.get(next); piece !== undefined; piece = bySequence.get(next)) {
    pieces.push(piece)
    next = (next + piece.length) % 2 ** 32
  }
  return Buffer.concat(pieces)
}

describe('pcap: offloads of the interface', function () {
  this.timeout(60_000)
  let lab: Lab
  let near: Host
  let far: Host

  before(async function () {
    need(this, 'netns', 'ethtool')
    lab = await Lab.create()
    ;[near, far] = [await lab.host('near'), await lab.host('far')]
    await lab.link(near, far)
    await near.ip('addr', 'add', '2001:db8::1/64', 'dev', 'veth0', 'nodad')
    await far.ip('addr', 'add', '2001:db8::2/64', 'dev', 'veth0', 'nodad')
  })

  after(() => lab?.close())

  for (const [what, side, address] of [
    ['what the interface sends, over IPv4', 'sender', '198.18.9.2'],
    ['what the interface receives, over IPv4', 'receiver', '198.18.9.2'],
    ['what the interface receives, over IPv6', 'receiver', '2001:db8::2'],
  ] as const) {
    it(`${what}: frames of the network's size, every sum right, the same stream`, async () => {
      const features = await near.exec('ethtool', ['-k', 'veth0'], { check: true })
      assert.match(features.stdout, /tcp-segmentation-offload: on/)
      const capture = await Capture.start(
        side === 'sender' ? near : far,
        `pcap,veth0,tcp port ${kPort},nopromisc,buffer=64M`,
      )
      const taking = far.node('test/fixtures/tcp_content.mjs', ['take', String(kPort)])
      await taking.waitForLine(/^listening$/)
      const sending = await near
        .node('test/fixtures/tcp_content.mjs', ['send', address, String(kPort), String(kOctets)])
        .result(30_000)
      const taken = await taking.result(30_000)
      const { sha256 } = JSON.parse(/\{.*\}/.exec(taken.stdout)![0]) as { sha256: string }
      assert.ok(sending.stdout.includes(sha256))
      const { frames, stats, lost } = await capture.stop()
      assert.deepEqual([stats.rx.kernelDrops, lost.ring_full, stats.rx.drops.bad_offload], [0, 0, 0])
      assert.ok(stats.rx.superFrames > 0, 'packets came in one piece that were several')
      assert.ok(frames.length > kOctets / kMtu)
      const client = frames.find((frame) => frame.length > 1000)!
      const header = client.readUInt16BE(12) === 0x86dd ? 40 : 20
      const from = client.readUInt16BE(14 + header)
      const segments = frames
        .map((frame) => segmentOf(frame, from))
        .filter((segment) => segment !== undefined)
      const stream = streamOf(segments)
      assert.equal(stream.length, kOctets)
      assert.equal(createHash('sha256').update(stream).digest('hex'), sha256)
    })
  }
})
