// Is this the same traffic? Whoever joins segments of a TCP flow (LRO, GRO) must do so without a trace: cut again where the cuts were,
// each frame is what it was, and within each flow none has passed another.
import assert from 'node:assert/strict'

const kEtherHeader = 14
const kVlanTag = 4
const kTags = [0x8100, 0x88a8]
const kIpv4 = 0x0800
const kIpv6 = 0x86dd
const kIpv6Header = 40
const kTcp = 6
const kFin = 0x01
const kSyn = 0x02
const kPsh = 0x08
const kAtTheEnd = kPsh | kFin
const kMssOption = 2
// An IP packet has no room for more segments of an octet.
const kMostJoined = 65535

/** A TCP segment. The templates are headers without what differs from segment to segment. */
interface Segment {
  frame: Buffer
  flow: string
  template: string
  id: number | undefined
  sequence: number
  flags: number
  payload: Buffer
}

/** Undefined: it is no TCP segment, or a fragment of one. */
function parseSegment(frame: Buffer): Segment | undefined {
  let ip = kEtherHeader
  while (frame.length >= ip + kVlanTag && kTags.includes(frame.readUInt16BE(ip - 2))) ip += kVlanTag
  const type = frame.readUInt16BE(ip - 2)
  const head = Buffer.from(frame)
  let tcp: number
  let end: number
  let id: number | undefined
  if (type === kIpv4) {
    if (frame[ip + 9] !== kTcp || (frame.readUInt16BE(ip + 6) & 0x3fff) !== 0) return undefined
    tcp = ip + (frame[ip]! & 0x0f) * 4
    end = ip + frame.readUInt16BE(ip + 2)
    id = frame.readUInt16BE(ip + 4)
    head.fill(0, ip + 2, ip + 6).fill(0, ip + 10, ip + 12)
  } else if (type === kIpv6) {
    if (frame[ip + 6] !== kTcp) return undefined
    tcp = ip + kIpv6Header
    end = tcp + frame.readUInt16BE(ip + 4)
    head.fill(0, ip + 4, ip + 6)
  } else {
    return undefined
  }
  const payload = tcp + (frame[tcp + 12]! >> 4) * 4
  const flags = frame[tcp + 13]!
  head.fill(0, tcp + 4, tcp + 8).fill(0, tcp + 16, tcp + 18)
  head[tcp + 13] = flags & ~kAtTheEnd
  return {
    frame: flags & kSyn ? withoutMss(frame, tcp, payload) : frame,
    flow: frame.toString('hex', 0, ip) + frame.toString('hex', tcp - (id === undefined ? 32 : 8), tcp + 4),
    template: head.toString('hex', 0, payload),
    id,
    sequence: frame.readUInt32BE(tcp + 4),
    flags,
    payload: frame.subarray(payload, end),
  }
}

/** A SYN without its MSS and checksum, which may be lowered and mended on the way. */
function withoutMss(frame: Buffer, tcp: number, end: number): Buffer {
  const copy = Buffer.from(frame).fill(0, tcp + 16, tcp + 18)
  for (let at = tcp + 20; at < end && copy[at] !== 0; at += copy[at] === 1 ? 1 : copy[at + 1]!) {
    if (copy[at] === kMssOption) return copy.fill(0, at + 2, at + 4)
  }
  return copy
}

/** How many of the next frames of a flow this one is made of; asserts that it is made of them and nothing else. */
function countOfJoined(joined: Segment, next: readonly Segment[], where: string): number {
  let at = 0
  let count = 0
  for (; at < joined.payload.length; count++) {
    const part = next[count]
    assert.ok(part, `${where}: a segment of ${joined.payload.length} octets is more than was sent`)
    assert.equal(part.template, joined.template, `${where}: headers`)
    assert.equal(part.sequence, (joined.sequence + at) >>> 0, `${where}: sequence`)
    assert.ok(part.payload.length > 0, `${where}: an empty segment was swallowed`)
    assert.ok(part.payload.equals(joined.payload.subarray(at, at + part.payload.length)), `${where}: content`)
    if (joined.id !== undefined && part.id !== joined.id)
      assert.equal(part.id, (joined.id + count) & 0xffff, `${where}: identification`)
    at += part.payload.length
    const isLast = at === joined.payload.length
    assert.equal(part.flags & kAtTheEnd, isLast ? joined.flags & kAtTheEnd : 0, `${where}: flags`)
  }
  assert.equal(at, joined.payload.length)
  assert.ok(count > 1, `${where}: a segment came changed, none joined`)
  return count
}

interface Item {
  frame: Buffer
  segment: Segment | undefined
}

function byFlow(frames: readonly Buffer[]): Map<string, Item[]> {
  const flows = new Map<string, Item[]>()
  for (const frame of frames) {
    const segment = parseSegment(frame)
    // What is no TCP is never joined, so it is one flow for each pair of stations.
    const flow = segment?.flow ?? frame.toString('hex', 0, 12)
    const item = { frame: segment?.frame ?? frame, segment }
    const list = flows.get(flow)
    if (list) list.push(item)
    else flows.set(flow, [item])
  }
  return flows
}

/** Asserts that what was received is what was sent, joined TCP segments apart; returns how many were joined. */
export function assertSameTraffic(received: readonly Buffer[], sent: readonly Buffer[]): number {
  const [got, want] = [byFlow(received), byFlow(sent)]
  assert.deepEqual([...got.keys()].sort(), [...want.keys()].sort())
  let joined = 0
  for (const [flow, list] of got) {
    const wanted = want.get(flow)!
    let next = 0
    for (const { frame, segment } of list) {
      const where = `flow ${flow}, frame ${next} of ${wanted.length}`
      if (wanted[next]?.frame.equals(frame)) {
        next++
        continue
      }
      assert.ok(segment && wanted[next], `${where}: not what was sent`)
      const following = wanted.slice(next, next + kMostJoined).flatMap((item) => item.segment ?? [])
      const count = countOfJoined(segment, following, where)
      joined += count
      next += count
    }
    assert.equal(next, wanted.length, `flow ${flow}: all frames`)
  }
  return joined
}
