import assert from 'node:assert/strict'
import { NetNode } from '../../lib/net/node.js'
import type { FakeNic } from '../support/fake_nic.js'
import { FakeHub } from '../support/fake_nic.js'
import { hex, settled } from './frames.js'
import { IP6_1, IP6_2, IP_1, IP_2, MAC_1, MAC_2, VECTORS } from './vectors.js'

const closed = { code: 'ERR_ETHERCAST_CLOSED' }
const LINK_LOCAL_2 = 'fe80::fefd:0:2'
const MAC_3 = 'fe:fd:00:00:00:03'

describe('net/node: what it asks', () => {
  let hub: FakeHub
  let nic: FakeNic
  let one: NetNode
  let two: NetNode

  beforeEach(() => {
    hub = new FakeHub()
    nic = hub.nic(MAC_1)
    one = new NetNode(nic, { ipv4: IP_1, ipv6: IP6_1 })
    two = new NetNode(hub.nic(MAC_2), { ipv4: IP_2, ipv6: IP6_2 })
  })

  afterEach(() => Promise.all([one.close(), two.close()]))

  for (const address of [IP_2, IP6_2, LINK_LOCAL_2]) {
    it(`resolves ${address}, then knows it, and so does the other`, async () => {
      assert.equal(await one.resolve(address), MAC_2)
      assert.equal(hub.seen.length, 2)
      assert.equal(await one.resolve(address), MAC_2)
      await two.resolve(one.sourceFor(address)!)
      assert.equal(hub.seen.length, 2)
    })

    it(`pings ${address}`, async () => {
      const reply = await one.ping(address, { payloadOctets: 100, seq: 65537 })
      assert.ok(reply!.rttMs >= 0 && reply!.rttMs < 1000)
      assert.deepEqual({ ...reply, rttMs: 0 }, { from: address, seq: 1, ttl: 64, octets: 108, rttMs: 0 })
    })

    it(`finds ${address} taken, and tells nobody where the question came from`, async () => {
      assert.equal(await one.probe(address), MAC_2)
      assert.equal(hub.seen.length, 2)
      await two.resolve(one.sourceFor(address)!)
      assert.equal(hub.seen.length, 4, 'the other had to ask')
    })
  }

  it('asks in the words of the protocols', async () => {
    await one.resolve(IP_2)
    await one.resolve(IP6_2)
    one.forget(IP_2)
    await one.probe(IP_2)
    await one.probe(IP6_2)
    const texts = hub.seen.map((frame) => Buffer.from(frame).toString('hex'))
    const { arpRequest, solicitation, arpProbe, dadSolicitation } = VECTORS
    for (const asked of [arpRequest, solicitation, arpProbe, dadSolicitation]) {
      assert.ok(texts.includes(Buffer.from(asked).toString('hex')))
    }
  })

  it('resolves nobody to nothing', async () => {
    assert.equal(await one.resolve('198.18.0.9', { timeoutMs: 10 }), undefined)
    assert.equal(await one.ping('2001:db8::9', { timeoutMs: 10 }), undefined)
  })

  it('asks again when a question is lost', async () => {
    let lost = 0
    hub.tamper = (frame) => (lost++ < 2 ? [] : [frame])
    assert.equal(await one.resolve(IP_2, { timeoutMs: 5000, retryMs: 5 }), MAC_2)
    assert.equal(hub.seen.length, 4)
  })

  it('finds a free address free after three questions', async () => {
    assert.equal(await one.probe('198.18.0.9', { intervalMs: 5 }), undefined)
    assert.equal(await one.probe('2001:db8::9', { intervalMs: 5 }), undefined)
    assert.equal(hub.seen.length, 6)
  })

  it('finds an address taken that another is probing for at the same time', async () => {
    for (const address of ['198.18.0.9', '2001:db8::9']) {
      const rivals = await Promise.all([one.probe(address), two.probe(address)])
      assert.deepEqual(rivals, [MAC_2, MAC_1])
    }
  })

  it('gives up a ping without a reply', async () => {
    hub.tamper = (frame) => (frame[12] === 8 && frame[13] === 0 ? [] : [frame])
    assert.equal(await one.ping(IP_2, { timeoutMs: 10 }), undefined)
  })

  it('takes no reply that has another payload or comes from another', async () => {
    hub.tamper = (frame, from) => {
      if (from === nic || frame[12] !== 0x86) return [frame]
      // Two octets swapped that both lie on even places: the checksum stays right.
      const copy = frame.slice()
      if (copy.length > 100) [copy[64], copy[66]] = [copy[66]!, copy[64]!]
      return [copy]
    }
    assert.equal(await one.ping(IP6_2, { timeoutMs: 10 }), undefined)
    assert.equal(one.stats().corruptReplies, 1)
  })

  it('asks again when what it knew has expired or was forgotten', async () => {
    let now = 0
    const fresh = new NetNode(hub.nic(MAC_3), {
      ipv4: '198.18.0.3',
      neighbours: { lifetimeMs: 50, now: () => now },
    })
    await fresh.resolve(IP_2)
    now = 49
    await fresh.resolve(IP_2)
    assert.equal(hub.seen.length, 2)
    now = 50
    await fresh.resolve(IP_2)
    assert.equal(hub.seen.length, 4)
    fresh.forget(IP_2)
    await fresh.resolve(IP_2)
    assert.equal(hub.seen.length, 6)
    await fresh.close()
  })

  it('follows a neighbour that announces another MAC address, and learns nothing from strangers', async () => {
    await one.resolve(IP_2)
    const announce = hex(
      'ffffffffffff fefd00000007 0806 0001 0800 06 04 0001 fefd00000007 c6120002 000000000000 c6120002',
    )
    hub.inject(announce)
    hub.inject(Object.assign(announce.slice(), { 31: 8, 41: 8 }))
    await settled()
    assert.equal(await one.resolve(IP_2), 'fe:fd:00:00:00:07')
    assert.equal(await one.resolve('198.18.0.8', { timeoutMs: 5 }), undefined)
  })

  it('keeps what it knows when an advertisement does not override', async () => {
    await one.resolve(IP6_2)
    hub.tamper = () => []
    const gentle = hex(
      `fefd00000001 fefd00000007 86dd 6000000000203aff 20010db8000000000000000000000002
       20010db8000000000000000000000001 8800cd6e20000000 20010db8000000000000000000000002 0201fefd00000007`,
    )
    gentle[58] = 0
    gentle[56] = 0xed
    hub.inject(gentle)
    await settled()
    assert.equal(one.stats().rx.malformed, 0)
    assert.equal(await one.resolve(IP6_2), MAC_2)
  })

  it('refuses what it cannot do', async () => {
    const state = { code: 'ERR_ETHERCAST_STATE' }
    const field = { code: 'ERR_ETHERCAST_FIELD' }
    const bare = new NetNode(hub.nic(MAC_3), { linkLocal: false })
    await assert.rejects(bare.resolve(IP_2), state)
    await assert.rejects(bare.resolve(IP6_2), state)
    for (const bad of [
      '',
      'lan',
      '0.0.0.0',
      '224.0.0.1',
      '255.255.255.255',
      '127.0.0.1',
      '::',
      '::1',
      'ff02::1',
    ]) {
      await assert.rejects(one.resolve(bad), field, bad)
    }
    assert.throws(() => one.addAddress('198.18.0.7'), state)
    assert.throws(() => new NetNode(hub.nic(MAC_3), { ipv4: IP6_1 }), field)
    assert.throws(() => one.openEcho(IP_2, { onReply: () => {} }).send(1, 56), state)
    await one.resolve(IP_2)
    await assert.rejects(one.ping(IP_2, { payloadOctets: 1473 }), { code: 'ERR_ETHERCAST_FRAME_SIZE' })
    await assert.rejects(one.ping(IP_2, { payloadOctets: -1 }), { code: 'ERR_ETHERCAST_FRAME_SIZE' })
    assert.ok(await one.ping(IP_2, { payloadOctets: 1472 }))
    assert.ok(await one.ping(IP6_2, { payloadOctets: 1452 }))
    await bare.close()
  })

  it('takes and gives up addresses', async () => {
    one.removeAddress(IP_1)
    assert.equal(one.sourceFor(IP_2), undefined)
    assert.equal(await two.probe(IP_1, { intervalMs: 5, count: 1 }), undefined)
    one.addAddress('198.18.0.7')
    assert.equal(await two.resolve('198.18.0.7'), MAC_1)
  })

  it('passes on what the interface throws at a question', async () => {
    nic.sendError = new Error('gone')
    await assert.rejects(one.resolve(IP_2), { message: 'gone' })
    assert.equal(one.stats().tx.dropped, 1)
  })

  it('rejects with the reason when a signal is aborted, before or while waiting', async () => {
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await assert.rejects(one.resolve(IP_2, { signal }), reason)
    await assert.rejects(one.probe(IP_2, { signal }), reason)
    await assert.rejects(one.ping(IP_2, { signal }), reason)
    const later = new AbortController()
    const waiting = [
      one.resolve('198.18.0.9', later),
      one.probe('198.18.0.9', later),
      one.ping('198.18.0.9', later),
    ]
    later.abort(reason)
    for (const wait of waiting) await assert.rejects(wait, reason)
  })

  it('rejects what waits, and all that comes after, when it is closed', async () => {
    await one.resolve(IP_2)
    hub.tamper = () => []
    const waiting = [one.resolve('198.18.0.9'), one.probe('198.18.0.9'), one.ping(IP_2)]
    const rejected = Promise.all(waiting.map((wait) => assert.rejects(wait, closed)))
    await one.close()
    await rejected
    await one.close()
    await assert.rejects(one.resolve(IP_2), closed)
    await assert.rejects(one.probe(IP_2), closed)
    assert.throws(() => one.openEcho(IP_2, { onReply: () => {} }), closed)
  })

  it('ends with its signal, and with its interface', async () => {
    const abort = new AbortController()
    const third = new NetNode(hub.nic(MAC_3), { ipv4: '198.18.0.3', signal: abort.signal })
    abort.abort()
    await third.closed
    const waiting = one.probe('198.18.0.9')
    nic.fail(new Error('cable cut'))
    await assert.rejects(waiting, { ...closed, message: /cable cut/ })
    await one.closed
  })
})
