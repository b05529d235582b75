// connect(): a NIC with a LAN of its own, in one call.
import assert from 'node:assert/strict'
import { EthercastError, type Switch, connect } from '../../lib/index.js'
import { within } from '../support/wait.js'
import { randomGroup, randomPort } from '../support/transports.js'
import { loGroup, makeFrame, sendAll, sequenceOf, take, useSwitches } from './lan.js'

describe('connect()', () => {
  const switches = useSwitches()

  it('gives NICs that hear each other', async () => {
    const spec = loGroup()
    const a = switches.keep(await connect(spec))
    const b = switches.keep(await connect(spec))
    a.send(makeFrame({ from: a.mac, sequence: 5 }))
    assert.equal(sequenceOf((await take(b, 1))[0]!), 5)
    assert.equal(a.lan.ports.size, 2)
  })

  it('takes the MAC of the spec, else of the address, else a made-up one', async () => {
    const group = { transport: 'mcast', group: randomGroup(), port: randomPort(), interface: 'lo' } as const
    const nic = async (...args: Parameters<typeof connect>) => switches.keep(await connect(...args)).mac
    assert.equal(await nic({ ...group, mac: '2:0:0:0:0:7' }), '02:00:00:00:00:07')
    assert.equal(await nic({ ...group, mac: '2:0:0:0:0:8' }, { address: '192.0.2.9' }), '02:00:00:00:00:08')
    assert.equal(await nic(group, { address: '192.0.2.9' }), 'fe:fd:c0:00:02:09')
    const made = [await nic(group), await nic(group)]
    assert.notEqual(made[0], made[1])
    for (const mac of made) assert.equal(parseInt(mac.slice(0, 2), 16) & 3, 2, mac)
  })

  it('does not take the MAC of the spec for one without effect', async () => {
    const nic = switches.keep(
      await connect(`mcast,2:0:0:0:0:7,${randomGroup()},${randomPort()},1,interface=lo`),
    )
    for (const port of nic.lan.ports.values()) assert.deepEqual(port.notices, [])
  })

  it('closes the switch with the NIC, whichever way that is closed', async () => {
    for (const close of [
      (nic: Awaited<ReturnType<typeof connect>>) => nic.close(),
      (nic: Awaited<ReturnType<typeof connect>>) => nic[Symbol.asyncDispose](),
      (nic: Awaited<ReturnType<typeof connect>>) => nic.lan.close(),
    ]) {
      const nic = await connect(loGroup())
      let closed = 0
      nic.lan.on('close', () => closed++)
      await close(nic)
      await nic.close()
      assert.equal(closed, 1)
      assert.equal(nic.state, 'closed')
      await assert.rejects(nic.lan.addPort({ transport: 'host' }), { code: 'ERR_ETHERCAST_CLOSED' })
    }
  })

  it('hears frames between others only when promiscuous', async () => {
    const spec = loGroup()
    const talker = switches.keep(await connect(spec))
    const listener = switches.keep(await connect(spec))
    const snooper = switches.keep(await connect(spec, { promiscuous: true }))
    const other = switches.keep(await connect(spec))
    other.send(makeFrame({ from: other.mac, sequence: 1 }))
    await take(listener, 1)
    await take(snooper, 1)
    // From now on the LAN port is known to be where that station is.
    await sendAll(talker, [
      makeFrame({ from: talker.mac, to: other.mac, sequence: 2 }),
      makeFrame({ from: talker.mac, sequence: 3 }),
    ])
    assert.deepEqual((await take(snooper, 2)).map(sequenceOf), [2, 3])
    assert.deepEqual((await take(listener, 1)).map(sequenceOf), [3])
  })

  // The kinds of selftests/net/forwarding/local_termination that a NIC without filters of its own can tell apart.
  it('hears what is for it: unicast, groups, everybody, and the protocols of links', async () => {
    const spec = loGroup()
    const a = switches.keep(await connect(spec))
    const b = switches.keep(await connect(spec))
    const groups = ['01:00:5e:01:02:03', '33:33:01:02:03:05', 'ff:ff:ff:ff:ff:ff']
    const links = ['01:80:c2:00:00:00', '01:80:c2:00:00:0e', '01:1b:19:00:00:00']
    const kinds = [b.mac, ...groups, ...links]
    a.send(kinds.map((to, sequence) => makeFrame({ to, from: a.mac, sequence })))
    assert.deepEqual((await take(b, kinds.length)).map(sequenceOf), [...kinds.keys()])
  })

  it('has rings of the size asked for', async () => {
    const nic = switches.keep(await connect(loGroup(), { ringOctets: 1 << 19 }))
    assert.equal(nic.spec.ringOctets, 1 << 19)
    assert.equal(nic.read().data.length, 1 << 19)
  })

  it('sends out everything before it closes', async () => {
    const spec = loGroup()
    const to = switches.keep(await connect(spec))
    const from = await connect(spec)
    for (let i = 0; i < 50; i++) from.send(makeFrame({ sequence: i }))
    await from.close()
    assert.equal((await take(to, 50)).length, 50)
  })

  const refused: [what: string, args: unknown[], field: string][] = [
    ['a host port', ['host'], 'transport'],
    ['a host port as an object', [{ transport: 'host' }], 'transport'],
    ['an odd MAC', ['mcast,3:0:0:0:0:1'], 'mac'],
    ['an address that is none', [loGroup(), { address: '192.0.2.256' }], 'address'],
    ['a ring of no size', [loGroup(), { ringOctets: 1000 }], 'ringOctets'],
    ['an unknown option', [loGroup(), { promiscous: true }], 'promiscous'],
    ['an unknown interface', [`mcast,,${randomGroup()},interface=nosuch0`], 'interface'],
  ]
  for (const [what, args, field] of refused) {
    it(`refuses ${what}, and leaves nothing open`, async () => {
      await assert.rejects(connect(...(args as Parameters<typeof connect>)), (error) => {
        assert.ok(error instanceof EthercastError, String(error))
        assert.equal(error.code, 'ERR_ETHERCAST_FIELD')
        assert.equal(error.field, field)
        return true
      })
    })
  }

  it('ends a loop over its frames when it closes', async () => {
    const nic = await connect(loGroup())
    const loop = (async () => {
      for await (const _ of nic.frames());
    })()
    await new Promise(setImmediate)
    await nic.close()
    await within(loop, 1000)
  })

  it('is disposed of by `await using`', async () => {
    let lan: Switch | undefined
    {
      await using nic = await connect(loGroup())
      await using second = await nic.lan.addPort({ transport: 'host' })
      lan = nic.lan
      assert.equal(second.state, 'up')
      assert.equal(lan.ports.size, 3)
    }
    assert.equal(lan.ports.size, 0)
    await assert.rejects(lan.stations(), { code: 'ERR_ETHERCAST_CLOSED' })
    await assert.rejects(async () => {
      await using nic = await connect(loGroup())
      lan = nic.lan
      throw new Error('thrown with an open NIC')
    }, /thrown with an open NIC/)
    assert.equal(lan.ports.size, 0)
  })
})
