/** Stream ports: how they find their peer, lose it and find it again; what they say to those who do not keep to the wire. */

import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { connect as connectTo, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import type { EthercastError } from '../../lib/index.js'
import type { Port, PortEvent } from '../../lib/index.js'
import { freshPath, freeTcp } from '../support/fresh.js'
import { eventually } from '../support/wait.js'
import { makeFrame, sendAll, settled, take, useSwitches } from './lan.js'

const kPrefix = 4

/** A frame as it is on the wire. */
function record(frame: Uint8Array, length = frame.length): Buffer {
  const octets = Buffer.alloc(kPrefix + frame.length)
  octets.writeUInt32BE(length)
  octets.set(frame, kPrefix)
  return octets
}

/** The frames of a stream; one that is not whole at its end is left out. */
function parse(stream: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at + kPrefix <= stream.length;) {
    const end = at + kPrefix + stream.readUInt32BE(at)
    if (end > stream.length) break
    frames.push(stream.subarray(at + kPrefix, end))
    at = end
  }
  return frames
}

const options = (address: string) => {
  if (address.includes('/')) return { path: address }
  const [host, port] = address.split(':')
  return { host, port: Number(port) }
}

describe('stream ports', function () {
  this.timeout(20_000)
  const switches = useSwitches()
  const sockets = new Set<Socket>()
  const servers = new Set<Server>()

  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    for (const server of servers) server.close()
    sockets.clear()
    servers.clear()
  })

  function keep(socket: Socket): Socket {
    sockets.add(socket)
    return socket.on('error', () => {})
  }

  /** Connects to a listener; what comes is in `heard`. */
  async function client(address: string): Promise<Socket & { heard: () => Buffer }> {
    const socket = keep(connectTo(options(address)))
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return Object.assign(socket, { heard: () => Buffer.concat(chunks) })
  }

  async function server(address: string, onClient: (socket: Socket) => void): Promise<Server> {
    const made = createServer((socket) => onClient(keep(socket)))
    servers.add(made)
    await new Promise<void>((resolve) => made.listen(options(address), resolve))
    return made
  }

  /** A switch with a listener and a NIC. */
  async function listener(more = '', address = freshPath()) {
    const lan = await switches.create()
    const events: PortEvent[] = []
    lan.on('port', (event) => events.push(event))
    const port = await lan.addPort(`stream,listen=${address}${more}`)
    const nic = await lan.addPort({ transport: 'host', mac: '02:00:00:00:00:0a' })
    const guests = () => [...lan.ports.values()].filter(({ parent }) => parent === port)
    return { lan, port, nic, address, events, guests }
  }
  const guest = (guests: () => Port[]) => eventually(() => guests()[0], 5000, 'a client')
  const text = (events: PortEvent[]) => events.map(({ state, reason }) => `${state} ${reason}`).join(', ')

  for (const kind of ['path', 'TCP'] as const) {
    const free = () => (kind === 'path' ? freshPath() : freeTcp('127.0.0.1'))

    it(`${kind}: a client that is one octet at a time is understood`, async () => {
      const { nic, address } = await listener('', await free())
      const peer = await client(address)
      peer.setNoDelay(true)
      const frames = [60, 14, 300].map((length) => makeFrame({ length, sequence: length }))
      for (const octet of Buffer.concat(frames.map((frame) => record(frame)))) {
        await new Promise((resolve) => peer.write(Buffer.of(octet), resolve))
      }
      assert.deepEqual(await take(nic, 3), frames)
    })

    it(`${kind}: half a frame, then silence, then the end: the others go on, and the account says so`, async () => {
      const { nic, address, guests } = await listener('', await free())
      const peer = await client(address)
      const other = await client(address)
      const whole = makeFrame({ length: 100, sequence: 1 })
      peer.write(Buffer.concat([record(whole), record(makeFrame({ length: 600 })).subarray(0, 300)]))
      const [first] = await take(nic, 1)
      assert.deepEqual(first, whole)
      other.write(record(makeFrame({ sequence: 7 })))
      await take(nic, 1)
      const slow = guests().find((port) => port.stats().rx.octets === whole.length)!
      peer.end()
      await eventually(() => slow.state === 'closed')
      const { rx } = slow.stats()
      assert.deepEqual([rx.frames, rx.drops.bad_framing, rx.forwarded], [2, 1, 1])
      assert.equal(guests().length, 1)
    })

    it(`${kind}: empty and short frames are dropped and counted, and never passed on`, async () => {
      const { nic, address, guests } = await listener('', await free())
      const peer = await client(address)
      const good = makeFrame({ length: 14 })
      const empty = Buffer.alloc(0)
      peer.write(Buffer.concat([record(empty), record(Buffer.alloc(13)), record(empty), record(good)]))
      assert.deepEqual(await take(nic, 1), [good])
      const { rx } = (await guest(guests)).stats()
      assert.deepEqual([rx.frames, rx.drops.runt, rx.forwarded], [4, 3, 1])
    })

    for (const [what, octets] of [
      ['a length of 2 GB', Buffer.from('7fffffff00000000', 'hex')],
      ['a length beyond the longest frame of QEMU', Buffer.from('00011001', 'hex')],
      ['another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ] as const) {
      it(`${kind}: ${what} ends the connection, and that one alone`, async () => {
        const { nic, address, guests, events } = await listener('', await free())
        const good = await client(address)
        const bad = await client(address)
        const ended = new Promise((resolve) => bad.once('close', resolve))
        bad.write(Buffer.concat([record(makeFrame({ sequence: 1 })), octets]))
        await ended
        const closed = await eventually(() => events.find(({ errno }) => errno === 'EPROTO'))
        assert.equal(closed.state, 'closed')
        assert.match(closed.message, /no frame's length: it speaks another protocol/)
        await eventually(() => closed.port.stats().rx.drops.bad_framing === 1)
        good.write(record(makeFrame({ sequence: 2 })))
        assert.equal((await take(nic, 2)).length, 2)
        assert.equal(guests().length, 1)
      })
    }

    it(`${kind}: a frame longer than is taken is skipped`, async () => {
      const { nic, address, guests } = await listener(',mtu=1000', await free())
      const peer = await client(address)
      const good = makeFrame({ length: 60, sequence: 3 })
      peer.write(
        Buffer.concat([record(Buffer.alloc(69_632, 0xff)), record(Buffer.alloc(1019)), record(good)]),
      )
      assert.deepEqual(await take(nic, 1), [good])
      assert.equal((await guest(guests)).stats().rx.drops.oversize, 2)
    })

    it(`${kind}: a peer that never reads slows nobody, and costs a bounded amount`, async () => {
      const { lan, nic, address, guests } = await listener('', await free())
      const deaf = keep(connectTo(options(address)))
      deaf.pause()
      const reader = await client(address)
      await eventually(() => guests().length === 2)
      const length = 1000
      const frames = Array.from({ length: 500 }, (_, sequence) => makeFrame({ length, sequence }))
      const rounds = 40
      for (let round = 0; round < rounds; round++) {
        await sendAll(nic, frames)
        const all = (round + 1) * frames.length * (kPrefix + length)
        await eventually(() => reader.bytesRead === all, 5000, `round ${round} at the one who reads`)
      }
      const slow = guests().find((port) => port.stats().tx.queued > 0)!
      const { tx } = slow.stats()
      assert.ok(tx.drops.queue_full! > 0, 'what there was no room for is counted')
      assert.ok(tx.queued * length <= 1 << 20, `${tx.queued} frames wait`)
      assert.equal(tx.picked, tx.frames + tx.queued + tx.drops.queue_full!)
      // When it reads at last, it finds whole frames in order, and what comes now behind them.
      const chunks: Buffer[] = []
      deaf.on('data', (chunk: Buffer) => chunks.push(chunk)).resume()
      await eventually(() => slow.stats().tx.queued === 0)
      await settled(lan)
      const sent = slow.stats().tx.frames
      await sendAll(nic, [makeFrame({ length, sequence: 123_456 })])
      await eventually(() => deaf.bytesRead === (sent + 1) * (kPrefix + length))
      const got = parse(Buffer.concat(chunks))
      assert.equal(got.length, sent + 1)
      await eventually(() => slow.stats().tx.frames === sent + 1)
      assert.ok(got.every((frame) => frame.length === length))
      assert.equal(got.at(-1)!.readUInt32BE(14), 123_456)
      assert.equal(lan.ports.size, 4)
    })

    it(`${kind}: hundreds of connections at once: as many as clients= are taken, the rest is refused and counted`, async () => {
      const { lan, port, nic, address, guests } = await listener(',clients=100', await free())
      const peers = await Promise.all(Array.from({ length: 300 }, () => client(address)))
      await eventually(() => port.stats().refusedClients === 200, 5000, '200 to be refused')
      assert.equal(guests().length, 100)
      await eventually(() => port.facts.refused_last, 2000, 'the reason')
      assert.match(port.facts.refused_last!, /: there are 100 clients already: raise clients=$/)
      await sendAll(nic, [makeFrame({ length: 60, sequence: 1 })])
      const hearing = () => peers.filter((peer) => peer.bytesRead === 64).length
      await eventually(() => hearing() === 100, 5000, 'all of them to hear')
      for (const peer of peers) peer.destroy()
      await eventually(() => lan.ports.size === 2, 5000, 'all of them to be gone')
      await client(address)
      await eventually(() => guests().length === 1)
    })

    it(`${kind}: comes back to a server that went, again and again`, async () => {
      const address = await free()
      const lan = await switches.create()
      const events: PortEvent[] = []
      lan.on('port', (event) => events.push(event))
      let serving = await server(address, (socket) => socket.write(record(makeFrame({ sequence: 1 }))))
      const nic = await lan.addPort({ transport: 'host' })
      const port = await lan.addPort(`stream,connect=${address}`)
      for (let times = 1; times <= 3; times++) {
        await take(nic, 1)
        for (const socket of sockets) socket.destroy()
        await new Promise((resolve) => serving.close(resolve))
        await eventually(() => port.state === 'reconnecting')
        nic.send(makeFrame())
        await eventually(() => port.stats().tx.drops.no_peer! >= times)
        serving = await server(address, (socket) => socket.write(record(makeFrame({ sequence: 1 }))))
        await eventually(() => port.state === 'up', 10_000, 'the port to be up again')
        assert.equal(port.stats().reconnects, times)
      }
      const states = events.filter((event) => event.port === port).map(({ state }) => state)
      assert.deepEqual(states.filter((state) => state === 'reconnecting').length, 3)
    })

    it(`${kind}: closes with reconnect=off when the server goes`, async () => {
      const address = await free()
      await server(address, () => {})
      const lan = await switches.create()
      const port = await lan.addPort(`stream,connect=${address},reconnect=off`)
      await eventually(() => sockets.size > 0)
      for (const socket of sockets) socket.destroy()
      await eventually(() => port.state === 'closed')
      assert.equal(lan.ports.size, 0)
    })

    it(`${kind}: waits with wait=on for a server to come, and an abort ends the waiting`, async () => {
      const address = await free()
      const lan = await switches.create()
      const abort = new AbortController()
      const waiting = lan.addPort(`stream,connect=${address},wait=on`, { signal: abort.signal })
      const port = await eventually(() => [...lan.ports.values()][0])
      assert.equal(port.state, 'opening')
      abort.abort(new Error('enough'))
      await assert.rejects(waiting, /enough/)
      const again = lan.addPort(`stream,connect=${address},wait=on`)
      await eventually(() => lan.ports.size === 1)
      await server(address, () => {})
      assert.equal((await again).state, 'up')
      assert.equal((await again).stats().reconnects, 0)
    })

    it(`${kind}: nobody there, and the error says what to do`, async () => {
      const lan = await switches.create()
      const address = await free()
      await assert.rejects(lan.addPort(`stream,connect=${address}`), (error: EthercastError) => {
        assert.equal(error.code, kind === 'path' ? 'ENOENT' : 'ECONNREFUSED')
        assert.match(error.message, kind === 'path' ? /start what listens there first/ : /wait=on/)
        return true
      })
      assert.equal(lan.ports.size, 0)
    })

    it(`${kind}: a second listener at the same address is refused`, async () => {
      const { lan, address } = await listener('', await free())
      await assert.rejects(lan.addPort(`stream,listen=${address}`), { code: 'EADDRINUSE' })
    })
  }

  it('a server that is none is asked seldom, and told what is wrong', async () => {
    const address = freshPath()
    let connections = 0
    await server(address, (socket) => {
      connections++
      socket.write('220 mail.example ESMTP\r\n')
    })
    const lan = await switches.create()
    const events: PortEvent[] = []
    lan.on('port', (event) => events.push(event))
    const port = await lan.addPort(`stream,connect=${address}`)
    await eventually(() => connections === 4, 5000, 'the fourth try')
    // 0.1 s, 0.2 s, 0.4 s between them, and 0.8 s till the next.
    assert.equal(port.stats().rx.drops.bad_framing, connections)
    assert.match(text(events), /^(reconnecting peer, up peer, ){3}/)
  })

  it('the socket has the mode that was asked for, 0600 without, and goes with the port', async () => {
    const { port, address } = await listener()
    assert.equal(statSync(address).mode & 0o777, 0o600)
    await port.close()
    assert.throws(() => statSync(address), { code: 'ENOENT' })
    const open = await listener(',mode=0660')
    assert.equal(statSync(open.address).mode & 0o777, 0o660)
  })

  it("a client's port tells who it is", async () => {
    const path = await listener()
    await client(path.address)
    assert.equal(
      (await guest(path.guests)).name,
      `stream,listen=${path.address} client 1 (pid ${process.pid}, uid ${process.getuid!()})`,
    )
    const tcp = await listener('', await freeTcp('127.0.0.1'))
    const { localPort } = await client(tcp.address)
    assert.equal(
      (await guest(tcp.guests)).name,
      `stream,listen=${tcp.address} client 1 (127.0.0.1:${localPort})`,
    )
  })

  it('clients hear each other through the switch, and a NIC hears all', async () => {
    const { nic, address, guests } = await listener()
    const [one, two] = [await client(address), await client(address)]
    await eventually(() => guests().length === 2)
    const frame = makeFrame({ sequence: 5 })
    one.write(record(frame))
    await eventually(() => two.heard().length > 0)
    assert.deepEqual(parse(two.heard()), [Buffer.from(frame)])
    assert.deepEqual(await take(nic, 1), [frame])
    assert.equal(one.heard().length, 0)
  })

  it('many frames of many lengths, as fast as they go: all of them, whole and in order', async () => {
    const { lan, address } = await listener()
    const nic = await lan.addPort({ transport: 'host', ringOctets: 1 << 26 })
    const peer = await client(address)
    const frames = Array.from({ length: 30_000 }, (_, sequence) =>
      makeFrame({ length: 18 + ((sequence * 37) % 1500), sequence }),
    )
    const taken = take(nic, frames.length)
    for (let at = 0; at < frames.length; at += 200) {
      const chunk = Buffer.concat(frames.slice(at, at + 200).map((frame) => record(frame)))
      if (!peer.write(chunk)) await new Promise((resolve) => peer.once('drain', resolve))
    }
    const got = await taken
    assert.ok(got.every((frame, i) => Buffer.compare(frame, frames[i]!) === 0))
  })
})
