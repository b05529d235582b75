// Learning and hub, as seen from the ports; stations() says what was learned.
import assert from 'node:assert/strict'
import type { HostPort, SwitchOptions } from '../../lib/index.js'
import { eventually } from '../support/wait.js'
import { BROADCAST, makeFrame, sequenceOf, useSwitches } from './lan.js'

describe('forwarding', () => {
  const switches = useSwitches()
  let next = 1

  /** Sends one frame and says who has got it. */
  async function reach(from: HostPort, to: string, all: HostPort[], source = from.mac): Promise<HostPort[]> {
    const sequence = next++
    const before = from.stats().rx.frames
    from.send(makeFrame({ to, from: source, sequence }))
    await eventually(() => from.stats().rx.frames === before + 1)
    // The I/O thread counts and hands out in one go, but not in one instant: its answer to a question comes behind both.
    await from.lan.stations()
    return all.filter((port) => [...port.read()].some((frame) => sequenceOf(frame) === sequence))
  }

  it('a switch floods what it does not know, and then sends it where it belongs', async () => {
    const all = await switches.hosts(3)
    const [a, b, c] = all as [HostPort, HostPort, HostPort]
    assert.deepEqual(await reach(a, b.mac, all), [b, c])
    assert.deepEqual(await reach(b, a.mac, all), [a])
    assert.deepEqual(await reach(a, b.mac, all), [b])
    assert.deepEqual(await reach(c, BROADCAST, all), [a, b])
    assert.deepEqual(await reach(c, '01:00:5e:00:00:fb', all), [a, b])
    assert.equal(a.stats().rx.flooded, 1)
  })

  it('a switch filters what is on the side it came from', async () => {
    const all = await switches.hosts(3)
    const [a] = all as [HostPort, HostPort, HostPort]
    await reach(a, BROADCAST, all, '02:aa:00:00:00:01')
    assert.deepEqual(await reach(a, '02:aa:00:00:00:01', all), [])
    assert.equal(a.stats().rx.drops.filtered, 1)
  })

  it('a switch drops group and zero sources; a hub passes them on', async () => {
    for (const forwarding of ['learning', 'hub'] as const) {
      const all = await switches.hosts(3, { forwarding })
      const [a, b, c] = all as [HostPort, HostPort, HostPort]
      for (const source of [BROADCAST, '01:00:5e:00:00:01', '00:00:00:00:00:00']) {
        assert.deepEqual(await reach(a, BROADCAST, all, source), forwarding === 'hub' ? [b, c] : [], source)
      }
      assert.equal(a.stats().rx.drops.bad_source, forwarding === 'hub' ? 0 : 3)
    }
  })

  it('a hub sends everything everywhere but back', async () => {
    const all = await switches.hosts(3, { forwarding: 'hub' })
    const [a, b, c] = all as [HostPort, HostPort, HostPort]
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await reach(a, b.mac, all), [b, c])
      assert.deepEqual(await reach(b, a.mac, all), [a, c])
    }
  })

  it('a lone port has nobody to send to', async () => {
    const all = await switches.hosts(1)
    assert.deepEqual(await reach(all[0]!, BROADCAST, all), [])
    assert.equal(all[0]!.stats().rx.drops.no_egress, 1)
  })

  it('forgets stations with their port: they are flooded again', async () => {
    const all = await switches.hosts(3)
    const [a, b, c] = all as [HostPort, HostPort, HostPort]
    await reach(b, BROADCAST, all)
    assert.deepEqual(await reach(a, b.mac, all), [b])
    await b.close()
    assert.deepEqual(await reach(a, b.mac, [a, c]), [c])
    assert.ok((await a.lan.stations()).every((station) => station.mac !== b.mac))
  })

  it('ages stations', async () => {
    const all = await switches.hosts(3, { ageingMs: 50 })
    const [a, b, c] = all as [HostPort, HostPort, HostPort]
    await reach(b, BROADCAST, all)
    await eventually(
      async () => (await a.lan.stations()).every(({ mac }) => mac !== b.mac),
      5000,
      'its ageing',
    )
    assert.deepEqual(await reach(a, b.mac, all), [b, c])
  })

  it('learns no more than the table holds, counts the rest, and floods to them', async () => {
    const all = await switches.hosts(3, { tableSize: 4 } satisfies SwitchOptions)
    const [a, b, c] = all as [HostPort, HostPort, HostPort]
    for (let i = 0; i < 10; i++) await reach(b, BROADCAST, all, `02:bb:00:00:00:0${i}`)
    assert.equal(b.stats().rx.notLearned, 6)
    assert.equal((await b.lan.stations()).length, 4)
    assert.deepEqual(await reach(a, '02:bb:00:00:00:00', all), [b])
    assert.deepEqual(await reach(a, '02:bb:00:00:00:09', all), [b, c])
  })

  it('blocks the later port of a loop, says so, and counts it', async () => {
    const all = await switches.hosts(3)
    const [a, b, c] = all as [HostPort, HostPort, HostPort]
    const events: string[] = []
    a.lan.once('port', ({ port, state, reason, message }) => {
      events.push(`${port.id} ${state} ${reason}`)
      assert.match(message, /02:cc:00:00:00:01 alternates between this port and host/)
    })
    for (let i = 0; i < 40 && events.length === 0; i++) {
      await reach(i % 2 === 0 ? a : b, BROADCAST, all, '02:cc:00:00:00:01')
    }
    assert.deepEqual(events, [`${b.id} blocked loop`])
    assert.equal(b.state, 'blocked')
    assert.equal(b.stats().loopBlocks, 1)
    assert.deepEqual(await reach(b, BROADCAST, all), [])
    assert.equal(b.stats().rx.drops.blocked! > 0, true)
    assert.deepEqual(await reach(a, BROADCAST, all), [c])
  })

  describe('stations()', () => {
    it('tells MAC, port and age', async () => {
      const all = await switches.hosts(2)
      const [a, b] = all as [HostPort, HostPort]
      await reach(a, BROADCAST, all, 'fe:fd:ff:80:00:01')
      await reach(b, BROADCAST, all, '02:00:00:00:00:02')
      const stations = await a.lan.stations()
      stations.sort((left, right) => left.mac.localeCompare(right.mac))
      assert.deepEqual(
        stations.map(({ mac, vlan, port }) => ({ mac, vlan, port })),
        [
          { mac: '02:00:00:00:00:02', vlan: 0, port: b },
          { mac: 'fe:fd:ff:80:00:01', vlan: 0, port: a },
        ],
      )
      for (const { ageMs } of stations) assert.ok(ageMs >= 0 && ageMs < 20_000, String(ageMs))
    })

    it('answers each of many questions', async () => {
      const [a] = await switches.hosts(1)
      const answers = await Promise.all(Array.from({ length: 100 }, () => a!.lan.stations()))
      assert.ok(answers.every((answer) => answer.length === 0))
    })

    it('answers, or is refused, when the switch closes meanwhile', async () => {
      for (let round = 0; round < 20; round++) {
        const lan = await switches.create()
        const asked = lan.stations()
        await Promise.all([asked.then((list) => assert.deepEqual(list, [])), lan.close()])
      }
    })
  })
})
