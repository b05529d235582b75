import assert from 'node:assert/strict'
import { NetNode } from '../../lib/net/node.js'
import { ping } from '../../lib/net/ping.js'
import type { PingOptions } from '../../lib/net/ping.js'
import type { PingEvent } from '../../lib/net/pinger.js'
import type { FakeNic } from '../support/fake_nic.js'
import { FakeHub } from '../support/fake_nic.js'
import { IP6_2, IP_1, IP_2, MAC_1, MAC_2 } from './vectors.js'

/** Quick questions, so that tests are. */
const FAST = { intervalMs: 1, timeoutMs: 500, pick: { probe: { count: 1, intervalMs: 5 } } } as const

const isEchoReply4 = (frame: Uint8Array) => frame[12] === 8 && frame[13] === 0 && frame[34] === 0

describe('net/ping', () => {
  let hub: FakeHub
  let nic: FakeNic
  let other: NetNode

  beforeEach(() => {
    hub = new FakeHub()
    nic = hub.nic(MAC_1)
    other = new NetNode(hub.nic(MAC_2), { ipv4: IP_2, ipv6: IP6_2 })
  })

  afterEach(async () => {
    await other.close()
    assert.equal(nic.readers, 0, 'the interface is free again')
  })

  async function collect(
    target: string,
    options: PingOptions,
    on: FakeNic | NetNode = nic,
  ): Promise<PingEvent[]> {
    const events: PingEvent[] = []
    for await (const event of ping(on, target, { ...FAST, ...options })) events.push(event)
    return events
  }

  /** Events without times. */
  const bare = (events: PingEvent[]) =>
    events.map((event) => ('rttMs' in event ? { ...event, rttMs: 0 } : event))

  it('reports each reply and the sum', async () => {
    const events = await collect(IP_2, { count: 2, from: IP_1 })
    const reply = { event: 'reply', from: IP_2, ttl: 64, octets: 64, rttMs: 0, duplicate: false }
    assert.deepEqual(bare(events), [
      { event: 'start', target: IP_2, from: IP_1, payloadOctets: 56 },
      { ...reply, seq: 1 },
      { ...reply, seq: 2 },
      { event: 'done', transmitted: 2, received: 2, duplicates: 0, late: 0, lossPercent: 0, rttMs: 0 },
    ])
    const done = events.at(-1)!
    assert.ok(
      done.event === 'done' && done.rttMs!.min <= done.rttMs!.avg && done.rttMs!.avg <= done.rttMs!.max,
    )
  })

  it('keeps its pace', async () => {
    const began = performance.now()
    await collect(IP_2, { count: 3, from: IP_1, intervalMs: 20 })
    assert.ok(performance.now() - began >= 39)
  })

  it('picks a free address of the /24, never the target', async () => {
    // The first number picks 198.18.0.1, which is taken; the second the last one, .254.
    const taken = new NetNode(hub.nic('fe:fd:00:00:00:03'), { ipv4: IP_1 })
    const numbers = [0, 0.9999]
    const pick = { ...FAST.pick, random: () => numbers.shift()! }
    const [start] = await collect(IP_2, { count: 1, pick })
    assert.deepEqual(start, { event: 'start', target: IP_2, from: '198.18.0.254', payloadOctets: 56 })
    await taken.close()
  })

  it('picks a free address of the /64', async () => {
    const [start] = await collect(IP6_2, { count: 1, pick: { ...FAST.pick, random: () => 0.5 } })
    assert.equal(start?.event === 'start' && start.from, '2001:db8::8080:8080:8080:8080')
  })

  it('speaks to a link-local address from its own', async () => {
    const events = await collect('fe80::fefd:0:2', { count: 1 })
    assert.equal(events[0]!.event === 'start' && events[0]!.from, 'fe80::fefd:0:1')
    assert.equal(events[1]!.event, 'reply')
  })

  it('gives up when every address tried is taken', async () => {
    const numbers = [0.5, 0.25]
    const pick = { tries: 2, ...FAST.pick, random: () => numbers.shift()! }
    const taken = [
      new NetNode(hub.nic('fe:fd:00:00:00:03'), { ipv4: '198.18.0.128' }),
      new NetNode(hub.nic('fe:fd:00:00:00:04'), { ipv4: '198.18.0.65' }),
    ]
    await assert.rejects(collect(IP_2, { count: 1, pick }), { code: 'ERR_ETHERCAST_STATE', field: 'from' })
    await Promise.all(taken.map((node) => node.close()))
  })

  it('uses the address of a node, and gives back one that it took', async () => {
    const node = new NetNode(nic, { ipv4: IP_1 })
    const [start] = await collect(IP_2, { count: 1 }, node)
    assert.equal(start?.event === 'start' && start.from, IP_1)
    await collect(IP6_2, { count: 1 }, node)
    assert.deepEqual(node.addresses, ['fe80::fefd:0:1', IP_1])
    await assert.rejects(collect(IP_2, { from: '198.18.0.9' }, node), { code: 'ERR_ETHERCAST_FIELD' })
    await node.close()
  })

  it('reports requests with no reply', async () => {
    const isFirst = (frame: Uint8Array) => isEchoReply4(frame) && frame[41] === 1
    hub.tamper = (frame) => (isFirst(frame) ? [] : [frame])
    const events = await collect(IP_2, { count: 2, from: IP_1, timeoutMs: 200 })
    assert.deepEqual(
      events.map(({ event }) => event),
      ['start', 'reply', 'timeout', 'done'],
    )
    assert.deepEqual(events[2], { event: 'timeout', seq: 1, resolved: true })
    assert.equal(events[3]!.event === 'done' && events[3]!.lossPercent, 50)
  })

  it('reports a host that is not there', async () => {
    const events = await collect('198.18.0.9', { count: 2, from: IP_1, timeoutMs: 10 })
    assert.deepEqual(events.slice(1), [
      { event: 'timeout', seq: 1, resolved: false },
      { event: 'timeout', seq: 2, resolved: false },
      { event: 'done', transmitted: 2, received: 0, duplicates: 0, late: 0, lossPercent: 100 },
    ])
  })

  it('tells duplicates, and does not count them as received', async () => {
    hub.tamper = (frame) => (isEchoReply4(frame) ? [frame, frame] : [frame])
    const events = await collect(IP_2, { count: 2, from: IP_1, intervalMs: 20 })
    const replies = events.flatMap((event) => (event.event === 'reply' ? [[event.seq, event.duplicate]] : []))
    assert.deepEqual(replies.slice(0, 3), [
      [1, false],
      [1, true],
      [2, false],
    ])
    const done = events.at(-1)!
    assert.ok(done.event === 'done' && done.received === 2 && done.duplicates >= 1)
  })

  it('counts late replies as lost', async () => {
    const held: Uint8Array[] = []
    hub.tamper = (frame) => {
      if (!isEchoReply4(frame)) return [frame]
      held.push(frame.slice())
      return held.length === 1 ? [] : [held[0]!, frame]
    }
    const events = await collect(IP_2, { count: 2, from: IP_1, timeoutMs: 100, intervalMs: 150 })
    const done = events.at(-1)!
    assert.ok(done.event === 'done' && done.received === 1 && done.late === 1 && done.lossPercent === 50)
  })

  it('finds a host again that came back with another MAC address', async () => {
    const lost: number[] = []
    for await (const event of ping(nic, IP_2, { ...FAST, from: IP_1, timeoutMs: 50 })) {
      if (event.event === 'timeout') lost.push(event.seq)
      if (event.event === 'reply' && other.mac !== MAC_2) break
      if (event.event === 'reply' && other.mac === MAC_2) {
        await other.close()
        other = new NetNode(hub.nic('fe:fd:00:00:00:22'), { ipv4: IP_2 })
      }
    }
    assert.ok(lost.length > 0)
  })

  it('ends with its sum when the signal is aborted, whatever it is doing', async () => {
    const abort = new AbortController()
    const events: PingEvent[] = []
    for await (const event of ping(nic, IP_2, {
      ...FAST,
      from: IP_1,
      signal: abort.signal,
      intervalMs: 5000,
    })) {
      events.push(event)
      if (event.event === 'reply') setImmediate(() => abort.abort())
    }
    assert.equal(events.at(-1)!.event, 'done')
    assert.equal(events.length, 3)
    const pick = { probe: { intervalMs: 5000 } }
    const none = { event: 'done', transmitted: 0, received: 0, duplicates: 0, late: 0, lossPercent: 0 }
    assert.deepEqual(await collect(IP_2, { signal: AbortSignal.abort() }), [none])
    assert.deepEqual(await collect('198.18.0.9', { signal: AbortSignal.timeout(1), pick }), [none])
    const resolving = await collect('198.18.0.9', { from: IP_1, signal: AbortSignal.timeout(5) })
    assert.deepEqual(resolving.at(-1), none)
  })

  it('closes its host when the loop is left', async () => {
    for await (const event of ping(nic, IP_2, { ...FAST, from: IP_1 })) if (event.event === 'reply') break
    assert.equal(nic.readers, 0)
  })

  it('rejects when the interface ends', async () => {
    const events = collect(IP_2, { from: IP_1, intervalMs: 5000 })
    setTimeout(() => nic.fail(new Error('cable cut')), 10)
    await assert.rejects(events, { code: 'ERR_ETHERCAST_CLOSED', message: /cable cut/ })
  })

  it('refuses bad addresses, numbers and sizes before anything is sent', async () => {
    const field = { code: 'ERR_ETHERCAST_FIELD' }
    await assert.rejects(collect('nobody', {}), field)
    await assert.rejects(collect(IP_2, { from: IP6_2 }), field)
    await assert.rejects(collect(IP_2, { count: 0 }), field)
    await assert.rejects(collect(IP_2, { intervalMs: NaN }), field)
    await assert.rejects(collect(IP_2, { timeoutMs: 0 }), field)
    await assert.rejects(collect(IP_2, { payloadOctets: -1 }), field)
    assert.equal(hub.seen.length, 0)
    await assert.rejects(collect(IP_2, { payloadOctets: 1473, from: IP_1 }), {
      code: 'ERR_ETHERCAST_FRAME_SIZE',
    })
    const jumbo = await collect(IP_2, { payloadOctets: 8972, from: IP_1, mtu: 9000, count: 1 })
    assert.equal(jumbo[1]!.event, 'reply')
  })
})
