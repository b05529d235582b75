// Closing a switch, from every side, and what each method says afterwards.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { EthercastError, type HostPort, type Switch } from '../../lib/index.js'
import { eventually, within } from '../support/wait.js'
import { loGroup, makeFrame, take, useSwitches } from './lan.js'

const isClosed = (error: unknown) => {
  assert.ok(error instanceof EthercastError, String(error))
  assert.equal(error.code, 'ERR_ETHERCAST_CLOSED')
  return true
}

describe('closing a switch', () => {
  const switches = useSwitches()

  it('is the same promise however often it is asked for, and one event', async () => {
    const lan = await switches.create()
    await lan.addPort({ transport: 'host' })
    let events = 0
    lan.on('close', () => events++)
    const first = lan.close()
    assert.equal(lan.close(), first)
    await Promise.all([first, lan.close(), lan[Symbol.asyncDispose]()])
    await lan.close()
    assert.equal(events, 1)
    assert.equal(lan.ports.size, 0)
  })

  it('closes its ports, and tells them so', async () => {
    const lan = await switches.create()
    const group = await lan.addPort(loGroup())
    const host = await lan.addPort({ transport: 'host' })
    const both = Promise.all([once(group, 'close'), once(host, 'close')])
    await lan.close()
    await within(both, 1000, 'the close events')
    assert.equal(group.state, 'closed')
    assert.equal(host.state, 'closed')
    await group.close()
  })

  it('while ports open: each of them opens in time or is refused as closed, none hangs', async () => {
    for (let round = 0; round < 20; round++) {
      const lan = await switches.create()
      const opening = Array.from({ length: 10 }, (_, i) =>
        i % 2 === 0 ? lan.addPort({ transport: 'host', ringOctets: 1 << 18 }) : lan.addPort(loGroup()),
      )
      if (round % 2 === 1) await new Promise(setImmediate)
      const closing = lan.close()
      for (const outcome of await within(Promise.allSettled(opening), 5000, 'addPort')) {
        if (outcome.status === 'rejected') isClosed(outcome.reason)
        else assert.equal(outcome.value.lan, lan)
      }
      await within(closing, 5000, 'close()')
      assert.equal(lan.ports.size, 0)
    }
  })

  it('in the same turn as addPort: no port comes out that is closed already', async () => {
    const lan = await switches.create()
    const opening = lan.addPort({ transport: 'host' })
    const settled = opening.then(
      (port) => port.state,
      (error: unknown) => isClosed(error) && 'refused',
    )
    void lan.close()
    assert.notEqual(await within(settled, 5000, 'addPort'), 'closed')
  })

  it('while a port closes: both end', async () => {
    const lan = await switches.create()
    const port = await lan.addPort({ transport: 'host' })
    await within(Promise.all([port.close(), lan.close(), port.close()]), 5000)
  })

  it('sends out what host ports have sent before', async () => {
    const spec = loGroup()
    const [left, right] = [await switches.create(), await switches.create()]
    await left.addPort(spec)
    await right.addPort(spec)
    const from = await left.addPort({ transport: 'host' })
    const to = await right.addPort({ transport: 'host' })
    for (let i = 0; i < 200; i++) assert.equal(from.send(makeFrame({ sequence: i })), 1)
    await left.close()
    assert.equal((await take(to, 200)).length, 200)
  })

  it('within a handler of its own events', async () => {
    const lan = await switches.create()
    const a = await lan.addPort({ transport: 'host' })
    await lan.addPort({ transport: 'host' })
    lan.once('port', () => void lan.close())
    await a.close()
    await within(once(lan, 'close'), 5000)
  })

  it('within the body of a frames loop: the loop ends', async () => {
    const [a, b] = await switches.hosts(2)
    a!.send([makeFrame(), makeFrame()])
    let seen = 0
    for await (const batch of b!.frames()) {
      seen += batch.size
      await b!.lan.close()
    }
    assert.ok(seen >= 1)
  })

  it('gives its descriptors back at once, not when it is collected', async () => {
    const descriptors = () => readdirSync('/proc/self/fd').length
    await (await switches.create()).close()
    const before = descriptors()
    for (let i = 0; i < 100; i++) {
      const lan = await switches.create()
      await lan.addPort({ transport: 'host', ringOctets: 1 << 18 })
      await lan.addPort(loGroup())
      await lan.close()
    }
    assert.ok(descriptors() <= before + 2, `${before} before, ${descriptors()} after`)
  })

  it('stops serving at once: while it closes nothing new is begun', async () => {
    const lan = await switches.create()
    const closing = lan.close()
    await assert.rejects(lan.addPort({ transport: 'host' }), isClosed)
    await assert.rejects(lan.stations(), isClosed)
    await closing
  })
})

describe('after closing', () => {
  const switches = useSwitches()
  const frame = makeFrame()

  const refused: Record<string, (lan: Switch, host: HostPort) => unknown> = {
    'lan.addPort(object)': (lan) => lan.addPort({ transport: 'host' }),
    'lan.addPort(string)': (lan) => lan.addPort(loGroup()),
    'lan.stations()': (lan) => lan.stations(),
    'host.send(frame)': (_, host) => host.send(frame),
    'host.send([frame])': (_, host) => host.send([frame]),
    'host.send([])': (_, host) => host.send([]),
    'host.read()': (_, host) => host.read(),
  }
  const harmless: Record<string, (lan: Switch, host: HostPort) => unknown> = {
    'lan.close()': (lan) => lan.close(),
    'lan[Symbol.asyncDispose]()': (lan) => lan[Symbol.asyncDispose](),
    'lan.ref()': (lan) => assert.equal(lan.ref(), lan),
    'lan.unref()': (lan) => assert.equal(lan.unref(), lan),
    'lan.stats()': (lan) => assert.deepEqual(lan.stats(), {}),
    'lan.ports': (lan) => assert.equal(lan.ports.size, 0),
    'host.close()': (_, host) => host.close(),
    'host[Symbol.asyncDispose]()': (_, host) => host[Symbol.asyncDispose](),
    'host.stats()': (_, host) => assert.equal(host.stats().rx.frames, 1),
    'host.drained(), everything being taken': (_, host) => host.drained(),
    'host.frames(): it ends at once': async (_, host) => {
      for await (const batch of host.frames()) assert.fail(`a batch of ${batch.size}`)
    },
    'host.name, spec, mac, facts, notices': (_, host) => {
      assert.equal(host.name, `host,${host.mac}`)
      assert.equal(host.spec.transport, 'host')
      assert.deepEqual([host.facts, host.notices], [{}, []])
    },
  }

  for (const closedBy of ['the switch', 'the port'] as const) {
    for (const [call, run] of Object.entries(refused)) {
      if (closedBy === 'the port' && call.startsWith('lan.')) continue
      it(`of ${closedBy}, ${call} is refused with a code`, async () => {
        const { lan, host } = await closed(closedBy)
        // A method that returns a promise must reject; only the others may throw.
        await assert.rejects(
          call.startsWith('lan.')
            ? (run(lan, host) as Promise<unknown>)
            : Promise.resolve().then(() => run(lan, host)),
          isClosed,
        )
      })
    }
    for (const [call, run] of Object.entries(harmless)) {
      if (closedBy === 'the port' && call.startsWith('lan.')) continue
      it(`of ${closedBy}, ${call} still works`, async () => {
        const { lan, host } = await closed(closedBy)
        await within(Promise.resolve(run(lan, host)), 1000, call)
      })
    }
  }

  async function closed(by: 'the switch' | 'the port') {
    const lan = await switches.create()
    const host = await lan.addPort({ transport: 'host', mac: '02:00:00:00:00:99' })
    host.send(frame)
    await host.drained()
    await eventually(() => host.stats().rx.frames === 1)
    await (by === 'the switch' ? lan.close() : host.close())
    return { lan, host }
  }

  it('the frames that had come can still be read by a loop, which then ends', async () => {
    const [a, b] = await switches.hosts(2)
    a!.send(Array.from({ length: 10 }, (_, sequence) => makeFrame({ sequence })))
    await eventually(() => b!.stats().tx.frames === 10)
    await b!.lan.close()
    let seen = 0
    for await (const batch of b!.frames()) seen += batch.size
    assert.equal(seen, 10)
  })

  it('drained() of what was never taken rejects', async () => {
    const [a] = await switches.hosts(1)
    const waiting = assert.rejects(async () => {
      // Sent after the switch has begun to close, so that the I/O thread may never see it.
      a!.send(frame)
      await a!.drained()
      throw new EthercastError('ERR_ETHERCAST_CLOSED', 'it was taken in time')
    }, isClosed)
    await a!.lan.close()
    await within(waiting, 5000)
  })
})
