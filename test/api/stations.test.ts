// Stations of a switch that are limited or pinned, and what keeps two switches apart; seen from host ports. The cases are those of the
// kernel's selftests/net/forwarding (bridge_sticky_fdb, bridge_fdb_learning_limit, no_forwarding); native/test has the finer ones.
import assert from 'node:assert/strict'
import type { HostPort, Port, SwitchOptions } from '../../lib/index.js'
import { BROADCAST, makeFrame, sequenceOf, settled, useSwitches } from './lan.js'
import { eventually } from '../support/wait.js'

const STATION = '02:dd:00:00:00:01'
/** Addresses of link protocols, from spanning tree to LLDP. */
const RESERVED = ['01:80:c2:00:00:00', '01:80:c2:00:00:02', '01:80:c2:00:00:0e', '01:80:c2:00:00:0f']

/** The frame with an 802.1Q tag. */
function tagged(frame: Uint8Array, vlan: number): Uint8Array {
  const result = new Uint8Array(frame.length + 4)
  result.set(frame.subarray(0, 12))
  result.set([0x81, 0x00, vlan >> 8, vlan & 0xff], 12)
  result.set(frame.subarray(12), 16)
  return result
}

describe('stations', () => {
  const switches = useSwitches()
  let next = 1

  async function hosts(count: number, options?: SwitchOptions): Promise<[HostPort, HostPort, HostPort]> {
    return (await switches.hosts(count, options)) as [HostPort, HostPort, HostPort]
  }

  /** Sends one frame, tagged unless the VLAN is 0, and says which ports have got it. */
  async function reach(from: HostPort, to: string, source = from.mac, vlan = 0): Promise<Port[]> {
    const sequence = next++
    const frame = makeFrame({ to, from: source, sequence })
    const before = from.stats().rx.frames
    from.send(vlan === 0 ? frame : tagged(frame, vlan))
    await eventually(() => from.stats().rx.frames === before + 1)
    await settled(from.lan)
    const all = [...from.lan.ports.values()] as HostPort[]
    return all.filter((port) =>
      [...port.read()].some((got) => sequenceOf(vlan === 0 ? got : got.subarray(4)) === sequence),
    )
  }

  it('a pinned station is reached on its port alone, wherever it is heard', async () => {
    const [a, b, c] = await hosts(3)
    await a.lan.pin(STATION, b)
    assert.deepEqual(await reach(a, STATION), [b])
    assert.deepEqual(await reach(c, BROADCAST, STATION), [a, b])
    assert.equal(c.stats().rx.notLearned, 1)
    assert.deepEqual(await reach(a, STATION), [b])
    assert.deepEqual(await reach(c, STATION), [b])
  })

  it('stations() tells the pinned from the learned', async () => {
    const [a, b] = await hosts(2)
    await a.lan.pin(STATION, b, { vlan: 7 })
    await reach(a, BROADCAST)
    const stations = (await a.lan.stations()).sort((left, right) => left.vlan - right.vlan)
    assert.deepEqual(
      stations.map(({ mac, vlan, port, pinned }) => ({ mac, vlan, port, pinned })),
      [
        { mac: a.mac, vlan: 0, port: a, pinned: false },
        { mac: STATION, vlan: 7, port: b, pinned: true },
      ],
    )
    assert.equal(stations[1]!.ageMs, 0)
  })

  it('a pin is for its VLAN', async () => {
    const [a, b, c] = await hosts(3)
    await a.lan.pin(STATION, b, { vlan: 7 })
    assert.deepEqual(await reach(a, STATION, a.mac, 7), [b])
    assert.deepEqual(await reach(a, STATION, a.mac, 8), [b, c])
    assert.deepEqual(await reach(a, STATION), [b, c])
  })

  it('a pinned station does not age; unpinned it is forgotten', async () => {
    const [a, b, c] = await hosts(3, { ageingMs: 1 })
    await a.lan.pin(STATION, b)
    await reach(a, BROADCAST)
    await eventually(async () => (await a.lan.stations()).length === 1)
    assert.deepEqual(await reach(a, STATION), [b])
    assert.equal(await a.lan.unpin(STATION), true)
    assert.equal(await a.lan.unpin(STATION), false)
    assert.deepEqual(await reach(a, STATION), [b, c])
  })

  it('pinning again moves the pin, and closing the port forgets it', async () => {
    const [a, b, c] = await hosts(3)
    await a.lan.pin(STATION, b)
    await a.lan.pin(STATION, c)
    assert.deepEqual(await reach(a, STATION), [c])
    await c.close()
    assert.deepEqual(await reach(a, STATION), [b])
    assert.equal(await a.lan.unpin(STATION), false)
  })

  it('refuses what can be no pin, and says why', async () => {
    const [a, b] = await hosts(2)
    const [foreign] = await hosts(1)
    const refused: [attempt: () => Promise<unknown>, code: string, message: RegExp][] = [
      [() => a.lan.pin('03:00:00:00:00:01', b), 'FIELD', /pin: mac 03:00:00:00:00:01 is a group address/],
      [() => a.lan.pin('0:0:0:0:0:0', b), 'FIELD', /all zero/],
      [() => a.lan.pin('nobody', b), 'FIELD', /is not a MAC address/],
      [() => a.lan.pin(5 as unknown as string, b), 'FIELD', /pin: mac must be a string such as/],
      [() => a.lan.pin(STATION, b, { vlan: 4095 }), 'FIELD', /pin: vlan 4095 is not allowed: 1 to 4094/],
      [() => a.lan.pin(STATION, b, { vlan: -1 }), 'FIELD', /vlan -1/],
      [() => a.lan.pin(STATION, b, { vlan: 1.5 }), 'FIELD', /vlan 1.5/],
      [() => a.lan.pin(STATION, foreign), 'FIELD', /a port of this switch, not one of another/],
      [() => a.lan.pin(STATION, 2 as unknown as Port), 'FIELD', /a port of this switch, not 2/],
      [() => a.lan.unpin('03:00:00:00:00:01'), 'FIELD', /unpin: mac/],
    ]
    for (const [attempt, code, message] of refused)
      await assert.rejects(attempt, { code: `ERR_ETHERCAST_${code}`, message })
    await b.close()
    await assert.rejects(a.lan.pin(STATION, b), { code: 'ERR_ETHERCAST_CLOSED' })
    await a.lan.close()
    await assert.rejects(a.lan.pin(STATION, a), { code: 'ERR_ETHERCAST_CLOSED' })
    await assert.rejects(a.lan.unpin(STATION), { code: 'ERR_ETHERCAST_CLOSED' })
  })

  it('a hub has no pins', async () => {
    const [a, b] = await hosts(2, { forwarding: 'hub' })
    await assert.rejects(a.lan.pin(STATION, b), { code: 'ERR_ETHERCAST_STATE', message: /hub/ })
  })

  it('a table full of pins takes no more', async () => {
    const [a, b] = await hosts(2, { tableSize: 2 })
    await a.lan.pin('02:00:00:00:00:01', b)
    await a.lan.pin('02:00:00:00:00:02', b)
    const message = /the table is full of pinned stations/
    await assert.rejects(a.lan.pin('02:00:00:00:00:03', b), { code: 'ERR_ETHERCAST_STATE', message })
    await a.lan.pin('02:00:00:00:00:01', a)
  })

  it('answers, or says that the switch has closed meanwhile', async () => {
    for (let round = 0; round < 20; round++) {
      const [a, b] = await hosts(2)
      const pinning = a.lan.pin(STATION, b).catch((error: { code: string }) => error.code)
      await a.lan.close()
      assert.ok([undefined, 'ERR_ETHERCAST_CLOSED'].includes((await pinning) as string | undefined))
    }
  })

  it('a port learns no more stations than its limit; pinned ones come on top', async () => {
    const [a, b, c] = await hosts(3, { stationLimit: 2 })
    for (let i = 1; i <= 4; i++) await reach(b, BROADCAST, `02:bb:00:00:00:0${i}`)
    assert.equal(b.stats().rx.notLearned, 2)
    await a.lan.pin('02:bb:00:00:00:04', b)
    assert.deepEqual(await reach(a, '02:bb:00:00:00:02'), [b])
    assert.deepEqual(await reach(a, '02:bb:00:00:00:03'), [b, c])
    assert.deepEqual(await reach(a, '02:bb:00:00:00:04'), [b])
  })
})

describe('what a switch keeps to itself', () => {
  const switches = useSwitches()

  it('reserved addresses, unless it forwards them or is a hub', async () => {
    for (const options of [{}, { reserved: 'forward' }, { forwarding: 'hub' }] satisfies SwitchOptions[]) {
      const [a, b] = (await switches.hosts(2, options)) as [HostPort, HostPort]
      a.send(RESERVED.map((to) => makeFrame({ to })))
      await eventually(() => a.stats().rx.frames === RESERVED.length)
      await settled(a.lan)
      const { drops, multicast } = a.stats().rx
      const kept = 'reserved' in options || 'forwarding' in options ? 0 : RESERVED.length
      assert.deepEqual(
        [drops.reserved, multicast, b.read().size],
        [kept, RESERVED.length - kept, RESERVED.length - kept],
      )
    }
  })

  it('floods above the storm limit, but not what it knows', async () => {
    const [a, b] = (await switches.hosts(2, { stormLimit: 10 })) as [HostPort, HostPort]
    b.send(makeFrame({ from: b.mac }))
    await eventually(() => b.stats().rx.frames === 1)
    a.send(Array.from({ length: 100 }, () => makeFrame({ from: a.mac })))
    a.send(Array.from({ length: 100 }, () => makeFrame({ from: a.mac, to: b.mac })))
    await eventually(() => a.stats().rx.frames === 200)
    await settled(a.lan)
    const { rx } = a.stats()
    assert.equal(rx.unicast, 100)
    assert.equal(rx.flooded, rx.broadcast)
    assert.equal(rx.flooded + rx.drops.storm!, 100)
    assert.ok(rx.drops.storm! >= 90, JSON.stringify(rx))
  })

  it('everything, towards another switch of the same process, in every VLAN', async () => {
    const [a] = (await switches.hosts(1)) as [HostPort]
    const [b] = (await switches.hosts(1)) as [HostPort]
    const kinds = [
      '02:00:00:00:02:01',
      '01:02:03:04:05:06',
      '01:00:5e:00:00:01',
      '33:33:00:00:00:01',
      BROADCAST,
    ]
    const frames = kinds.map((to) => makeFrame({ to, from: a.mac }))
    const vlans = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 4000, 4094]
    const all = [...frames, ...vlans.flatMap((vlan) => frames.map((frame) => tagged(frame, vlan)))]
    assert.equal(a.send(all), all.length)
    await eventually(() => a.stats().rx.drops.no_egress === all.length)
    await settled(a.lan, b.lan)
    assert.equal(b.read().size, 0)
  })
})
