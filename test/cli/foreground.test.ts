// `ethercast up --foreground`: the host set up and its switches run, until a signal; then all is taken down again.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { settledDump } from '../host/settled.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { events, theEvent } from './cli.js'

const kFile = `
taps:
  tap0: { addresses: [198.18.40.254/24] }
  tap1: {}
switches:
  lan:
    ports: ['tuntap,tap0', 'mcast,,239.192.44.1,4411,0,interface=lo']
  hub:
    forwarding: hub
    ports: ['tuntap,tap1', { transport: dgram, local: '127.0.0.1:4412', remote: '127.0.0.1:4413' }]
`

describe('ethercast up --foreground', function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host
  let file: string
  let state: string
  let original: string[]

  const here = () => settledDump(host)
  const start = (args: string[] = [], env: Record<string, string> = {}) =>
    host.ethercast(['up', '--foreground', '-c', file, '--state', state, ...args], { env })

  before(async function () {
    need(this, 'netns', 'tun', 'nft', 'socat', 'ping')
    lab = await Lab.create()
    host = await lab.host('fg')
    file = `${lab.dir}/ethercast.yaml`
    state = `${lab.dir}/state`
    original = await here()
  })

  after(() => lab?.close())

  beforeEach(() => writeFileSync(file, kFile))

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`sets up, runs the switches, prints ready; ${signal} takes all down again`, async () => {
      const running = start()
      await running.waitForLine(/^ready$/, 30_000)
      // Somebody on the group reaches the host through the switch and its tap.
      const ping = await host
        .ethercast([
          'ping',
          'mcast,,239.192.44.1,4411,0,interface=lo',
          '198.18.40.254',
          '--from',
          '198.18.40.9',
          '-c',
          '2',
        ])
        .result(20_000)
      assert.equal(ping.code, 0, ping.stdout + ping.stderr)
      running.signal(signal)
      const { code, stdout, stderr } = await running.result(30_000)
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^\+ tap0(.*\n)*ready\n(- .*\n)+All is as it was\.\n$/m)
      assert.deepEqual(await here(), original)
      assert.ok(!existsSync(state))
    })
  }

  it('--keep leaves the host set up', async () => {
    const running = start(['--keep'])
    await running.waitForLine(/^ready$/, 30_000)
    running.signal('SIGTERM')
    assert.equal((await running.result(30_000)).code, 0)
    assert.match(await host.ip('addr', 'show', 'dev', 'tap0'), /198\.18\.40\.254/)
    const down = await host.ethercast(['down', '--state', state], { input: '' }).result(30_000)
    assert.equal(down.code, 0, down.stderr)
    assert.deepEqual(await here(), original)
  })

  it('--json: steps, ready with the ports, done', async () => {
    const running = start(['--json'])
    await running.waitForLine(/"event":"ready"/, 30_000)
    running.signal('SIGTERM')
    const all = events(await running.result(30_000))
    const { switches } = theEvent(all, 'ready') as unknown as {
      switches: Record<string, { state: string }[]>
    }
    assert.deepEqual(
      Object.entries(switches).map(([name, ports]) => [name, ports.map((port) => port.state)]),
      [
        ['lan', ['up', 'up']],
        ['hub', ['up', 'up']],
      ],
    )
    assert.equal(theEvent(all, 'done').left, 0)
    assert.deepEqual(await here(), original)
  })

  it('a port that does not open: why, and all is taken down again', async () => {
    writeFileSync(file, kFile.replace('127.0.0.1:4412', '198.18.77.7:4412'))
    const { code, stderr } = await start().result(30_000)
    assert.equal(code, 1)
    assert.match(stderr, /dgram.*EADDRNOTAVAIL|EADDRNOTAVAIL.*dgram/s)
    assert.deepEqual(await here(), original)
  })

  it('kill -9 of it: the next up goes on, and down takes all back', async () => {
    const running = start()
    await running.waitForLine(/^ready$/, 30_000)
    await running.kill('SIGKILL')
    const again = start()
    await again.waitForLine(/^ready$/, 30_000)
    assert.doesNotMatch(again.stdout, /^\+/m)
    again.signal('SIGTERM')
    assert.equal((await again.result(30_000)).code, 0)
    assert.deepEqual(await here(), original)
  })

  it('tells systemd when it is ready', async function () {
    need(this, 'systemd-notify')
    const [socket, said] = [`${lab.dir}/notify`, `${lab.dir}/said`]
    const listener = host.spawn('socat', ['-u', `UNIX-RECV:${socket}`, `CREATE:${said}`])
    await eventually(() => existsSync(socket), 5000, 'the socket')
    const running = start([], { NOTIFY_SOCKET: socket })
    await running.waitForLine(/^ready$/, 30_000)
    await eventually(() => readFileSync(said, 'utf8').includes('READY=1'), 15_000, 'READY=1')
    running.signal('SIGTERM')
    await running.result(30_000)
    await listener.kill()
  })
})
