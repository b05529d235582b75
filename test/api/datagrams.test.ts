// A million random datagrams into a multicast port: what is too short is counted, the rest goes where it should, unchanged, and the
// accounts agree with what the sender says.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Port, Switch } from '../../lib/index.js'
import { startNode } from '../support/child.js'
import { eventually } from '../support/wait.js'
import { randomGroup, randomPort } from '../support/transports.js'
import { assertBalanced } from './accounts.js'
import { seeded } from '../support/random.js'
import { settled, useSwitches } from './lan.js'

const COUNT = 1_000_000
/** Datagrams on their way at once: with 64 KiB ones among them they fit into a socket's buffer of 4 MiB. */
const WINDOW = 500

interface Told {
  sent: number
  runts: number
  octets: number
  forwardedOctets: number
  sum: number
}

describe('random datagrams', () => {
  const switches = useSwitches()

  it(`${COUNT} of them: none crashes, none is forwarded that should not be, all are accounted for`, async function () {
    this.timeout(120_000)
    const seed = Date.now() % 2 ** 31
    const [group, port] = [randomGroup(), randomPort()]
    const spec = { transport: 'mcast', group, port, interface: 'lo' } as const

    // Two switches hear them. A hub passes on all that is a frame, to a reader and to a second group…
    const hub = switches.keep(await Switch.create({ forwarding: 'hub' }))
    const heard = await hub.addPort(spec)
    const elsewhere = {
      transport: 'mcast',
      group: randomGroup(),
      port: randomPort(),
      interface: 'lo',
    } as const
    const passedOn = await hub.addPort(elsewhere)
    const reader = await hub.addPort({ transport: 'host', ringOctets: 1 << 26 })
    // …where a third switch listens; a learning one has every source in its table, and forwards to nobody it has not seen.
    const third = switches.keep(await Switch.create({ forwarding: 'hub' }))
    const relayed = await third.addPort(elsewhere)
    const end = await third.addPort({ transport: 'host', ringOctets: 1 << 26 })
    const learning = switches.keep(await Switch.create({ tableSize: 1000 }))
    const learned = await learning.addPort(spec)
    const sink = await learning.addPort({ transport: 'host', ringOctets: 1 << 16, maxFrame: 1514 })

    const read = { frames: 0, octets: 0, sum: 0 }
    const stop = new AbortController()
    const reading = Promise.allSettled([
      (async () => {
        for await (const batch of reader.frames({ signal: stop.signal })) {
          const { data } = batch
          for (let i = 0; i < batch.size; i++) {
            const [at, length] = [batch.offset(i), batch.length(i)]
            assert.ok(length >= 14, `a frame of ${length} octets`)
            read.frames++
            read.octets += length
            read.sum = (read.sum + data[at]! + 3 * data[at + 13]! + 7 * data[at + length - 1]! + length) >>> 0
          }
        }
      })(),
      (async () => {
        for await (const batch of end.frames({ signal: stop.signal })) {
          for (let i = 0; i < batch.size; i++) assert.ok(batch.length(i) >= 14)
        }
      })(),
    ])

    const script = new URL('../fixtures/random_datagrams.mjs', import.meta.url)
    const sender = startNode(script, [group, String(port), String(COUNT), String(seed)])
    // A socket's buffer is finite: no more is on its way than it holds, the way to the third switch included. What is passed on goes in
    // runs, and the kernel counts a run that it drops as one datagram: there, a loss could not be accounted for.
    const arrived = (each: Port) =>
      each.stats().rx.frames - each.stats().rx.drops.own_echo! + each.stats().rx.kernelDrops
    const toThird = () => passedOn.stats().tx.frames - arrived(relayed)
    while (!sender.exit) {
      sender.write(`${Math.min(arrived(heard) - toThird(), arrived(learned)) + WINDOW}\n`)
      await sleep(1)
    }
    const result = await sender.result()
    assert.equal(result.code, 0, result.stderr)
    const told = JSON.parse(result.stdout) as Told
    const context = `seed ${seed}, sent ${JSON.stringify(told)}`

    // Everything sent has been read or has been lost in a socket's buffer, which the kernel counts.
    await eventually(
      () => arrived(heard) === told.sent && arrived(learned) === told.sent,
      10_000,
      'the arrival of all',
    )
    await settled(hub, learning)
    await eventually(
      () => arrived(relayed) === passedOn.stats().tx.frames,
      10_000,
      'the arrival of what was passed on',
    )
    await settled(third)
    await eventually(() => read.frames === reader.stats().tx.frames, 10_000, 'the reading of all')
    stop.abort()
    for (const outcome of await reading) {
      assert.ok(outcome.status === 'rejected' && outcome.reason === stop.signal.reason, context)
    }

    for (const each of [heard, passedOn, reader, relayed, end, learned, sink])
      assertBalanced(each.stats(), each.name)
    const { rx } = heard.stats()
    const lost = rx.kernelDrops
    assert.ok(lost < COUNT / 10, `${lost} lost in the socket’s buffer: too many to say much; ${context}`)
    assert.ok(rx.drops.runt! <= told.runts && rx.drops.runt! >= told.runts - lost, context)
    assert.equal(rx.drops.oversize, 0)
    // Each frame went to the reader and, unless too long for it, to the second group; nobody got a runt.
    assert.equal(rx.forwarded, rx.frames - rx.drops.runt!)
    assert.equal(reader.stats().tx.picked, rx.forwarded)
    assert.equal(relayed.stats().rx.drops.runt, 0)
    if (lost === 0) {
      assert.equal(rx.octets, told.octets, context)
      assert.equal(rx.drops.runt, told.runts, context)
      if (reader.stats().tx.drops.ring_full === 0) {
        assert.deepEqual(
          read,
          { frames: told.sent - told.runts, octets: told.forwardedOctets, sum: told.sum },
          context,
        )
      }
    }
    // The learning switch: half of the sources are group addresses; the table stays bounded; the sink took what fits.
    const strict = learned.stats().rx
    assert.ok(strict.drops.bad_source! > COUNT / 4 && strict.notLearned > COUNT / 4, context)
    assert.ok((await learning.stations()).length <= 1000)
    assert.ok(sink.stats().tx.drops.oversize! > 0)
  })

  it('every length from none to the longest, one by one', async function () {
    this.timeout(60_000)
    const lan = switches.keep(await Switch.create({ forwarding: 'hub' }))
    const [group, port] = [randomGroup(), randomPort()]
    const heard = await lan.addPort({ transport: 'mcast', group, port, interface: 'lo', mtu: 1500 })
    const nic = await lan.addPort({ transport: 'host' })
    const other = switches.keep(await Switch.create())
    await other.addPort({ transport: 'mcast', group, port, interface: 'lo' })
    const random = seeded(7)
    const script = `
      import dgram from 'node:dgram'
      const socket = dgram.createSocket('udp4')
      socket.bind(0, '127.0.0.1', async () => {
        socket.setMulticastInterface('127.0.0.1')
        const send = (length) => new Promise((resolve, reject) => socket.send(Buffer.alloc(length, 2), ${port}, '${group}', (error) => error ? reject(error) : resolve()))
        for (let length = 0; length < 2000; length++) await send(length)
        for (const length of [${Array.from({ length: 50 }, () => random(65508)).join()}, 65506, 65507]) await send(length)
        socket.close()
      })`
    const sender = startNode({ code: script }, [], { input: '' })
    const sizes: number[] = []
    const stop = new AbortController()
    const reading = (async () => {
      for await (const batch of nic.frames({ signal: stop.signal })) {
        for (const frame of batch) sizes.push(frame.length)
      }
    })().catch(() => {})
    const result = await sender.result(30_000)
    assert.equal(result.code, 0, result.stderr)
    await eventually(() => heard.stats().rx.frames === 2052)
    const { drops } = heard.stats().rx
    // 1500 octets of IP, 14 of Ethernet, and 4 of a VLAN tag on top.
    const longest = 1518
    await eventually(() => sizes.length >= longest - 13)
    stop.abort()
    await reading
    assert.equal(drops.runt, 14)
    assert.deepEqual(
      sizes.slice(0, longest - 13),
      Array.from({ length: longest - 13 }, (_, i) => 14 + i),
    )
    assert.ok(sizes.every((length) => length <= longest))
    assert.equal(sizes.length + 14 + drops.oversize!, 2052)
  })
})
