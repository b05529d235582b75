// Plugging ports in and out: what a port says of itself, and what the switch tells about it.
import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { EthercastError, HostPort, type McastSpec, Port, type SpecObject } from '../../lib/index.js'
import { within } from '../support/wait.js'
import { randomGroup } from '../support/transports.js'
import { loGroup, makeFrame, take, useSwitches } from './lan.js'

describe('ports of a switch', () => {
  const switches = useSwitches()

  it('is made of a spec string, in its normalised form', async () => {
    const lan = await switches.create()
    const group = randomGroup()
    const port = await lan.addPort(`eth0=mcast,,${group},1102,1,interface=lo`)
    const spec = port.spec as McastSpec
    assert.deepEqual(
      [spec.transport, spec.group, spec.port, spec.ttl, spec.loop, spec.interface],
      ['mcast', group, 1102, 1, true, 'lo'],
    )
    assert.equal(port.name, `mcast,,${group},interface=lo`)
    assert.equal(port.lan, lan)
    assert.equal(port.state, 'up')
    assert.equal(port.facts.interface, 'lo')
    assert.ok(!(port instanceof HostPort))
  })

  it('is made of an object, the same port', async () => {
    const lan = await switches.create()
    const group = randomGroup()
    const port = await lan.addPort({ transport: 'mcast', group, interface: 'lo' })
    assert.equal(port.name, `mcast,,${group},interface=lo`)
  })

  it('knows a host port by its type, at compile time', async () => {
    const lan = await switches.create()
    const nic: HostPort = await lan.addPort({ transport: 'host' })
    const port: Port = await lan.addPort(loGroup())
    const any: Port = await lan.addPort({
      transport: 'mcast',
      group: randomGroup(),
      interface: 'lo',
    } as SpecObject)
    // @ts-expect-error a plain port has no frames(): only the type of the spec says that it is a host port
    assert.equal(typeof port.frames, 'undefined')
    // @ts-expect-error a union of specs is a plain port too
    assert.equal(typeof any.send, 'undefined')
    assert.ok(nic instanceof HostPort)
    assert.ok(nic instanceof Port)
  })

  it('numbers ports from 1 on and keeps them in a map until they close', async () => {
    const lan = await switches.create()
    const first = await lan.addPort({ transport: 'host' })
    const second = await lan.addPort({ transport: 'host' })
    assert.deepEqual(
      [...lan.ports],
      [
        [first.id, first],
        [second.id, second],
      ],
    )
    assert.equal(first.id, 1)
    assert.equal(second.id, 2)
    await first.close()
    assert.deepEqual([...lan.ports.values()], [second])
    assert.equal(first.state, 'closed')
    const third = await lan.addPort({ transport: 'host' })
    assert.notEqual(third.id, first.id, 'a number is not soon used again')
  })

  it('opens many ports at once', async () => {
    const lan = await switches.create()
    const ports = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        i % 3 === 0 ? lan.addPort(loGroup()) : lan.addPort({ transport: 'host', ringOctets: 1 << 18 }),
      ),
    )
    assert.equal(lan.ports.size, 60)
    assert.equal(new Set(ports.map((port) => port.id)).size, 60)
    for (const [i, port] of ports.entries()) assert.equal(port instanceof HostPort, i % 3 !== 0)
    await Promise.all(ports.map((port) => port.close()))
    assert.equal(lan.ports.size, 0)
  })

  it('keeps the facts of a port that failed from the port that gets its number later', async function () {
    this.timeout(60_000)
    const taken = dgram.createSocket('udp4')
    taken.bind(0, '127.0.0.1')
    await once(taken, 'listening')
    try {
      const lan = await switches.create()
      // Told its interface, then failed: its socket is taken.
      const failing = `ucast,,127.0.0.1,${taken.address().port},9`
      await assert.rejects(lan.addPort(`${failing},interface=lo`), { code: 'EADDRINUSE' })
      // Numbers run to 65535 before the first is used again, and only a port that is tried uses one up.
      for (let used = 1; used < 65535; used += 1285) {
        const ports = await Promise.allSettled(Array.from({ length: 1285 }, () => lan.addPort(failing)))
        assert.ok(ports.every((port) => port.status === 'rejected'))
      }
      const host = await lan.addPort({ transport: 'host' })
      assert.ok(host.id < 100, `the numbers began anew: ${host.id}`)
      assert.deepEqual(host.facts, {})
    } finally {
      taken.close()
    }
  })

  it('opens good ports beside refused ones, each with its own facts', async () => {
    const lan = await switches.create()
    // Refused on this thread while the others open on the I/O thread.
    const outcomes = await Promise.allSettled(
      Array.from({ length: 300 }, (_, i) =>
        lan.addPort(i % 2 === 0 ? loGroup() : 'mcast,,239.192.0.1,1102,1,source=2001:db8::1'),
      ),
    )
    for (const [i, outcome] of outcomes.entries()) {
      assert.equal(outcome.status, i % 2 === 0 ? 'fulfilled' : 'rejected')
      if (outcome.status === 'fulfilled') assert.equal(outcome.value.facts.interface, 'lo')
    }
  })

  it('tells the state of a port: the event of closing, from the port and from the switch, once', async () => {
    const lan = await switches.create()
    const port = await lan.addPort({ transport: 'host' })
    const seen: string[] = []
    port.on('close', () => seen.push(`close ${port.state}`))
    lan.on('port', (event) => {
      assert.equal(event.port, port)
      seen.push(`port ${event.state} ${event.reason}`)
    })
    await Promise.all([port.close(), port.close()])
    await port.close()
    assert.deepEqual(seen, ['close closed', 'port closed closed'])
  })

  it('can be closed many times at once without a warning', async () => {
    const lan = await switches.create()
    const port = await lan.addPort({ transport: 'host' })
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    try {
      await Promise.all(Array.from({ length: 40 }, () => port.close()))
      await new Promise(setImmediate)
      assert.deepEqual(warnings, [])
    } finally {
      process.off('warning', onWarning)
    }
  })

  it('lets what was sent go out before a host port closes', async () => {
    const lan = await switches.create()
    const a = await lan.addPort({ transport: 'host' })
    const b = await lan.addPort({ transport: 'host' })
    const frames = Array.from({ length: 10_000 }, (_, sequence) => makeFrame({ sequence }))
    assert.equal(a.send(frames), 10_000)
    await a.close()
    assert.equal(a.stats().rx.frames, 10_000)
    assert.equal((await take(b, 10_000)).length, 10_000)
  })

  it('gives notice of fields that have no effect, after the port is there', async () => {
    const lan = await switches.create()
    const told: string[] = []
    lan.on('notice', ({ port, message }) => {
      assert.equal(lan.ports.get(port.id), port)
      told.push(message)
    })
    const port = await lan.addPort(`mcast,fe:fd:0:0:0:1,${randomGroup()},1102,1,interface=lo,offload=off`)
    assert.equal(told.length, 1)
    assert.match(told[0]!, /mac fe:fd:00:00:00:01 has no effect/)
    assert.deepEqual(port.notices, told)
  })

  it('has a host port whose MAC is the one given, or else a made-up one for stations', async () => {
    const lan = await switches.create()
    const given = await lan.addPort({ transport: 'host', mac: 'FE:FD:0:0:0:1' })
    assert.equal(given.mac, 'fe:fd:00:00:00:01')
    const macs = new Set<string>()
    for (let i = 0; i < 20; i++) {
      const { mac } = await lan.addPort({ transport: 'host', ringOctets: 1 << 18 })
      const first = parseInt(mac.slice(0, 2), 16)
      assert.equal(first & 3, 2, `${mac} is individual and locally administered`)
      macs.add(mac)
    }
    assert.equal(macs.size, 20)
  })

  it('survives a handler that throws while a port is added: the port is there, the error is the program’s', async () => {
    const lan = await switches.create()
    lan.on('notice', () => {
      throw new Error('thrown in a handler')
    })
    const thrown = uncaught()
    const port = await lan.addPort(`mcast,fe:fd:0:0:0:1,${randomGroup()},1102,1,interface=lo`)
    assert.equal(lan.ports.get(port.id), port)
    assert.match((await within(thrown, 2000, 'the uncaught exception')).message, /thrown in a handler/)
  })

  it('closes whole although handlers throw: every promise settles, every event comes', async () => {
    const lan = await switches.create()
    const ports = [await lan.addPort({ transport: 'host' }), await lan.addPort({ transport: 'host' })]
    let closed = 0
    lan.on('port', ({ port }) => {
      throw new Error(`port handler ${port.id}`)
    })
    for (const port of ports) {
      port.on('close', () => {
        closed++
        throw new Error(`close handler ${port.id}`)
      })
    }
    const ended = once(lan, 'close')
    const messages = collectUncaught()
    await within(lan.close(), 5000, 'close()')
    await within(ended, 5000, "the event 'close'")
    await new Promise(setImmediate)
    assert.equal(closed, 2)
    assert.equal(lan.ports.size, 0)
    assert.deepEqual(messages.stop().sort(), [
      'close handler 1',
      'close handler 2',
      'port handler 1',
      'port handler 2',
    ])
  })

  const wrong: [what: string, spec: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['an array', ['mcast']],
    ['an object without transport', {}],
    ['an unknown transport', 'mcats'],
    ['an empty string', ''],
    ['a transport that only inherits its name', { transport: 'toString' }],
    ['an unknown key', { transport: 'host', promisc: true }],
  ]
  for (const [what, spec] of wrong) {
    it(`refuses ${what} as a spec, by rejecting`, async () => {
      const lan = await switches.create()
      const promise = lan.addPort(spec as string)
      await assert.rejects(promise, (error) => {
        assert.ok(error instanceof EthercastError)
        assert.equal(error.code, 'ERR_ETHERCAST_FIELD')
        return true
      })
      assert.equal(lan.ports.size, 0)
    })
  }
})

/** The next uncaught exception, kept from mocha. */
async function uncaught(): Promise<Error> {
  const collected = collectUncaught()
  await once(collected.events, 'uncaught')
  return new Error(collected.stop()[0])
}

function collectUncaught() {
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const messages: string[] = []
  const events = new EventTarget()
  process.on('uncaughtException', (error) => {
    messages.push(error.message)
    events.dispatchEvent(new Event('uncaught'))
  })
  return {
    events,
    stop() {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
      return messages
    },
  }
}
