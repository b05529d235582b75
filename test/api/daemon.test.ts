/** Ports of switch daemons that do not do what they should: how `addPort` ends, and that nothing else is held up. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type Server, type Socket, createServer } from 'node:net'
import type { PortEvent } from '../../lib/index.js'
import { freshPath } from '../support/fresh.js'
import { eventually } from '../support/wait.js'
import { makeFrame, take, useSwitches } from './lan.js'

describe('ports of switch daemons', function () {
  this.timeout(20_000)
  const lans = useSwitches()
  const servers = new Set<Server>()
  afterEach(() => {
    for (const server of servers) server.close()
    servers.clear()
  })

  /** A daemon that does as it likes with whoever connects. */
  async function serve(path: string, meet: (client: Socket) => void): Promise<void> {
    const server = createServer(meet).listen(path)
    servers.add(server)
    await once(server, 'listening')
  }
  const spec = (socket: string, options = '') => `daemon,,unix,${socket}${options}`

  it('one that is silent: addPort fails after 2 s, and the other ports do not wait', async () => {
    const path = freshPath()
    await serve(path, (client) => client.resume())
    const [a, b] = await lans.hosts(2)
    const begin = performance.now()
    const opening = assert.rejects(a!.lan.addPort(spec(path)), { code: 'ETIMEDOUT', port: spec(path) })
    for (let sequence = 0; sequence < 20; sequence++) {
      a!.send(makeFrame({ sequence }))
      await take(b!, 1, 1000)
    }
    assert.ok(performance.now() - begin < 1500, 'frames pass meanwhile')
    await opening
    assert.ok(performance.now() - begin >= 1900)
    assert.equal(a!.lan.ports.size, 2)
  })

  it('one that hangs up, lies, or is not there', async () => {
    const lan = await lans.create()
    for (const [meet, code] of [
      [(client: Socket) => client.end(), 'ECONNRESET'],
      [(client: Socket) => client.once('data', () => client.end('half an answer')), 'ECONNRESET'],
      [(client: Socket) => client.once('data', () => client.write(Buffer.alloc(110, 'x'))), 'EPROTO'],
      [(client: Socket) => client.once('data', () => client.write(Buffer.alloc(1 << 20, 'x'))), 'EPROTO'],
    ] as const) {
      const path = freshPath()
      await serve(path, (client) => meet(client.on('error', () => {})))
      await assert.rejects(lan.addPort(spec(path)), { code })
    }
    await assert.rejects(lan.addPort(spec(freshPath())), { code: 'ENOENT' })
    assert.equal(lan.ports.size, 0)
  })

  it('wait=on: addPort waits until there is one, or until it is told not to', async () => {
    const path = freshPath()
    const lan = await lans.create()
    await assert.rejects(
      lan.addPort(spec(path, ',wait=on'), { signal: AbortSignal.timeout(300) }),
      (error: Error) => error.name === 'TimeoutError' || error.name === 'AbortError',
    )
    const opening = lan.addPort(spec(path, ',wait=on'))
    await eventually(() => lan.ports.size === 1, 5000, 'the port')
    assert.equal([...lan.ports.values()][0]!.state, 'opening')
    const daemon = await lans.create()
    await daemon.addPort({ transport: 'switch', socket: path })
    const port = await opening
    assert.equal(port.state, 'up')
    assert.equal(port.stats().reconnects, 0)
  })

  it('reconnect: a switch that is closed and opened again; with reconnect=off the port closes', async () => {
    const path = freshPath()
    const daemon = await lans.create()
    const first = await daemon.addPort({ transport: 'switch', socket: path })
    const lan = await lans.create()
    const events: PortEvent[] = []
    lan.on('port', (event) => events.push(event))
    const [stays, goes] = [await lan.addPort(spec(path)), await lan.addPort(spec(path, ',reconnect=off'))]
    await first.close()
    await eventually(() => stays.state === 'reconnecting' && goes.state === 'closed', 5000, 'both to know')
    await daemon.addPort({ transport: 'switch', socket: path })
    await eventually(() => stays.state === 'up', 5000, 'it to come back')
    assert.equal(stays.stats().reconnects, 1)
    assert.deepEqual(
      events
        .filter(({ port, state }) => port === stays && state !== 'opening')
        .map(({ state, reason }) => [state, reason]),
      [
        ['up', 'registered'],
        ['reconnecting', 'peer'],
        ['up', 'peer'],
      ],
    )
  })
})
