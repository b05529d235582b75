/** Ports `bess` and `fd` of the library: clients as ports, more of them than there are descriptors, ends handed over, any frames. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fstatSync, lstatSync } from 'node:fs'
import fc from 'fast-check'
import type { PortEvent, Switch, SwitchOptions } from '../../lib/index.js'
import { nodeArguments, projectRoot } from '../support/child.js'
import { Running } from '../support/running.js'
import { freshPath } from '../support/fresh.js'
import { eventually } from '../support/wait.js'
import { makeFrame, sendAll, settled, take, useSwitches } from './lan.js'

/** A listener in a process of its own that says what happens to it, and repeats what it hears. */
const kListener = `
  import { Switch } from './dist/index.js'
  const lan = await Switch.create({ forwarding: 'hub' })
  lan.on('port', ({ port, state, errno }) => console.log(port.parent ? 'client' : 'listener', state, errno ?? ''))
  await lan.addPort({ transport: 'bess', listen: process.argv[1] })
  console.log('ready')
`
const kDescriptors = 60

describe('bess and fd', function () {
  this.timeout(30_000)
  const switches = useSwitches()
  const create = (options?: SwitchOptions) => switches.create(options)

  const clientsOf = (lan: Switch) => [...lan.ports.values()].filter(({ parent }) => parent !== undefined)

  it('a client is a port with a name, a parent and counters, and goes with its peer', async () => {
    const path = freshPath()
    const [lan, other] = [await create(), await create()]
    const events: PortEvent[] = []
    lan.on('port', (event) => events.push(event))
    const listener = await lan.addPort({ transport: 'bess', listen: path, mode: '0660' })
    assert.equal(lstatSync(path).mode & 0o777, 0o660)
    const client = await other.addPort(`bess,connect=${path}`)
    const port = await eventually(() => clientsOf(lan)[0])
    assert.equal(port.parent, listener)
    assert.equal(port.name, `bess,listen=${path} client 1 (pid ${process.pid}, uid ${process.getuid!()})`)
    await client.close()
    await eventually(() => port.state === 'closed')
    assert.deepEqual(
      events.filter((event) => event.port === port).map(({ state, reason }) => `${state} ${reason}`),
      ['up client', 'closed peer'],
    )
    await listener.close()
    assert.throws(() => lstatSync(path), { code: 'ENOENT' })
  })

  it('more clients than descriptors: they wait, nobody else suffers, and are taken when others leave', async () => {
    const path = freshPath()
    const node = nodeArguments({ code: kListener }, [path])
    const limited = ['-c', `ulimit -n ${kDescriptors}; exec "$0" "$@"`, process.execPath, ...node]
    const child = new Running('sh', limited, { cwd: projectRoot })
    try {
      await child.waitForLine(/^ready$/)
      const lan = await create({ forwarding: 'hub' })
      const clients = await Promise.all(
        Array.from({ length: kDescriptors }, () => lan.addPort(`bess,connect=${path}`)),
      )
      await child.waitForLine(/^listener degraded EMFILE$/)
      const taken = () => child.stdout.split('\n').filter((line) => line.startsWith('client up')).length
      const before = taken()
      assert.ok(before > 10 && before < kDescriptors, String(before))
      // Those that are there talk on: a frame of one reaches the others.
      const heard = () => clients.filter((port) => port.stats().rx.frames > 0).length
      const nic = await (await create()).addPort({ transport: 'host', mac: '02:00:00:00:00:0a' })
      await nic.lan.addPort(`bess,connect=${path}`)
      await clients[0]!.close()
      await clients[1]!.close()
      await eventually(() => taken() >= before + 2, 10_000, 'the next two clients')
      for (const port of clients.slice(2, 30)) await port.close()
      await eventually(() => taken() === kDescriptors + 1, 15_000, 'all clients')
      await child.waitForLine(/^listener up/)
      nic.send(makeFrame({ from: nic.mac }))
      await eventually(() => heard() === kDescriptors - 30, 5000, 'a frame to every client')
    } finally {
      await child.kill()
    }
  })

  for (const type of ['seqpacket', 'dgram'] as const) {
    it(`fd, ${type}: the other end is handed to a program, and its end is seen`, async () => {
      const lan = await create()
      const port = await lan.addPort({ transport: 'fd', type })
      const nic = await lan.addPort({ transport: 'host', mac: '02:00:00:00:00:0a' })
      const number = port.peerDescriptor
      assert.ok(number !== undefined && fstatSync(number).isSocket())
      // cat takes one packet a read, and writes it as one.
      const program = spawn('sh', ['-c', 'exec cat <&3 >&3'], {
        stdio: ['ignore', 'ignore', 'inherit', number],
      })
      port.releasePeer()
      port.releasePeer()
      assert.equal(port.peerDescriptor, undefined)
      await eventually(() => port.facts.peer_descriptor === 'handed over')
      await eventually(() => {
        nic.send(makeFrame({ length: 1514, from: nic.mac, sequence: 7 }))
        return port.stats().rx.frames
      })
      assert.equal(port.stats().rx.octets, 1514 * port.stats().rx.frames)
      program.kill('SIGKILL')
      await once(program, 'exit')
      if (type === 'dgram') nic.send(makeFrame({ from: nic.mac }))
      await eventually(() => port.state === 'closed', 5000, "the program's end")
      assert.equal(port.peerDescriptor, undefined)
      port.releasePeer()
    })
  }

  it('a pair whose end nobody took is closed with its port', async () => {
    const lan = await create()
    const port = await lan.addPort('fd')
    const number = port.peerDescriptor!
    const { ino } = fstatSync(number)
    await port.close()
    const isThere = () => {
      try {
        return fstatSync(number).ino === ino
      } catch {
        return false
      }
    }
    assert.equal(isThere(), false)
    assert.equal((await lan.addPort('mcast,,,,,interface=lo')).peerDescriptor, undefined)
  })

  it('any frames arrive as they are, in order, and are counted', async () => {
    const path = freshPath()
    const [one, two] = [await create({ forwarding: 'hub' }), await create({ forwarding: 'hub' })]
    const [from, to] = [
      await one.addPort({ transport: 'host', mac: '02:00:00:00:00:0a' }),
      await two.addPort({ transport: 'host', mac: '02:00:00:00:00:0b' }),
    ]
    await two.addPort(`bess,listen=${path}`)
    await one.addPort(`bess,connect=${path}`)
    const client = await eventually(() => clientsOf(two)[0])
    const frames = fc.array(fc.uint8Array({ minLength: 14, maxLength: 70 }), { minLength: 1, maxLength: 40 })
    const growth = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 40, maxLength: 40 })
    let octets = 0
    await fc.assert(
      fc.asyncProperty(frames, growth, async (starts, more) => {
        const sent = starts.map((start, i) =>
          Uint8Array.from([...start, ...new Uint8Array(more[i]!).fill(i)]),
        )
        octets += sent.reduce((all, frame) => all + frame.length, 0)
        const arrived = take(to, sent.length)
        await sendAll(from, sent)
        assert.deepEqual(await arrived, sent)
      }),
      { numRuns: 40 },
    )
    await settled(one, two)
    assert.equal(client.stats().rx.octets, octets)
  })
})
