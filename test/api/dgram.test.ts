/** Dgram ports: the peer that is not there, comes, goes and comes again; whom they listen to. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, rmSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostPort, Port, PortEvent } from '../../lib/index.js'
import { need } from '../support/need.js'
import { freeUdpPorts, freshPath } from '../support/fresh.js'
import { Running } from '../support/running.js'
import { eventually } from '../support/wait.js'
import { makeFrame, sendAll, take, useSwitches } from './lan.js'

describe('dgram ports', function () {
  this.timeout(20_000)
  const switches = useSwitches()

  async function end(local: string, remote: string, more = '') {
    const lan = await switches.create()
    const events: PortEvent[] = []
    lan.on('port', (event) => events.push(event))
    const port = await lan.addPort(`dgram,local=${local},remote=${remote}${more}`)
    return { lan, port, events, nic: await lan.addPort({ transport: 'host' }) }
  }
  async function passes(from: { nic: HostPort }, to: { nic: HostPort }, sequence: number): Promise<void> {
    const frame = makeFrame({ sequence, length: 200 })
    from.nic.send(frame)
    assert.deepEqual(await take(to.nic, 1), [frame])
  }
  const states = (events: PortEvent[], port: Port) =>
    events.filter((event) => event.port === port).map(({ state }) => state)

  it('a path: nobody there yet: frames are dropped as no_peer, and the port looks for the peer, not all the time', async () => {
    const [one, two] = [freshPath(), freshPath()]
    const a = await end(one, two)
    assert.equal(a.port.state, 'reconnecting')
    await sendAll(
      a.nic,
      Array.from({ length: 300 }, (_, sequence) => makeFrame({ sequence })),
    )
    await eventually(() => a.port.stats().tx.drops.no_peer === 300)
    const before = process.cpuUsage()
    await sleep(1000)
    const { user, system } = process.cpuUsage(before)
    assert.ok(user + system < 300_000, `${user + system} us of CPU time in a second`)
    const b = await end(two, one)
    assert.equal(b.port.state, 'up')
    await passes(a, b, 1)
    await eventually(() => a.port.state === 'up')
    await passes(b, a, 2)
    assert.equal(a.port.stats().reconnects, 0)
  })

  it('a path: a peer that is quiet is missed and found within a second', async () => {
    const [one, two] = [freshPath(), freshPath()]
    const a = await end(one, two)
    for (let times = 0; times < 2; times++) {
      const b = await end(two, one)
      await eventually(() => a.port.state === 'up', 2000, 'the peer to be found')
      await b.lan.close()
      await eventually(() => a.port.state === 'reconnecting', 2000, 'the peer to be missed')
    }
    assert.deepEqual(states(a.events, a.port).join(), 'reconnecting,up,reconnecting,up,reconnecting')
    assert.equal(a.port.stats().reconnects, 1)
  })

  it('a path: a peer that was started anew is heard and reached at once', async () => {
    const [one, two] = [freshPath(), freshPath()]
    const a = await end(one, two)
    for (let times = 0; times < 5; times++) {
      const b = await end(two, one)
      if (times % 2 === 0) await passes(b, a, 10 + times)
      await passes(a, b, 20 + times)
      await b.lan.close()
      if (times === 2) a.nic.send(makeFrame())
    }
  })

  it('a path: the socket has its mode, goes with the port, and a dead one is replaced', async () => {
    const [one, two] = [freshPath(), freshPath()]
    const a = await end(one, two)
    assert.equal(statSync(one).mode & 0o777, 0o600)
    await assert.rejects(a.lan.addPort(`dgram,local=${one},remote=${two}`), { code: 'EADDRINUSE' })
    await a.port.close()
    assert.ok(!existsSync(one))
    const python = `import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind(${JSON.stringify(one)})`
    if (spawnSync('python3', ['-c', python]).status !== 0) return
    const again = await end(one, two, ',mode=0660')
    assert.equal(again.port.facts.stale_socket, 'replaced')
    assert.equal(statSync(one).mode & 0o777, 0o660)
  })

  it('a path: a stranger is not heard, and empty datagrams are never passed on', async function () {
    need(this, 'socat')
    const [one, two] = [freshPath(), freshPath()]
    const a = await end(one, two)
    const send = (input: Uint8Array, from?: string) => {
      const bound = from === undefined ? '' : `,bind=${from}`
      const { status, stderr } = spawnSync('socat', ['-u', '-', `UNIX-SENDTO:${one}${bound}`], { input })
      assert.equal(status, 0, String(stderr))
    }
    send(makeFrame({ sequence: 1 }))
    send(makeFrame({ sequence: 2 }), freshPath())
    await eventually(() => a.port.stats().rx.drops.not_peer === 2)
    send(Buffer.alloc(13), two)
    await eventually(() => a.port.stats().rx.drops.runt === 1)
    const frame = makeFrame({ sequence: 3 })
    send(frame, two)
    assert.deepEqual(await take(a.nic, 1), [frame])
  })

  it('a path: a peer that is connected with us is reached; one that is connected with another is not', async function () {
    need(this, 'socat')
    const [one, two, three] = [freshPath(), freshPath(), freshPath()]
    const a = await end(one, two)
    const other = await end(three, freshPath())
    const peer = (to: string) =>
      new Running('socat', ['-u', `UNIX-CLIENT:${to},type=2,bind=${two},unlink-close=1`, 'STDOUT'])
    const friend = peer(one)
    try {
      await eventually(() => existsSync(two))
      const reached = () => {
        a.nic.send(makeFrame({ length: 100 }))
        return friend.stdout.length > 0
      }
      await eventually(reached, 5000, 'a frame to reach the peer')
      assert.equal(a.port.state, 'up')
    } finally {
      await friend.kill()
    }
    rmSync(two, { force: true })
    const stranger = peer(three)
    try {
      await eventually(() => existsSync(two))
      const denied = () => {
        a.nic.send(makeFrame({ length: 100 }))
        return a.port.state === 'reconnecting' && a.port.stats().tx.drops.no_peer! > 0
      }
      await eventually(denied, 5000, 'a frame to be refused')
      assert.equal(stranger.stdout, '')
      assert.equal(other.port.stats().rx.frames, 0)
    } finally {
      await stranger.kill()
    }
  })

  it('a path: a peer that never reads slows nobody, and costs a bounded amount', async () => {
    const [one, two] = [freshPath(), freshPath()]
    // Nobody reads it while this thread is busy elsewhere: the other end's own thread would.
    const a = await end(one, two)
    const b = await end(two, one)
    const other = await a.lan.addPort({ transport: 'host', ringOctets: 1 << 24 })
    await passes(a, b, 1)
    await take(other, 1)
    const before = a.port.stats().tx.frames
    const frames = Array.from({ length: 5000 }, (_, sequence) => makeFrame({ length: 1000, sequence }))
    await sendAll(a.nic, frames)
    await eventually(() => other.stats().tx.frames === frames.length + 1)
    await eventually(() => a.port.stats().tx.queued === 0)
    const { tx } = a.port.stats()
    assert.equal(tx.frames - before + tx.drops.queue_full! + tx.drops.refused!, frames.length)
    await eventually(() => b.port.stats().rx.frames === tx.frames)
  })

  it('UDP: only the remote is heard', async () => {
    const [ours, theirs] = (await freeUdpPorts(2)) as [number, number]
    const a = await end(`127.0.0.1:${ours}`, `127.0.0.1:${theirs}`)
    const stranger = createSocket('udp4')
    const peer = createSocket('udp4')
    try {
      peer.bind(theirs, '127.0.0.1')
      await once(peer, 'listening')
      stranger.send(makeFrame({ sequence: 1 }), ours, '127.0.0.1')
      peer.send(new Uint8Array(0), ours, '127.0.0.1')
      const frame = makeFrame({ sequence: 2 })
      peer.send(frame, ours, '127.0.0.1')
      assert.deepEqual(await take(a.nic, 1), [frame])
      const { drops } = a.port.stats().rx
      assert.deepEqual([drops.not_peer, drops.runt], [1, 1])
    } finally {
      stranger.close()
      peer.close()
    }
  })
})
