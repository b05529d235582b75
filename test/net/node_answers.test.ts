import assert from 'node:assert/strict'
import fc from 'fast-check'
import { NetNode } from '../../lib/net/node.js'
import type { NetNodeStats } from '../../lib/net/counters.js'
import type { FakeNic } from '../support/fake_nic.js'
import { FakeHub } from '../support/fake_nic.js'
import { hex, settled } from './frames.js'
import { IP6_2, IP_2, MAC_2, VECTORS } from './vectors.js'

/** `rx.frames` is the sum of what became of them. */
function assertAddsUp({ rx }: NetNodeStats): void {
  const { frames, ...outcomes } = rx
  assert.equal(
    Object.values(outcomes).reduce((sum, count) => sum + count, 0),
    frames,
  )
}

describe('net/node: what it answers', () => {
  let hub: FakeHub
  let nic: FakeNic
  let node: NetNode

  beforeEach(() => {
    hub = new FakeHub()
    nic = hub.nic(MAC_2)
    node = new NetNode(nic, { ipv4: IP_2, ipv6: IP6_2 })
  })

  afterEach(async () => {
    await node.close()
    assertAddsUp(node.stats())
    assert.equal(nic.readers, 0)
  })

  /** What the node sends in answer to these frames, as hex. */
  async function answers(...frames: Uint8Array[]): Promise<string[]> {
    const before = hub.seen.length
    hub.inject(...frames)
    await settled()
    return hub.seen.slice(before).map((frame) => Buffer.from(frame).toString('hex'))
  }

  const text = (octets: Uint8Array) => Buffer.from(octets).toString('hex')

  it('has the addresses it was given and a link-local one', () => {
    assert.deepEqual(node.addresses, ['fe80::fefd:0:2', IP_2, IP6_2])
    assert.equal(node.mac, MAC_2)
  })

  it('an ARP request for its address', async () => {
    assert.deepEqual(await answers(VECTORS.arpRequest), [text(VECTORS.arpReply)])
  })

  it('an ARP probe, with a zero target address', async () => {
    const [reply] = await answers(VECTORS.arpProbe)
    assert.equal(reply, text(VECTORS.arpReply).replace(/c6120001$/, '00000000'))
  })

  it('no ARP request for others', async () => {
    const other = VECTORS.arpRequest.slice()
    other[41] = 9
    assert.deepEqual(await answers(other), [])
  })

  it('an ICMP echo request, octet for octet', async () => {
    const expected =
      'fefd00000001 fefd00000002 0800 4500002500004000 4001aeb0 c6120002 c6120001 0000d01c 1a2b 0007 657468657263617374'
    assert.deepEqual(await answers(VECTORS.echoRequest4), [text(hex(expected))])
  })

  it('an echo request of the largest IPv4 packet on a jumbo link', async () => {
    const big = await echoRequest4(8972)
    const [reply] = await answers(big)
    assert.equal(reply!.length / 2, big.length)
  })

  it('a batch of echo requests in order, each with its own payload', async () => {
    const requests = await Promise.all([10, 20, 30].map(echoRequest4))
    const lengths = (await answers(...requests)).map((reply) => reply.length / 2)
    assert.deepEqual(lengths, [52, 62, 72])
  })

  it('a solicitation, to whoever asked', async () => {
    assert.deepEqual(await answers(VECTORS.solicitation), [text(VECTORS.advertisement)])
  })

  it('a solicitation from no address, to all nodes', async () => {
    assert.deepEqual(await answers(VECTORS.dadSolicitation), [text(VECTORS.dadAdvertisement)])
  })

  it('an ICMPv6 echo request', async () => {
    const expected = `fefd00000001 fefd00000002 86dd 6000000000113a40 20010db8000000000000000000000002
      20010db8000000000000000000000001 8100f35b 1a2b 0007 657468657263617374`
    assert.deepEqual(await answers(VECTORS.echoRequest6), [text(hex(expected))])
  })

  it('ignores and counts what it should not answer', async () => {
    const edit = (frame: Uint8Array, edits: Record<number, number>) => Object.assign(frame.slice(), edits)
    const cases: [keyof NetNodeStats['rx'], Uint8Array][] = [
      ['malformed', new Uint8Array(13)],
      ['malformed', edit(VECTORS.arpRequest, { 6: 1 })],
      ['malformed', edit(VECTORS.arpRequest, { 22: 1 })],
      ['malformed', edit(VECTORS.arpRequest, { 28: 0xe0 })],
      ['malformed', edit(VECTORS.echoRequest4, { 40: 1 })],
      ['malformed', edit(VECTORS.solicitation, { 57: 0 })],
      ['own', edit(VECTORS.arpRequest, { 11: 2 })],
      ['notForUs', edit(VECTORS.echoRequest4, { 5: 9 })],
      ['notForUs', edit(VECTORS.echoRequest4, { 0: 0x33, 1: 0x33 })],
      ['notForUs', edit(VECTORS.solicitation, { 57: 0x22, 77: 9 })],
      ['notForUs', edit(VECTORS.solicitation, { 39: 5 })],
      ['fragment', VECTORS.fragment4],
      ['unhandled', VECTORS.udp4],
      ['unhandled', VECTORS.tcp6],
      ['unhandled', edit(VECTORS.arpRequest, { 12: 0x88, 13: 0xcc })],
      ['tagged', hex('ffffffffffff fefd00000001 8100 0005 0806 0001 0800')],
    ]
    for (const [outcome, frame] of cases) {
      const before = node.stats().rx[outcome]
      assert.deepEqual(await answers(frame), [], outcome)
      assert.equal(node.stats().rx[outcome], before + 1, `${outcome}: ${text(frame)}`)
    }
  })

  it('answers through a priority tag (VLAN 0)', async () => {
    const tag = hex('8100 6000')
    const tagged = Buffer.concat([VECTORS.arpRequest.subarray(0, 12), tag, VECTORS.arpRequest.subarray(12)])
    assert.equal((await answers(tagged)).length, 1)
  })

  it('counts a station that claims its address, and stays', async () => {
    const claim = VECTORS.arpRequest.slice()
    claim[31] = 2
    await answers(claim)
    assert.equal(node.stats().conflicts, 1)
  })

  it('counts as dropped what the interface does not take', async () => {
    nic.room = 1
    await answers(VECTORS.arpRequest, VECTORS.echoRequest4, VECTORS.solicitation)
    const { tx, answers: given } = node.stats()
    assert.deepEqual(tx, { frames: 1, dropped: 2 })
    assert.deepEqual(given, { arp: 1, ndp: 1, echo: 1 })
  })

  it('outlives an interface that throws at an answer', async () => {
    nic.sendError = new RangeError('too long')
    await answers(VECTORS.echoRequest4)
    nic.sendError = undefined
    assert.equal((await answers(VECTORS.echoRequest4)).length, 1)
    assert.deepEqual(node.stats().tx, { frames: 1, dropped: 1 })
  })

  it('answers a flood, no more frames than it was asked', async () => {
    const flood = Array.from({ length: 1000 }, () => VECTORS.echoRequest4)
    assert.equal((await answers(...flood)).length, 1000)
  })

  it('survives random octets behind real beginnings', async () => {
    const beginnings = Object.values(VECTORS)
    const mutated = fc
      .tuple(
        fc.constantFrom(...beginnings),
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }),
        fc.nat(),
      )
      .map(([frame, edits, cut]) => {
        const copy = frame.slice(0, cut % 3 === 0 ? cut % (frame.length + 1) : frame.length)
        for (const [at, value] of edits) if (copy.length > 0) copy[at % copy.length] = value
        return copy
      })
    await fc.assert(
      fc.asyncProperty(fc.array(mutated, { maxLength: 50 }), async (frames) => {
        hub.inject(...frames)
        await settled()
        assertAddsUp(node.stats())
      }),
      { numRuns: 60 },
    )
    assert.equal((await answers(VECTORS.arpRequest)).length, 1)
  })
})

/** An echo request from station 1 to station 2 with a counted payload, made by another node. */
async function echoRequest4(payloadOctets: number): Promise<Uint8Array> {
  const hub = new FakeHub()
  await using node = new NetNode(hub.nic('fe:fd:00:00:00:01'), { ipv4: '198.18.0.1', mtu: 9000 })
  await using _other = new NetNode(hub.nic(MAC_2), { ipv4: IP_2 })
  await node.ping(IP_2, { payloadOctets })
  return hub.seen.find((frame) => frame[12] === 8 && frame[13] === 0)!
}
