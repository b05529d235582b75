/** What every line of IPv4 packets has to do between two Ethernets, whatever it is made of. */

import assert from 'node:assert/strict'
import { EthercastError, Switch } from '../../lib/index.js'
import type { Port, PortStats, SpecObject } from '../../lib/index.js'
import { settled } from '../api/lan.js'
import { IpStation, ipFrame, makePacket, packetSequence } from '../support/ip_station.js'
import { pairFolder } from '../support/pairs/ip.js'
import type { IpRow } from '../support/pairs/ip.js'
import { eventually } from '../support/wait.js'

const kMtu = 1500
const kMacs = ['02:00:00:00:00:0a', '02:00:00:00:00:0b'] as const
const kAddresses = ['198.18.1.1', '198.18.1.2'] as const

const sum = (drops: Record<string, number>) => Object.values(drops).reduce((all, count) => all + count, 0)

function assertBalanced({ rx, tx }: PortStats, name: string): void {
  assert.equal(rx.frames, rx.forwarded + sum(rx.drops), `${name}: rx`)
  assert.equal(tx.picked, tx.frames + sum(tx.drops) + tx.queued, `${name}: tx`)
}

interface End {
  lan: Switch
  port: Port
  spec: SpecObject
  station: IpStation
  /** MAC of the port's station on this LAN. */
  mac: string
}

async function makeEnd(spec: SpecObject, which: 0 | 1): Promise<End> {
  const lan = await Switch.create()
  // The port that waits for its peer opens when that is there.
  const port = await lan.addPort(spec)
  const nic = await lan.addPort({ transport: 'host', mac: kMacs[which] })
  return { lan, port, spec, station: new IpStation(nic, kAddresses[which]), mac: port.facts.mac! }
}

class Pair {
  private constructor(
    readonly a: End,
    readonly b: End,
    readonly folder: ReturnType<typeof pairFolder>,
  ) {}

  static async make(row: IpRow, mtu = kMtu): Promise<Pair> {
    const folder = pairFolder()
    const [first, second] = row.specs(folder.path, mtu)
    const pair = new Pair(await makeEnd(first, 0), await makeEnd(second, 1), folder)
    await pair.meet()
    return pair
  }

  /** Until packets pass both ways: each end knows then where the other's station is. */
  async meet(): Promise<void> {
    const { a, b } = this
    for (const { port } of [a, b])
      await eventually(() => port.state === 'up', 10_000, `${port.name} to be up`)
    for (const [from, to] of [[a, b] as const, [b, a] as const]) {
      const hello = (sequence: number) => makePacket(from.station.address, to.station.address, 24, sequence)
      const arrived = (sequence: number) =>
        to.station.packets.some((packet) => packetSequence(packet) === sequence)
      let last = 0
      const tryAgain = () => {
        from.station.send(from.mac, [hello(++last)])
        return to.station.packets.length > 0
      }
      await eventually(tryAgain, 10_000, `a packet from ${from.station.address}`)
      // Those before it have come, too: a line keeps the order.
      await eventually(() => arrived(last), 10_000, `the last packet from ${from.station.address}`)
    }
    await settled(a.lan, b.lan)
    for (const { station } of [a, b]) station.packets.length = 0
  }

  async close(): Promise<void> {
    await Promise.all([this.a.lan.close(), this.b.lan.close()])
    this.folder.remove()
  }
}

/** Sends in pieces, so that the line's queue has room for each. */
async function sendPaced(from: End, to: End, packets: readonly Uint8Array[]): Promise<void> {
  const kWindow = 48
  for (let sent = 0; sent < packets.length; sent += kWindow) {
    await eventually(() => to.station.packets.length >= sent - kWindow, 10_000, `${sent} packets to arrive`)
    from.station.send(from.mac, packets.slice(sent, sent + kWindow))
    await from.station.nic.drained()
  }
}

export function conformsAsLine(row: IpRow): void {
  describe(`conformance: ${row.name}`, function () {
    this.timeout(60_000)
    const open = new Set<{ close(): Promise<void> }>()
    afterEach(async () => {
      const all = [...open]
      open.clear()
      await Promise.all(all.map((each) => each.close()))
    })
    async function pair(mtu?: number): Promise<Pair> {
      const made = await Pair.make(row, mtu)
      open.add(made)
      return made
    }

    it('opens, closes, closes again, and opens anew with the same spec', async () => {
      const both = await pair()
      const { a, b } = both
      await a.port.close()
      await a.port.close()
      assert.equal(a.port.state, 'closed')
      await eventually(() => b.port.state !== 'up', 5000, 'the other end to know')
      a.port = await a.lan.addPort(a.spec)
      a.mac = a.port.facts.mac!
      await both.meet()
      assert.ok(b.port.stats().reconnects >= 1, 'the other end found it again')
      await both.close()
      await assert.rejects(a.lan.addPort(a.spec), { code: 'ERR_ETHERCAST_CLOSED' })
    })

    for (const length of [20, 21, 24, 46, 47, 576, 1499, kMtu]) {
      it(`carries packets of ${length} octets unchanged, both ways, TTL included`, async () => {
        const { a, b } = await pair()
        for (const [from, to] of [[a, b] as const, [b, a] as const]) {
          const packet = makePacket(from.station.address, to.station.address, length, length)
          from.station.send(from.mac, [packet])
          assert.deepEqual(await to.station.take(1), [packet])
        }
      })
    }

    it('takes off what pads a frame', async () => {
      const { a, b } = await pair()
      const packet = makePacket(a.station.address, b.station.address, 24, 1)
      const padded = new Uint8Array(60)
      padded.set(ipFrame(a.mac, a.station.nic.mac, packet))
      a.station.nic.send(padded)
      assert.deepEqual(await b.station.take(1), [packet])
    })

    it("answers ARP for the other end's station, with the port's MAC", async () => {
      const { a, b } = await pair()
      assert.equal(await a.station.resolve(b.station.address), a.mac)
      assert.equal(await b.station.resolve(a.station.address), b.mac)
    })

    it('drops what can be no packet there, and counts it by its reason', async () => {
      const { a, b } = await pair()
      const before = a.port.stats().tx.drops
      const packet = makePacket(a.station.address, b.station.address, 40, 1)
      const lying = packet.slice()
      lying[3] = 200
      const { nic } = a.station
      nic.send([
        ipFrame(a.mac, nic.mac, packet, 0x86dd),
        ipFrame(a.mac, nic.mac, packet, 0x88b5),
        ipFrame(a.mac, nic.mac, lying),
        ipFrame('02:00:00:00:00:77', nic.mac, packet),
        ipFrame(a.mac, nic.mac, packet),
      ])
      assert.deepEqual(await b.station.take(1), [packet])
      const { drops } = a.port.stats().tx
      assert.equal(drops.not_ip! - before.not_ip!, 3)
      assert.equal(drops.other_mac! - before.other_mac!, 1)
    })

    it('keeps the order of 4000 packets', async () => {
      const { a, b } = await pair()
      const packets = Array.from({ length: 4000 }, (_, sequence) =>
        makePacket(a.station.address, b.station.address, 24 + (sequence % 1400), sequence),
      )
      await sendPaced(a, b, packets)
      const got = await b.station.take(packets.length, 30_000)
      assert.deepEqual(got.map(packetSequence), [...packets.keys()])
    })

    it('accounts for every frame, also for those that a full line has no room for', async () => {
      const { a, b } = await pair()
      const burst = (from: End, to: End) =>
        Array.from({ length: 3000 }, (_, sequence) =>
          makePacket(from.station.address, to.station.address, kMtu, sequence),
        )
      // Their rings may not have room for all.
      const sent = new Map([
        [a, a.station.send(a.mac, burst(a, b))],
        [b, b.station.send(b.mac, burst(b, a))],
      ])
      await Promise.all([a.station.nic.drained(), b.station.nic.drained()])
      await eventually(() => a.port.stats().tx.queued === 0 && b.port.stats().tx.queued === 0, 20_000)
      const passed = (from: End, to: End) =>
        eventually(
          () => to.station.packets.length === sent.get(from)! - (from.port.stats().tx.drops.queue_full ?? 0),
          20_000,
          `all that went into the line to come out at ${to.station.address}`,
        )
      await Promise.all([passed(a, b), passed(b, a)])
      await settled(a.lan, b.lan)
      for (const end of [a, b]) {
        assertBalanced(end.port.stats(), end.port.name)
        assertBalanced(end.station.nic.stats(), end.station.nic.name)
      }
    })

    it('holds to mtu=: longer packets are dropped and counted, and the next passes', async () => {
      const { a, b } = await pair(1000)
      const fits = makePacket(a.station.address, b.station.address, 1000, 1)
      const tooLong = makePacket(a.station.address, b.station.address, 1001, 2)
      a.station.send(a.mac, [tooLong, fits])
      assert.deepEqual(await b.station.take(1), [fits])
      assert.equal(a.port.stats().tx.drops.oversize, 1)
    })

    it('closes under load, and the other end knows', async () => {
      const { a, b } = await pair()
      const packets = Array.from({ length: 100 }, (_, sequence) =>
        makePacket(a.station.address, b.station.address, 1000, sequence),
      )
      let stop = false
      const load = (async () => {
        while (!stop) {
          a.station.send(a.mac, packets)
          await new Promise((resolve) => setImmediate(resolve))
        }
      })()
      await eventually(() => b.port.stats().rx.frames > 200)
      await a.port.close()
      assertBalanced(a.port.stats(), a.port.name)
      await eventually(() => b.port.state !== 'up', 5000, 'the other end to know')
      await b.port.close()
      stop = true
      await load
      assertBalanced(b.port.stats(), b.port.name)
    })

    it('refuses use after closing, with a code', async () => {
      const { a } = await pair()
      await a.lan.close()
      await assert.rejects(
        a.lan.addPort(a.spec),
        (error) => error instanceof EthercastError && error.code === 'ERR_ETHERCAST_CLOSED',
      )
    })
  })
}
