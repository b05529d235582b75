// The demo as people and programs see it. Only loopback is used: the demo knows no other interface.
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from '../../lib/index.js'
import { guestLines } from '../../lib/cli/demo_guests.js'
import type { GuestFacts } from '../../lib/cli/demo_guests.js'
import { PingRounds } from '../../lib/cli/demo_pings.js'
import { introduction, plainLine, summary, table } from '../../lib/cli/demo_screen.js'
import type { DemoView } from '../../lib/cli/demo_watch.js'
import { NetNode } from '../../lib/net/node.js'
import { startNode } from '../support/child.js'
import type { Running } from '../support/running.js'
import { eventually } from '../support/wait.js'

const kGroup = '239.255.198.19'
const kEndMs = 15_000
// Each test has ports of its own, and so has each run of them that goes on at the same time.
let nextPort = 20_000 + (process.pid % 100) * 100
const takePort = () => (nextPort += 10)

interface Ready {
  event: 'ready'
  group: string
  port: number
  interface: string
  nodes: { address: string; mac: string }[]
  ucast: { ownPort: number; guestPort: number }
  guests: { qemu: string; uml: string }
  commands: { ping: string; qemu?: string; uml: string }
}

interface Stats {
  event: 'stats'
  nodes: { address: string; inPerSecond: number; outPerSecond: number }[]
  pairs: { from: string; to: string; answered: number; lastMs: number }[]
  guests: { name: string; address?: string; mac?: string; rttMs?: number }[]
}

interface Done {
  event: 'done'
  ending: string
  pings: { sent: number; answered: number; lost: number; rtt: { min: number; avg: number; max: number } }
  frames: { in: number; out: number; dropped: number }
}

const demo = (...args: string[]) => startNode('dist/cli/main.js', ['demo', '--group', kGroup, ...args])

/** The lines that are complete so far. */
function events<Event>(running: Running, name: string): Event[] {
  const lines = running.stdout.split('\n').slice(0, -1)
  return lines
    .map((line) => JSON.parse(line) as { event: string })
    .filter(({ event }) => event === name) as Event[]
}

async function ready(running: Running): Promise<Ready> {
  await running.waitForLine(/"event":"ready"/)
  return events<Ready>(running, 'ready')[0]!
}

describe('cli demo', function () {
  this.timeout(30_000)
  const running = new Set<Running>()
  const start = (...args: string[]) => {
    const child = demo(...args)
    running.add(child)
    return child
  }

  afterEach(async () => {
    for (const child of running) await child.kill('SIGKILL')
    running.clear()
  })

  it('is a LAN of nodes that answer each other, and ends by itself with the sum', async () => {
    const port = takePort()
    const child = start('--port', String(port), '--for', '2500ms', '--json')
    assert.deepEqual((await child.result(kEndMs)).code, 0, child.stderr)
    const [first] = events<Ready>(child, 'ready')
    assert.deepEqual([first!.group, first!.port, first!.interface], [kGroup, port, 'lo'])
    const addresses = ['198.18.0.1', '198.18.0.2', '198.18.0.3', '198.18.0.4']
    assert.deepEqual(
      first!.nodes.map(({ address }) => address),
      addresses,
    )
    assert.equal(first!.nodes[2]!.mac, 'fe:fd:c6:12:00:03')

    const stats = events<Stats>(child, 'stats')
    assert.ok(stats.length >= 2, 'one a second')
    const last = stats.at(-1)!
    assert.equal(last.pairs.length, 12, 'each to each, both ways')
    for (const pair of last.pairs) assert.ok(pair.answered > 0 && pair.lastMs > 0, JSON.stringify(pair))
    for (const node of last.nodes) assert.ok(node.inPerSecond > 0 && node.outPerSecond > 0)

    const [done] = events<Done>(child, 'done')
    assert.equal(done!.ending, 'time')
    const { sent, answered, lost, rtt } = done!.pings
    assert.ok(sent > 12 && answered === sent && lost === 0, JSON.stringify(done))
    assert.ok(0 < rtt.min && rtt.min <= rtt.avg && rtt.avg <= rtt.max)
    // A request and a reply each, and ARP on top.
    assert.ok(done!.frames.out > 2 * sent && done!.frames.in > 2 * sent && done!.frames.dropped === 0)
  })

  it('prints plain lines where there is no terminal', async () => {
    const child = start('--port', String(takePort()), '--for', '1500ms', '--nodes', '2')
    const { code, stdout } = await child.result(kEndMs)
    assert.equal(code, 0)
    assert.ok(!stdout.includes('\x1b'), 'no colours, no cursor moves')
    assert.match(stdout, /^2 nodes on one Ethernet/)
    assert.match(
      stdout,
      /^ {2}(npx )?ethercast ping 'mcast,,239\.255\.198\.19,\d+,1,interface=lo' 198\.18\.0\.1$/m,
    )
    assert.match(
      stdout,
      /^ {2}qemu-system-x86_64 .*mcast=239\.255\.198\.19:\d+,localaddr=127\.0\.0\.1 -device /m,
    )
    assert.match(stdout, /^ {2}linux\.uml .* eth0=ucast,,127\.0\.0\.1,\d+,\d+$/m)
    assert.match(stdout, /^1 s, \d+ pings answered, 0 lost, rtt .*, 0 dropped, 0 guests$/m)
    assert.match(stdout, /^1\.5 s: 2 nodes sent (\d+) pings over the group; \1 were answered, 0 were not$/m)
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends with the sum on ${signal}`, async () => {
      const child = start('--port', String(takePort()), '--json')
      await child.waitForLine(/"event":"stats"/)
      const { code } = await child.kill(signal)
      assert.equal(code, 0, child.stderr)
      assert.equal(events<Done>(child, 'done')[0]!.ending, 'signal')
    })
  }

  it('fails when nothing was answered', async () => {
    const { code, stdout } = await start('--port', String(takePort()), '--for', '1ms').result(kEndMs)
    assert.equal(code, 1)
    assert.match(stdout, /nothing came back/)
  })

  it('takes another port when somebody has the one asked for, or that for UML, to himself', async () => {
    const port = takePort()
    const holders = [port, port + 11].map(() => createSocket('udp4'))
    holders[0]!.bind(port, '0.0.0.0')
    holders[1]!.bind(port + 11, '127.0.0.1')
    await Promise.all(holders.map((holder) => once(holder, 'listening')))
    const child = start('--port', String(port), '--json')
    const { port: chosen, ucast, commands } = await ready(child)
    assert.equal(chosen, port + 10)
    assert.deepEqual(ucast, { ownPort: port + 13, guestPort: port + 14 })
    assert.match(child.stderr, new RegExp(`port ${port} is taken .* has port ${chosen}`))
    assert.match(commands.ping, new RegExp(`,${chosen},1,`))
    assert.match(commands.uml, new RegExp(`eth0=ucast,,127\\.0\\.0\\.1,${port + 14},${port + 13}$`))
    await child.waitForLine(/"event":"stats"/)
    assert.equal((await child.kill('SIGINT')).code, 0)
    for (const holder of holders) holder.close()
    takePort() // the one that it moved to
  })

  it('leaves addresses that are taken to those who have them, and shows who came', async () => {
    const port = takePort()
    const taken = ['198.18.0.2', '198.18.0.100']
    const nics = await Promise.all(
      taken.map((address) => connect(`mcast,,${kGroup},${port},1,interface=lo`, { address })),
    )
    const others = nics.map((nic, i) => new NetNode(nic, { ipv4: taken[i] }))
    const child = start('--port', String(port), '--json', '--nodes', '3')
    const { nodes, guests } = await ready(child)
    assert.deepEqual(
      nodes.map(({ address }) => address),
      ['198.18.0.1', '198.18.0.3', '198.18.0.4'],
    )
    assert.ok(!Object.values(guests).includes(taken[1]!))

    // A guest with an address that was suggested is known by it, another one by its MAC address.
    const guestNic = await connect(`mcast,,${kGroup},${port},1,interface=lo`, { address: guests.uml })
    const guest = new NetNode(guestNic, { ipv4: guests.uml })
    assert.ok(await guest.ping('198.18.0.1'))
    assert.ok(await others[0]!.ping('198.18.0.1'))
    const shown = await eventually(() => {
      const now = events<Stats>(child, 'stats').at(-1)?.guests ?? []
      const uml = now.find(({ address }) => address === guests.uml)
      return uml?.rttMs !== undefined && now.some(({ mac }) => mac === nics[0]!.mac) ? now : undefined
    }, 6000)
    assert.equal(shown.find(({ name }) => name === 'UML')!.mac, guestNic.mac)
    for (const node of [guest, ...others]) await node.close()
    for (const nic of [guestNic, ...nics]) await nic.close()
    assert.equal((await child.kill('SIGINT')).code, 0)
  })

  it('lets the UML port’s guest in, and is there twice on one machine', async () => {
    const port = takePort()
    const [one, two] = [start('--port', String(port), '--json'), start('--port', String(port), '--json')]
    const lans = [await ready(one), await ready(two)]
    const addresses = lans.flatMap(({ nodes }) => nodes.map(({ address }) => address))
    assert.equal(new Set(addresses).size, 8, addresses.join(' '))
    assert.equal(new Set(lans.map(({ ucast }) => ucast.ownPort)).size, 2)
    for (const { ucast, guests, nodes } of lans) {
      const spec = `ucast,,127.0.0.1,${ucast.guestPort},${ucast.ownPort}`
      const nic = await connect(spec, { address: guests.uml })
      const guest = new NetNode(nic, { ipv4: guests.uml })
      for (const { address } of nodes) assert.ok(await guest.ping(address), `${guests.uml} to ${address}`)
      await guest.close()
      await nic.close()
    }
    await Promise.all([one, two].map((child) => child.waitForLine(/"event":"stats"/)))
    for (const child of [one, two]) {
      assert.equal((await child.kill('SIGINT')).code, 0)
      const [done] = events<Done>(child, 'done')
      assert.equal(done!.pings.answered, done!.pings.sent)
    }
  })

  it('refuses what makes no sense', async () => {
    for (const [option, value, message] of [
      ['--nodes', '1', /Allowed are 2 to 16/],
      ['--nodes', 'many', /Allowed are 2 to 16/],
      ['--port', '70000', /Allowed are 1 to 65535/],
      ['--for', 'ever', /duration/],
      ['--group', '192.0.2.1', /not a multicast group/],
    ] as const) {
      const { code, stderr } = await demo(option, value).result(kEndMs)
      assert.equal(code, 2, `${option} ${value}`)
      assert.match(stderr, message)
    }
  })
})

/** A host whose default route is a NIC. */
const FACTS: GuestFacts = {
  group: '239.255.198.18',
  port: 19_800,
  interface: 'lo',
  ucast: { guestPort: 19_802, ownPort: 19_801 },
  node: '198.18.0.1',
  addresses: { qemu: '198.18.0.101', uml: '198.18.0.100' },
  qemuMac: 'fe:fd:c6:12:00:65',
  route: { interface: 'eth0', loopback: false },
  command: 'ethercast',
}

describe('cli demo: the lines for guests', () => {
  it('name the very LAN', () => {
    const { ping, qemu, uml, umlSetup } = guestLines(FACTS)
    assert.equal(ping, "ethercast ping 'mcast,,239.255.198.18,19800,1,interface=lo' 198.18.0.1")
    assert.match(qemu!, /-netdev socket,id=lan,mcast=239\.255\.198\.18:19800,localaddr=127\.0\.0\.1 /)
    assert.match(qemu!, /-device virtio-net-pci,netdev=lan,mac=fe:fd:c6:12:00:65$/)
    assert.match(uml, / eth0=ucast,,127\.0\.0\.1,19802,19801$/)
    assert.match(umlSetup, /addr add 198\.18\.0\.100\/24 dev eth0; ping -c3 198\.18\.0\.1$/)
  })

  it('have UML’s mcast only where the route makes it true', () => {
    const there = guestLines({ ...FACTS, route: { interface: 'lo', loopback: true } })
    assert.match(there.umlMcast!, / eth0=mcast,,239\.255\.198\.18,19800$/)
    assert.equal(there.whyNoUmlMcast, undefined)
    const elsewhere = guestLines(FACTS)
    assert.equal(elsewhere.umlMcast, undefined)
    assert.match(
      elsewhere.whyNoUmlMcast!,
      /leaves by eth0, unless: sudo ip route add 239\.255\.198\.18 dev lo$/,
    )
    assert.match(guestLines({ ...FACTS, route: undefined }).whyNoUmlMcast!, /has no route/)
  })

  it('leave out what an IPv6 group can not have', () => {
    const lines = guestLines({ ...FACTS, group: 'ff15::1', route: undefined })
    assert.equal(lines.qemu, undefined)
    assert.match(lines.whyNoUmlMcast!, /IPv4 groups only/)
    assert.match(lines.ping, /mcast,,ff15::1,19800,1,/)
  })
})

describe('cli demo: the screen', () => {
  const colour = (_: unknown, text: string) => `\x1b[1m${text}\x1b[22m`
  const bare = (row: string) => row.replace(/\x1b\[\d+m/g, '')

  function view(count: number, changes: Partial<DemoView> = {}): DemoView {
    const nodes = Array.from({ length: count }, (_, i) => {
      return {
        address: `198.18.255.${i + 200}`,
        mac: 'fe:fd:c6:12:ff:ff',
        inPerSecond: 123456,
        outPerSecond: 99.5,
      }
    })
    const rtt = { min: 0.1, avg: 12.34, max: 1234.5, mdev: 1 }
    const pairs = nodes.flatMap(({ address: from }) =>
      nodes
        .filter(({ address }) => address !== from)
        .map(({ address: to }) => ({ from, to, sent: 9, answered: 8, lost: 1, lastMs: 123.4, rtt })),
    )
    return {
      elapsedMs: 90_061_000,
      nodes,
      pairs,
      guests: [
        { name: 'UML', address: '198.18.255.100' },
        { name: 'QEMU', address: '198.18.255.101', mac: 'fe:fd:c6:12:ff:65', rttMs: 0.5 },
        { name: 'mcast', mac: '52:54:00:12:34:56' },
      ],
      pings: { sent: 1e9, answered: 1e9 - 1, lost: 1, rtt },
      frames: { in: 1e10, out: 1e10, dropped: 3 },
      framesPerSecond: 1e6,
      ...changes,
    }
  }

  for (const columns of [40, 79, 119]) {
    for (const nodes of [2, 4, 9, 16]) {
      it(`fits ${nodes} nodes into ${columns} columns`, () => {
        for (const row of table(view(nodes), { columns, paint: colour })) {
          assert.ok(bare(row).length <= columns, `${bare(row).length}: ${bare(row)}`)
          assert.equal(
            row.split('\x1b[1m').length,
            row.split('\x1b[22m').length,
            'what begins in colour ends',
          )
        }
      })
    }
  }

  it('fits into a terminal of 80 by 24, the lines for guests included', () => {
    const facts = { ...FACTS, command: 'npx ethercast' }
    const { group, port, addresses: guests } = facts
    const plain = (_: unknown, text: string) => text
    const head = introduction({ nodes: 4, group, port, guests, lines: guestLines(facts) }, plain)
    const wrapped = head.reduce((rows, row) => rows + Math.max(1, Math.ceil(row.length / 80)), 0)
    const { guests: all } = view(4)
    const rows = table(view(4, { guests: all.slice(0, 2) }), { columns: 79, paint: plain })
    assert.ok(wrapped + rows.length < 24, `${wrapped} and ${rows.length}`)
  })

  it('shows a matrix where it fits, else averages', () => {
    const plain = (_: unknown, text: string) => text
    const [heads, first] = table(view(4), { columns: 79, paint: plain })
    assert.match(heads!, /\.200 +\.201 +\.202 +\.203$/)
    assert.match(first!, /123 k +100 +- +123 +123 +123$/)
    const [summaryHeads, summaryRow] = table(view(16), { columns: 79, paint: plain })
    assert.match(summaryHeads!, /avg +max +lost$/)
    assert.match(summaryRow!, /12\.3 +1235 +15$/)
  })

  it('says who is lost, and what has not begun', () => {
    const plain = (_: unknown, text: string) => text
    const pair = { from: '198.18.255.200', to: '198.18.255.201', rtt: undefined, lastMs: undefined }
    const pairs = [{ ...pair, sent: 2, answered: 0, lost: 1 }]
    assert.match(table(view(2, { pairs }), { columns: 79, paint: plain })[1]!, / - +lost$/)
    const none = [{ ...pair, sent: 1, answered: 0, lost: 0 }]
    assert.match(table(view(2, { pairs: none }), { columns: 79, paint: plain })[1]!, / - +\.\.\.$/)
    const pings = { sent: 3, answered: 0, lost: 3, rtt: undefined }
    assert.match(
      plainLine(view(2, { pings })),
      /^25:01:01, 0 pings answered, 3 lost, no round trip yet, .* 2 guests$/,
    )
    assert.equal(summary(view(2, { pings }))[1], 'nothing came back')
  })
})

describe('cli demo: the pings', () => {
  it('go round all pairs, both ways, and count what is lost', async () => {
    const asked: string[] = []
    const reply = { from: '', seq: 1, ttl: 64, octets: 64, rttMs: 2 }
    const node = (from: string, answers: boolean) => ({
      address: from,
      node: {
        ping: (to: string) => {
          asked.push(`${from}${to}`)
          return answers ? Promise.resolve(reply) : Promise.reject(new Error('the host is closed'))
        },
      },
    })
    const rounds = new PingRounds([node('a', true), node('b', true), node('c', false)])
    rounds.start()
    await eventually(() => asked.length >= 6)
    await rounds.stop()
    assert.deepEqual(asked.slice(0, 6).sort(), ['ab', 'ac', 'ba', 'bc', 'ca', 'cb'])
    const { sent, answered, lost, rtt } = rounds.totals
    assert.equal(answered + lost, sent)
    assert.deepEqual([rtt!.min, rtt!.avg, rtt!.max], [2, 2, 2])
    const pair = rounds.pairs.find(({ from }) => from === 'c')!
    assert.ok(pair.lost > 0 && pair.answered === 0 && pair.lastMs === undefined && pair.rtt === undefined)
  })
})
