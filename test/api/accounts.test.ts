// stats(): the accounts of every port balance and agree, frame by frame, with a count kept beside the switch.
import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { type HostPort, type Port, Switch } from '../../lib/index.js'
import { eventually } from '../support/wait.js'
import { randomGroup, randomPort } from '../support/transports.js'
import { assertBalanced, sum } from './accounts.js'
import { seeded } from '../support/random.js'
import { BROADCAST, makeFrame, sendAll, settled, useSwitches } from './lan.js'

describe('stats()', () => {
  const switches = useSwitches()

  it('begins with zeros, under the names of the interface', async () => {
    const [a] = await switches.hosts(1)
    const stats = a!.stats()
    assert.deepEqual(Object.keys(stats), [
      'rx',
      'tx',
      'reopened',
      'reconnects',
      'refusedClients',
      'offloadFailures',
      'mssClamped',
      'loopBlocks',
      'lastErrno',
    ])
    assert.deepEqual(Object.keys(stats.rx), [
      'frames',
      'octets',
      'forwarded',
      'flooded',
      'unicast',
      'multicast',
      'broadcast',
      'superFrames',
      'drops',
      'kernelDrops',
      'notLearned',
    ])
    assert.deepEqual(Object.keys(stats.tx), [
      'picked',
      'frames',
      'octets',
      'superFrames',
      'queued',
      'drops',
      'fragmented',
    ])
    const numbers = JSON.stringify(stats).match(/:[0-9.]+/g)!
    assert.ok(numbers.every((number) => number === ':0'))
    assert.ok(
      ['runt', 'oversize', 'own_echo', 'filtered', 'bad_ring'].every((name) => name in stats.rx.drops),
    )
    assert.ok(['oversize', 'queue_full', 'ring_full'].every((name) => name in stats.tx.drops))
  })

  it('of the switch: each port with its name, state and facts', async () => {
    const [a, b] = await switches.hosts(2)
    const all = a!.lan.stats()
    assert.deepEqual(Object.keys(all), ['1', '2'])
    const { name, state, facts, ...rest } = all[2]!
    assert.deepEqual({ name, state, facts }, { name: b!.name, state: 'up', facts: {} })
    assert.deepEqual(rest, b!.stats())
  })

  it('counts frames and octets, the header included', async () => {
    const [a, b] = await switches.hosts(2)
    await sendAll(
      a!,
      [14, 60, 1514, 9014].map((length) => makeFrame({ length })),
    )
    await eventually(() => b!.stats().tx.frames === 4)
    assert.deepEqual([a!.stats().rx.frames, a!.stats().rx.octets], [4, 14 + 60 + 1514 + 9014])
    assert.equal(b!.stats().tx.octets, 14 + 60 + 1514 + 9014)
    assert.equal(a!.stats().rx.flooded, 4)
    assert.equal(a!.stats().tx.picked, 0)
  })

  it('keeps the last counts of a port that has closed', async () => {
    const [a, b] = await switches.hosts(2)
    await sendAll(a!, [makeFrame(), makeFrame()])
    await eventually(() => b!.stats().tx.frames === 2)
    const [ofA, ofB] = [a!.stats(), b!.stats()]
    await a!.close()
    assert.deepEqual(a!.stats(), ofA)
    await b!.lan.close()
    assert.deepEqual(b!.stats(), ofB)
  })

  it('counts what a slow reader loses, and only there', async () => {
    const [a, slow, quick] = await switches.hosts(3, { forwarding: 'hub' }, 1 << 18)
    let read = 0
    const abort = new AbortController()
    const reading = (async () => {
      for await (const batch of quick!.frames({ signal: abort.signal })) read += batch.size
    })().catch(() => {})
    const frames = Array.from({ length: 100 }, () => makeFrame({ length: 1000 }))
    for (let round = 1; round <= 10; round++) {
      await sendAll(a!, frames)
      await eventually(() => read === round * 100)
    }
    abort.abort()
    await reading
    await settled(a!.lan)
    const { tx } = slow!.stats()
    assert.equal(tx.picked, 1000)
    // 256 KiB hold 255 or 256 records of 1016 octets, with or without a gap at the end.
    assert.ok(tx.frames >= 255 && tx.frames <= 258, String(tx.frames))
    assert.equal(tx.drops.ring_full, 1000 - tx.frames)
    assert.equal(sum(quick!.stats().tx.drops), 0)
    assert.equal(slow!.read().size, tx.frames)
  })

  it('balances after a random load over three host ports and two groups, as counted frame by frame', async function () {
    this.timeout(60_000)
    const seed = Date.now() % 2 ** 31
    const random = seeded(seed)
    try {
      await randomLoad(random)
    } catch (error) {
      throw new Error(`with seed ${seed}`, { cause: error })
    }
  })

  /** What a sender adds up. */
  interface Tally {
    frames: number
    octets: number
  }

  async function randomLoad(random: (below: number) => number): Promise<void> {
    const lan = switches.keep(await Switch.create({ forwarding: 'learning' }))
    const groups = [0, 1].map(() => ({ group: randomGroup(), port: randomPort() }))
    const mcast: Port[] = []
    for (const { group, port } of groups) {
      mcast.push(await lan.addPort({ transport: 'mcast', group, port, interface: 'lo' }))
    }
    const hosts: HostPort[] = []
    for (let i = 0; i < 3; i++) {
      const mac = `02:00:00:00:02:0${i}`
      hosts.push(await lan.addPort({ transport: 'host', mac, ringOctets: i === 2 ? 1 << 18 : 1 << 22 }))
    }
    // A plain socket in each group sends and counts what reaches it.
    const outside = await Promise.all(groups.map(({ group, port }) => member(group, port)))
    const stations = [
      BROADCAST,
      '01:00:5e:00:00:01',
      '02:ff:00:00:00:99',
      ...hosts.map((host) => host.mac),
      '02:00:00:00:03:00',
      '02:00:00:00:03:01',
    ]
    const sentBy: Tally[] = [...mcast, ...hosts].map(() => ({ frames: 0, octets: 0 }))
    const readBy = hosts.map(() => ({ frames: 0, octets: 0 }))
    const lengths = [14, 15, 60, 61, 590, 1514, 4000]
    const note = (at: number, frame: Uint8Array) => {
      sentBy[at]!.frames++
      sentBy[at]!.octets += frame.length
    }
    let runts = 0
    for (let round = 0; round < 60; round++) {
      const count = 1 + random(150)
      for (const [at, host] of hosts.entries()) {
        const frames = Array.from({ length: count }, () =>
          makeFrame({
            to: stations[random(stations.length)]!,
            from: random(20) === 0 ? '03:00:00:00:00:01' : host.mac,
            length: lengths[random(lengths.length)]!,
          }),
        )
        await sendAll(host, frames)
        for (const frame of frames) note(2 + at, frame)
      }
      for (const [at, { send }] of outside.entries()) {
        for (let i = 0; i < 10; i++) {
          const runt = random(8) === 0
          const frame = makeFrame({
            to: stations[random(stations.length)]!,
            from: `02:00:00:00:03:0${at}`,
            length: lengths[random(lengths.length)]!,
          }).subarray(0, runt ? random(14) : undefined)
          await send(frame)
          note(at, frame)
          if (runt) runts++
        }
      }
      // The sockets' buffers are finite: what is on its way arrives before more is sent.
      await eventually(() => mcast.every((port, at) => heard(port) === sentBy[at]!.frames))
      // The third host port reads seldom: its ring runs over.
      for (const [at, host] of hosts.entries()) {
        if (at === 2 && round % 20 !== 19) continue
        for (let batch = host.read(); batch.size > 0; batch = host.read()) {
          readBy[at]!.frames += batch.size
          for (const frame of batch) readBy[at]!.octets += frame.length
        }
      }
    }
    const all = [...mcast, ...hosts]
    await eventually(() => all.every((port, at) => heard(port) === sentBy[at]!.frames))
    await eventually(() => mcast.every((port) => port.stats().rx.drops.own_echo === port.stats().tx.frames))
    await settled(lan)
    const stats = all.map((port) => port.stats())
    for (const [at, each] of stats.entries()) {
      assertBalanced(each, all[at]!.name)
      assert.equal(each.rx.kernelDrops, 0)
      assert.equal(each.rx.drops.bad_ring, 0)
    }
    // In: what was sent from outside, and on a group the echo of what this port sent itself.
    for (const [at, { rx, tx }] of stats.entries()) {
      const echo = at < 2 ? tx.frames : 0
      assert.equal(rx.frames, sentBy[at]!.frames + echo)
      // Of an echo that is longer than 1600 octets up to 13 are not known (native/engine/echo_filter.h); of all else each is.
      const missing = sentBy[at]!.octets + (at < 2 ? tx.octets : 0) - rx.octets
      assert.ok(missing >= 0 && missing <= 13 * echo, `${missing} octets of ${echo} echoes`)
      assert.equal(rx.drops.own_echo, echo)
    }
    assert.equal(stats[0]!.rx.drops.runt! + stats[1]!.rx.drops.runt!, runts)
    assert.ok(stats[2]!.rx.drops.bad_source! > 0)
    // Out: what a reader outside has got.
    for (const [at, host] of hosts.entries()) {
      for (let batch = host.read(); batch.size > 0; batch = host.read()) {
        readBy[at]!.frames += batch.size
        for (const frame of batch) readBy[at]!.octets += frame.length
      }
      const { tx } = host.stats()
      assert.deepEqual(readBy[at], { frames: tx.frames, octets: tx.octets })
    }
    assert.ok(stats[4]!.tx.drops.ring_full! > 0, 'the slow reader lost some')
    for (const [at, { received }] of outside.entries()) {
      const { tx } = stats[at]!
      await eventually(() => received.frames === tx.frames + sentBy[at]!.frames)
      assert.equal(received.octets, tx.octets + sentBy[at]!.octets)
    }
    // The switch as a whole: every pick has its frame, and a flood as many picks as there were other ports.
    const picked = stats.reduce((all, { tx }) => all + tx.picked, 0)
    const forwarded = stats.reduce((all, { rx }) => all + rx.forwarded, 0)
    const flooded = stats.reduce((all, { rx }) => all + rx.flooded, 0)
    assert.equal(picked, forwarded - flooded + 4 * flooded)
  }

  const heard = (port: Port) => {
    const { rx } = port.stats()
    return rx.frames - rx.drops.own_echo!
  }

  async function member(group: string, port: number) {
    const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true })
    const received: Tally = { frames: 0, octets: 0 }
    socket.on('message', (octets) => {
      received.frames++
      received.octets += octets.length
    })
    socket.bind(port, group)
    await once(socket, 'listening')
    socket.addMembership(group, '127.0.0.1')
    socket.setMulticastInterface('127.0.0.1')
    socket.setRecvBufferSize(4 << 20)
    switches.keep({ close: () => new Promise<void>((resolve) => socket.close(() => resolve())) })
    const send = (octets: Uint8Array) =>
      new Promise<void>((resolve, reject) => {
        socket.send(octets, port, group, (error) => (error ? reject(error) : resolve()))
      })
    return { received, send }
  }
})
