/** What is drawn: tables of made-up ports, rows that replace each other, and the words for numbers. */

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { LiveRows } from '../../lib/cli/live_rows.js'
import { drops, heard, losses } from '../../lib/cli/losses.js'
import { elapsed, eventText, factTexts, wrap } from '../../lib/cli/port_text.js'
import { RateMeter } from '../../lib/cli/rates.js'
import type { PortView, SwitchView } from '../../lib/cli/rates.js'
import { ratesTable } from '../../lib/cli/rates_table.js'
import { totalsTable } from '../../lib/cli/totals_table.js'
import { parseSpec, Switch } from '../../lib/index.js'
import type { Port, PortState, PortStats } from '../../lib/index.js'

const SPECS = ['mcast,,239.192.168.1,1102,interface=enp0s31f6', 'ucast,,198.51.100.5,1102,1102']

function fakePort(id: number, name: string, state: PortState): Port {
  return { id, name, state, spec: parseSpec(name), facts: {} } as unknown as Port
}

const zero = (names: string[]) => Object.fromEntries(names.map((name) => [name, 0]))

function fakeStats(change: (stats: PortStats) => void = () => {}): PortStats {
  const seen = { frames: 0, octets: 0, forwarded: 0, flooded: 0, unicast: 0, multicast: 0, broadcast: 0 }
  const rx = { ...seen, superFrames: 0, kernelDrops: 0, notLearned: 0 }
  const tx = { picked: 0, frames: 0, octets: 0, queued: 0, fragmented: 0, superFrames: 0 }
  const stats = {
    rx: { ...rx, drops: zero(['own_echo', 'filtered', 'runt', 'no_egress']) },
    tx: { ...tx, drops: zero(['queue_full', 'refused']) },
    reopened: 0,
    reconnects: 0,
    refusedClients: 0,
    offloadFailures: 0,
    mssClamped: 0,
    loopBlocks: 0,
    lastErrno: 0,
  }
  change(stats)
  return stats
}

/** Counters as large as they get in practice: a hundred thousand million frames. */
const busy = fakeStats(({ rx, tx }) => {
  Object.assign(rx, { frames: 123_456_789_012, octets: 9.87e14, kernelDrops: 98_765_432 })
  Object.assign(tx, { frames: 123_456_789_012, octets: 9.87e14, fragmented: 5 })
  tx.drops.queue_full = 1_234_567_890
})

function view(ports: [name: string, state: PortState, stats: PortStats][], rate = 0): SwitchView {
  const rates = { rxFrames: rate, rxOctets: 123 * rate, txFrames: rate, txOctets: 1500 * rate }
  const views = ports.map(([name, state, stats], i): PortView => ({
    port: fakePort(i + 1, name, state),
    stats,
    clients: [],
    perSecond: rates,
    netPerSecond: rates,
    isLosing: true,
  }))
  return { elapsedMs: 3_723_000, ports: views }
}

const full = view(
  [
    [SPECS[0]!, 'degraded', busy],
    [SPECS[1]!, 'blocked', fakeStats()],
  ],
  16_999_999,
)

describe('cli: screen', () => {
  const { NO_COLOR } = process.env
  before(() => (process.env.NO_COLOR = '1'))
  after(() => {
    if (NO_COLOR === undefined) delete process.env.NO_COLOR
    else process.env.NO_COLOR = NO_COLOR
  })

  describe('tables', () => {
    it('rates fit into 80 columns, whatever the numbers', () => {
      const rows = ratesTable(full, 79, 12)
      assert.deepEqual(
        rows.filter((row) => row.length > 79),
        [],
      )
      const [, , heading, first, second, last] = rows
      assert.match(heading!, /^port +state +frames\/s +bit\/s +frames\/s +bit\/s +lost$/)
      assert.match(first!, /^1 mcast +degraded +17\.0 M +16\.7 G +17\.0 M +204 G +1\.33 G queue_full$/)
      assert.match(second!, /^2 ucast +blocked .* 0$/)
      assert.match(last!, /^1 h 2 min, 12 stations learned\. /)
    })

    it('rates have whole specs where there is room, and no stations of a hub', () => {
      const rows = ratesTable(full, 140, undefined)
      assert.ok(rows[3]!.startsWith(`1 ${SPECS[0]}  degraded`))
      assert.doesNotMatch(rows.join('\n'), /station/)
    })

    it('rates of a quiet port are plain zeros', () => {
      const [, , , row] = ratesTable(view([[SPECS[1]!, 'up', fakeStats()]]), 79, 1)
      assert.match(row!, /^1 ucast +up( +0){5}$/)
    })

    it('columns stand below their titles', () => {
      for (const rows of [ratesTable(full, 79, 1).slice(2, 5), totalsTable(full, 79).slice(0, 3)]) {
        const ends = (row: string) => [...row.matchAll(/\S(?=\s\s|$)/g)].map(({ index }) => index)
        const [heading, ...cells] = rows
        // The last number of the heading is "lost"; a reason may stand behind it.
        const columns = ends(heading!).slice(-5)
        for (const row of cells) for (const at of columns.slice(0, 4)) assert.match(row[at]!, /[\dkMGT]/, row)
      }
    })

    it('totals fit into 80 columns, and have a line for each reason', () => {
      const rows = totalsTable(full, 79)
      assert.deepEqual(
        rows.filter((row) => row.length > 79),
        [],
      )
      assert.match(rows[1]!, /^1 mcast +123,456,789,012 +987 T +123,456,789,012 +987 T +1,333,333,322$/)
      assert.deepEqual(
        rows.slice(3, -1).map((row) => row.replace(/ +/g, ' ')),
        [
          '1 mcast out 1,234,567,890 queue_full more than the network below takes',
          '1 mcast in 98,765,432 kernel socket buffer overran: enlarge buffer=',
          '1 mcast 5 fragmented by the network below',
        ],
      )
      assert.equal(rows.at(-1), 'ran for 1 h 2 min')
    })

    it('the longest reasons and names stand apart, and peers and clients are told of', () => {
      const stats = fakeStats((own) => {
        Object.assign(own.rx.drops, { bad_offload: 999, bad_framing: 998 })
        Object.assign(own.tx, { frames: 1e12, octets: 1e15 })
        Object.assign(own, { reconnects: 2, refusedClients: 1 })
      })
      const busy = view([['ethertap,tap0', 'reconnecting', stats]])
      assert.deepEqual(
        [...ratesTable(busy, 79, 1), ...totalsTable(busy, 79)].filter((row) => row.length > 80),
        [],
      )
      assert.deepEqual(
        totalsTable(busy, 79)
          .slice(2, -1)
          .map((row) => row.replace(/ +/g, ' ')),
        [
          '1 ethertap in 999 bad_offload an offload header contradicts its frame',
          "1 ethertap in 998 bad_framing octets that the framing doesn't allow",
          '1 ethertap 2 times found its peer again',
          '1 ethertap 1 client turned away',
        ],
      )
    })
  })

  describe('losses', () => {
    const stats = fakeStats(({ rx, tx }) => {
      Object.assign(rx, { frames: 30, octets: 5000, kernelDrops: 2 })
      Object.assign(rx.drops, { own_echo: 10, filtered: 4, runt: 3 })
      Object.assign(tx, { frames: 10, octets: 2000 })
      tx.drops.refused = 7
    })

    it('are what somebody will miss, the most first', () => {
      const names = (list: ReturnType<typeof drops>) =>
        list.map(({ reason, frames }) => `${frames} ${reason}`)
      assert.deepEqual(names(losses(stats)), ['7 refused', '3 runt', '2 kernel'])
      assert.deepEqual(names(drops(stats)), ['10 own_echo', '7 refused', '4 filtered', '3 runt', '2 kernel'])
    })

    it('know every reason that the native side counts', async () => {
      await using lan = await Switch.create()
      const { rx, tx } = (await lan.addPort({ transport: 'host' })).stats()
      for (const counts of [rx.drops, tx.drops]) for (const name of Object.keys(counts)) counts[name] = 1
      rx.kernelDrops = 1
      const all = drops({ ...fakeStats(), rx, tx })
      assert.equal(all.length, Object.keys(rx.drops).length + Object.keys(tx.drops).length + 1)
      for (const { reason, text } of all) assert.ok(text.length > 0 && text.length <= 40, reason)
      const missed = losses({ ...fakeStats(), rx, tx }).map(({ reason }) => reason)
      assert.ok(['storm', 'bad_offload', 'kernel'].every((reason) => missed.includes(reason)))
      assert.ok(['reserved', 'filtered', 'own_echo'].every((reason) => !missed.includes(reason)))
    })

    it('heard is what came from others: its own echoes do not count', () => {
      assert.deepEqual(heard(stats), { frames: 20, octets: 3000 })
      assert.deepEqual(heard(fakeStats()), { frames: 0, octets: 0 })
    })
  })

  it('the meter gives rates between two looks, and keeps ports that have closed', async () => {
    await using lan = await Switch.create()
    const meter = new RateMeter(lan)
    const [port, other] = [await lan.addPort({ transport: 'host' }), await lan.addPort({ transport: 'host' })]
    meter.look()
    for (let i = 0; i < 10; i++) port.send(new Uint8Array(100))
    await port.drained()
    await other.close()
    const { ports } = meter.look()
    assert.deepEqual(
      ports.map(({ port: { id, state } }) => [id, state]),
      [
        [1, 'up'],
        [2, 'closed'],
      ],
    )
    assert.ok(ports[0]!.perSecond.rxFrames > 0)
    assert.equal(ports[0]!.stats.rx.frames, 10)
  })

  it("a listener's clients count as one with it, also when they have gone", () => {
    const lan = Object.assign(new EventEmitter(), { ports: new Map<number, Port>() })
    const plug = (id: number, frames: number, parent?: Port) => {
      const stats = fakeStats(({ rx }) => Object.assign(rx, { frames, octets: 60 * frames }))
      const port = { ...fakePort(id, SPECS[0]!, 'up'), parent, stats: () => stats } as unknown as Port
      lan.ports.set(id, port)
      return port
    }
    const meter = new RateMeter(lan as unknown as Switch)
    const listener = plug(1, 0)
    const gone = plug(2, 100, listener)
    plug(3, 20, listener)
    const count = () => meter.look().ports.map(({ stats, clients }) => [stats.rx.frames, clients.length])
    assert.deepEqual(count(), [[120, 2]])
    lan.ports.delete(2)
    lan.emit('port', { port: gone, state: 'closed' })
    assert.deepEqual(count(), [[120, 1]])
    assert.match(ratesTable(meter.look(), 79, 0).join('\n'), /1 mcast \(1\)/)
  })

  describe('live rows', () => {
    class Terminal extends EventEmitter {
      isTTY = true
      columns = 80
      rows = 5
      written = ''
      write(text: string): boolean {
        this.written += text
        return true
      }
      take(): string {
        const { written } = this
        this.written = ''
        return written
      }
    }
    const open = (head: string[] = []) => {
      const terminal = new Terminal()
      return { terminal, live: new LiveRows(terminal as unknown as NodeJS.WriteStream, head) }
    }

    it('replace each other, below what was said; the cursor comes back', () => {
      const { terminal, live } = open(['head'])
      assert.equal(terminal.take(), '\x1b[?25lhead\n')
      live.draw(['a', 'b'])
      assert.equal(terminal.take(), '\r\x1b[Ja\nb\n')
      live.draw(['c'])
      assert.equal(terminal.take(), '\x1b[2A\r\x1b[Jc\n')
      live.say('event')
      assert.equal(terminal.take(), '\x1b[1A\r\x1b[Jevent\nc\n')
      live.clear()
      assert.equal(terminal.take(), '\x1b[1A\r\x1b[J')
      live[Symbol.dispose]()
      assert.equal(terminal.take(), '\x1b[?25h')
      assert.equal(terminal.listenerCount('resize'), 0)
    })

    it('leave out what the terminal has no room for', () => {
      const { terminal, live } = open()
      terminal.take()
      live.draw(['1', '2', '3', '4', '5', '6'])
      assert.equal(terminal.take(), '\r\x1b[J1\n2\n3\n4\n')
      live[Symbol.dispose]()
    })

    it('draw all anew when the terminal has another size', () => {
      const { terminal, live } = open(['head'])
      live.draw(['a'])
      live.say('event')
      terminal.take()
      terminal.emit('resize')
      live.draw(['b'])
      assert.equal(terminal.take(), '\x1b[2J\x1b[Hhead\nevent\nb\n')
      live[Symbol.dispose]()
    })
  })

  describe('words', () => {
    it('facts, with why', () => {
      const facts = {
        interface: 'eth0',
        interface_by: 'the route to the group',
        receive_buffer: '425984',
        receive_buffer_short: "the system's limit",
        lan_mtu: '1500',
      }
      assert.deepEqual(factTexts(facts), [
        'interface eth0 (the route to the group)',
        "receive buffer 426 kB (the system's limit)",
        'LAN MTU 1500',
      ])
      assert.deepEqual(factTexts(facts, ['lan_mtu']), ['LAN MTU 1500'])
    })

    it('rows of phrases', () => {
      assert.deepEqual(wrap(['one', 'two', 'three'], 12, '  '), ['  one, two,', '  three'])
      assert.deepEqual(wrap([], 12), [])
    })

    it('a change of state, with its reason, message and errno', () => {
      const port = fakePort(2, SPECS[1]!, 'degraded')
      assert.equal(
        eventText({ port, state: 'degraded', reason: 'address', message: 'eth0 is gone', errno: 'ENODEV' }),
        'port 2 ucast is degraded (address, ENODEV): eth0 is gone',
      )
      assert.equal(
        eventText({ port, state: 'closed', reason: 'closed', message: '' }),
        'port 2 ucast is closed',
      )
    })

    it('time gone by', () => {
      assert.deepEqual([900, 61_000, 7_500_000].map(elapsed), ['0 s', '1 min 1 s', '2 h 5 min'])
    })
  })
})
