/** `ethercast join`, on loopback groups that nobody else has. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { connect } from '../../lib/index.js'
import { NetNode } from '../../lib/net/node.js'
import { projectRoot } from '../support/child.js'
import { Lab } from '../support/lab.js'
import { processesIn } from '../support/namespace.js'
import { need } from '../support/need.js'
import { Running, run } from '../support/running.js'
import { freeUdpPorts } from '../support/fresh.js'
import { eventually } from '../support/wait.js'
import { loGroup, makeFrame, useSwitches } from '../api/lan.js'
import { assertRefused, endAllAfterEach, ethercast, events, start, theEvent } from './cli.js'
import type { Event } from './cli.js'

interface Totals {
  id: number
  name: string
  state: string
  rx: { frames: number; drops: Record<string, number> }
  tx: { frames: number }
}

/** How often the I/O thread of the one switch in a namespace has gone to sleep. */
function wakeUps(namespace: string): number {
  const tasks = processesIn(namespace).flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}`),
  )
  const [thread, ...more] = tasks.filter((task) => readFileSync(`${task}/comm`, 'utf8') === 'ethercast-io\n')
  assert.ok(thread !== undefined && more.length === 0)
  return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`${thread}/status`, 'utf8'))![1])
}

const totals = (event: Event) => event.ports as Totals[]

describe('cli: join', function () {
  this.timeout(30_000)
  endAllAfterEach()
  const { keep } = useSwitches()

  /** A host on a group, which answers pings. */
  async function host(spec: string, address: string): Promise<NetNode> {
    return new NetNode(keep(await connect(spec, { address })), { ipv4: address })
  }

  it('says ready on stdout and all else on stderr, and ends after --for with totals', async () => {
    const [one, other] = [loGroup(), loGroup()]
    const { code, stdout, stderr } = await ethercast('join', one, other, '--for', '300ms')
    assert.equal(code, 0, stderr)
    assert.equal(stdout, 'ready\n')
    assert.match(stderr, /^1 mcast,,239\.[^]*interface lo \(as configured\)[^]*^2 mcast,,239\./m)
    assert.match(stderr, /^total +frames in +octets +frames out[^]*^1 mcast +0 /m)
  })

  it('--quiet leaves nothing but ready', async () => {
    const { code, stdout, stderr } = await ethercast('join', loGroup(), '--quiet', '--for', '0.2')
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'ready\n', stderr: '' })
  })

  it('says that one port has nobody to talk to', async () => {
    const { stderr } = await ethercast('join', loGroup(), '--for', '0.2')
    assert.match(stderr, /nobody to talk to/)
  })

  it('says what in a spec has no effect', async () => {
    const spec = loGroup().replace('mcast,,', 'mcast,fe:fd:0:0:0:1,')
    const { stderr } = await ethercast('join', spec, '--for', '0.2')
    assert.match(stderr, /note: mac fe:fd:00:00:00:01 has no effect/)
    const list = events(await ethercast('join', spec, '--for', '0.2', '--json'))
    assert.match(theEvent(list, 'notice').message as string, /no effect/)
  })

  it('--json has an object a line: ready, stats each second, done', async () => {
    const [one, other] = [loGroup(), loGroup()]
    const result = await ethercast('join', one, other, '--json', '--for', '2.5')
    assert.equal(result.code, 0, result.stderr)
    assert.equal(result.stderr, '')
    const list = events(result)
    assert.deepEqual([list[0]!.event, list.at(-1)!.event], ['ready', 'done'])
    const ports = theEvent(list, 'ready').ports as {
      id: number
      name: string
      facts: { interface: string }
    }[]
    assert.deepEqual(
      ports.map(({ id, facts }) => [id, facts.interface]),
      [
        [1, 'lo'],
        [2, 'lo'],
      ],
    )
    const stats = list.filter(({ event }) => event === 'stats')
    assert.ok(stats.length >= 2 && stats.length <= 4, `${stats.length} stats`)
    const done = theEvent(list, 'done')
    assert.equal(done.ending, 'time')
    assert.ok((done.elapsedMs as number) >= 2000)
  })

  it('is a switch between its ports, and counts', async () => {
    const [one, other] = [loGroup(), loGroup()]
    const child = start(['join', one, other, '--json'])
    await child.waitForLine(/"event":"ready"/)
    await using near = await host(one, '198.18.0.1')
    await using far = await host(other, '198.18.0.2')
    assert.equal(await near.resolve('198.18.0.2'), far.mac)
    assert.equal((await near.ping('198.18.0.2'))?.from, '198.18.0.2')
    await child.waitForLine(/"event":"stats".*"stations":2/)
    child.signal('SIGTERM')
    const result = await child.result()
    assert.equal(result.code, 0, result.stderr)
    const done = theEvent(events(result), 'done')
    assert.equal(done.ending, 'signal')
    for (const { rx, tx, state } of totals(done)) {
      // A question and an answer of ARP, and a ping with its echo: two frames each way.
      assert.equal(tx.frames, 2)
      assert.equal(rx.frames - rx.drops.own_echo!, 2)
      assert.equal(state, 'closed')
    }
  })

  it('a hub repeats what a switch would keep on its side', async () => {
    const [one, other] = [loGroup(), loGroup()]
    const child = start(['join', one, other, '--hub', '--json'])
    await child.waitForLine(/"event":"ready"/)
    const nic = keep(await connect(one))
    const frame = makeFrame({ to: '02:00:00:00:00:02' })
    for (let i = 0; i < 5; i++) nic.send(frame)
    await child.waitForLine(/"id":2.*"tx":\{"picked":5,"frames":5/)
    assert.doesNotMatch(child.stdout, /"stations"/)
  })

  it('drops what floods faster than --storm-limit, and says so', async () => {
    const child = start(['join', loGroup(), loGroup(), '--storm-limit', '20', '--json'])
    const [ready] = await child.waitForLine(/.*"event":"ready".*/)
    const [one] = (JSON.parse(ready) as { ports: { name: string }[] }).ports
    const nic = keep(await connect(one!.name))
    for (let i = 0; i < 50; i++) nic.send(makeFrame())
    // Two may come at once; more pass if it takes longer than 50 ms.
    await child.waitForLine(/"id":1,.*"storm":(?:[1-9]|[34]\d)\b/)
    await child.kill('SIGINT')
    const [port] = totals(theEvent(events(child), 'done'))
    assert.equal(port!.rx.frames - port!.rx.drops.own_echo!, 50)
  })

  it('keeps reserved addresses to itself, unless told to forward them', async () => {
    for (const more of [[], ['--forward-reserved']]) {
      const child = start(['join', loGroup(), loGroup(), '--json', ...more])
      const [ready] = await child.waitForLine(/.*"event":"ready".*/)
      const [one] = (JSON.parse(ready) as { ports: { name: string }[] }).ports
      const nic = keep(await connect(one!.name))
      nic.send(makeFrame({ to: '01:80:c2:00:00:0e' }))
      await child.waitForLine(
        more.length === 0 ? /"id":1,.*"reserved":1\b/ : /"id":2,.*"tx":\{"picked":1,"frames":1/,
      )
      await child.kill('SIGINT')
    }
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`${signal} is a clean end with totals, also when it comes twice`, async () => {
      const child = start(['join', loGroup(), loGroup()])
      await child.waitForLine(/^ready$/)
      child.signal(signal)
      child.signal(signal)
      const { code, stderr } = await child.result()
      assert.equal(code, 0, stderr)
      assert.match(stderr, /^total .*\n1 mcast .*\n2 mcast .*\nran for /m)
    })
  }

  it('tells when the loop guard blocks a port', async () => {
    const groups = [loGroup(), loGroup()]
    const first = start(['join', ...groups])
    const second = start(['join', ...groups, '--json'])
    await Promise.all([first.waitForLine(/^ready$/), second.waitForLine(/"event":"ready"/)])
    const nic = keep(await connect(groups[0]!))
    nic.send(makeFrame())
    await eventually(
      () => /is blocked \(loop\)/.test(first.stderr) || /"state":"blocked"/.test(second.stdout),
    )
    await Promise.all([first.kill('SIGINT'), second.kill('SIGINT')])
    assert.equal(second.exit?.code, 0)
    for (const { event, id, reason, message } of events(second)) {
      if (event !== 'port') continue
      assert.deepEqual([id, reason], [2, 'loop'])
      assert.notEqual(message, '')
    }
  })

  it('tells when a port loses its interface, and goes on', async function () {
    need(this, 'netns')
    const lab = await Lab.create()
    try {
      const [host, far] = [await lab.host('join'), await lab.host('far')]
      await lab.link(host, far)
      const child = host.ethercast(['join', 'mcast', 'ucast,,127.0.0.1,4001,4000'])
      await child.waitForLine(/^ready$/)
      assert.match(child.stderr, /interface veth0 \(the route to the group\)/)
      await host.ip('link', 'del', 'veth0')
      await child.waitForLine(/^\d\d:\d\d:\d\d port 1 mcast is degraded \(.*ENODEV\): .*interface/)
      assert.equal((await child.kill('SIGINT')).code, 0)
      assert.match(child.stderr, /^total /m)
    } finally {
      await lab.close()
    }
  })

  it('rests while nothing comes: no wake-up of its I/O thread, whatever it reports', async function () {
    need(this, 'netns')
    const lab = await Lab.create()
    try {
      const host = await lab.host('idle')
      for (const report of ['--json', '--quiet']) {
        const child = host.ethercast(['join', loGroup(), loGroup(), report])
        await child.waitForLine(/ready/)
        // The first second has the answers to the first look.
        await setTimeout(1500)
        const before = wakeUps(host.namespace)
        await setTimeout(2500)
        assert.equal(wakeUps(host.namespace), before, report)
        assert.equal((await child.kill('SIGINT')).code, 0)
      }
    } finally {
      await lab.close()
    }
  })

  it('ends quietly when the reader of its events has left', async () => {
    const line = `node dist/cli/main.js join ${loGroup()} ${loGroup()} --json | head -1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = await run('bash', ['-c', line], { timeoutMs: 10_000 })
    assert.match(stdout, /^\{"event":"ready".*\}\n0\n$/)
    assert.equal(stderr, '')
  })

  it('refuses specs that are wrong, before it opens any', async () => {
    assertRefused(await ethercast('join', loGroup(), 'mcst'), /^ethercast: .*did you mean mcast\?/)
    assertRefused(await ethercast('join', 'mcast,,224.0.0.1'), /^ethercast: .*224\.0\.0\.1/)
    assertRefused(await ethercast('join', 'mcast,,,,,interface=nowhere0'), /nowhere0 does not exist/)
    assertRefused(await ethercast('join', 'host'), /host is a port for programs/)
    assertRefused(await ethercast('join'), /missing required argument 'spec'/)
  })

  it('refuses a spec that is given twice, however it is written', async () => {
    const spec = loGroup()
    assertRefused(await ethercast('join', spec, `eth0=${spec}`), /given twice/)
  })

  it('refuses options that say nothing', async () => {
    assertRefused(await ethercast('join', loGroup(), '--for', 'ever'), /--for.*A duration is/)
    assertRefused(await ethercast('join', loGroup(), '--hub', '--ageing', '5'), /--hub.*cannot be used/)
    assertRefused(await ethercast('join', loGroup(), '--hub', '--forward-reserved'), /cannot be used/)
    assertRefused(await ethercast('join', loGroup(), '--storm-limit', '0'), /--storm-limit.*Allowed are 1 to/)
  })

  it('a port that does not open: why, and where to go on', async () => {
    const [listen, remote] = (await freeUdpPorts(2)) as [number, number]
    const spec = `ucast,,127.0.0.1,${listen},${remote}`
    const holder = start(['join', spec])
    await holder.waitForLine(/^ready$/)
    const { code, stdout, stderr } = await ethercast('join', loGroup(), spec)
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, new RegExp(`^ethercast: ${spec}: .*another program has it.*EADDRINUSE`))
    assert.match(stderr, new RegExp(`ethercast doctor ${spec}`))
  })

  it('a first port whose peer refuses: why, once, where to go on, and no totals', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const spec = `stream,connect=127.0.0.1:${port}`
    const { code, stdout, stderr } = await ethercast('join', spec, loGroup())
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.equal(stderr.match(/ is closed/g)?.length, 1, stderr)
    assert.match(stderr, new RegExp(`^ethercast: ${spec}: .*nobody listens there.*ECONNREFUSED`, 'm'))
    assert.match(stderr, new RegExp(`ethercast doctor ${spec}\n$`))
  })

  it('ends when its last port has closed, having said so once', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const spec = `stream,connect=127.0.0.1:${port},reconnect=off`
    const client = once(server, 'connection') as Promise<[Socket]>
    const joined = start(['join', spec, '--json'])
    await joined.waitForLine(/"ready"/)
    const [socket] = await client
    socket.destroy()
    server.close()
    const result = await joined.result()
    assert.equal(result.code, 1, result.stderr)
    const closed = events(result).filter(({ event, state }) => event === 'port' && state === 'closed')
    assert.equal(closed.length, 1, result.stdout)
    assert.equal(closed[0]!.reason, 'peer')
  })

  it('ends cleanly with its terminal, and with nohup it does not', async () => {
    await using lab = await Lab.create()
    const path = join(lab.dir, 'lan.sock')
    const plain = start(['join', `bess,listen=${path}`, '-q'])
    await plain.waitForLine(/^ready$/)
    plain.signal('SIGHUP')
    assert.equal((await plain.result()).code, 0)
    assert.equal(existsSync(path), false)

    const command = [process.execPath, 'dist/cli/main.js', 'join', `bess,listen=${path}`, '-q']
    const kept = new Running('nohup', command, { cwd: projectRoot })
    await kept.waitForLine(/^ready$/)
    kept.signal('SIGHUP')
    assert.equal(existsSync(path), true)
    kept.signal('SIGTERM')
    assert.equal((await kept.result()).code, 0)
    assert.equal(existsSync(path), false)
  })
})
