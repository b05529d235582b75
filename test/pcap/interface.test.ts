// What a pcap port does with the interface itself: promiscuity, losses, its going and coming back, and who may.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { run } from '../support/running.js'
import { eventually } from '../support/wait.js'
import { writePcap } from '../interop/pcap.js'
import { Capture, ether, isOurs } from './capture.js'

describe('pcap: the interface', function () {
  this.timeout(60_000)
  let lab: Lab
  let near: Host
  let far: Host
  let file: string

  const kFrames = 1000

  before(async function () {
    need(this, 'netns', 'tcpreplay', 'tcpdump')
    lab = await Lab.create()
    ;[near, far] = [await lab.host('near'), await lab.host('far')]
    await lab.link(near, far)
    file = join(lab.dir, 'flood.pcap')
    writePcap(
      file,
      Array.from({ length: kFrames }, (_, i) => ether(0x88b5, Buffer.alloc(1000, i & 0xff))),
    )
  })

  after(() => lab?.close())

  const replay = (host: Host, device: string, ...more: string[]) =>
    host.exec('tcpreplay', ['-q', '-i', device, ...more, file], { check: true, timeoutMs: 30_000 })
  const promiscuity = async (device: string) =>
    Number(/promiscuity (\d+)/.exec(await near.ip('-d', 'link', 'show', device))![1])

  it('is promiscuous while the port is open, and only if it is to be', async () => {
    assert.equal(await promiscuity('veth0'), 0)
    const plain = await Capture.start(near, 'pcap,veth0,,nopromisc')
    assert.equal(await promiscuity('veth0'), 0)
    const promiscuous = await Capture.start(near, 'pcap,veth0')
    assert.equal(await promiscuity('veth0'), 1)
    assert.equal((await promiscuous.stop()).facts.promisc, 'on')
    assert.equal((await plain.stop()).facts.promisc, 'off')
    await eventually(async () => (await promiscuity('veth0')) === 0)
  })

  it("promiscuous, it hears what a bridge passes on to others; else only what is this host's", async () => {
    await near.ip('link', 'add', 'br0', 'type', 'bridge')
    for (const [port, peer] of [
      ['pa', 'ea'],
      ['pb', 'eb'],
    ] as const) {
      await near.ip('link', 'add', port, 'type', 'veth', 'peer', 'name', peer)
      await near.ip('link', 'set', port, 'master', 'br0', 'up')
      await near.ip('link', 'set', peer, 'up')
    }
    await near.ip('link', 'set', 'br0', 'up')
    // The one they are for is known to be behind the other port.
    await near.exec('bridge', ['fdb', 'add', '02:00:00:00:01:02', 'dev', 'pb', 'master', 'static'], {
      check: true,
    })
    await eventually(async () => /state forwarding/.test(await near.ip('-d', 'link', 'show', 'pa')), 40_000)
    const [promiscuous, other] = [
      await Capture.start(near, 'pcap,br0'),
      await Capture.start(near, 'pcap,pb,,nopromisc'),
    ]
    await replay(near, 'ea', '--pps', '5000')
    assert.equal((await promiscuous.stop()).frames.filter(isOurs).length, kFrames)
    assert.equal(
      (await other.stop()).frames.filter(isOurs).length,
      kFrames,
      'and they have gone where they should',
    )
    const plain = await Capture.start(near, 'pcap,br0,,nopromisc')
    await replay(near, 'ea', '--pps', '5000')
    assert.equal((await plain.stop()).frames.filter(isOurs).length, 0)
  })

  it('what came too fast for a small buffer is told, and every frame accounted for', async () => {
    const capture = await Capture.start(near, 'pcap,veth0,ether proto 0x88b5,promisc,buffer=8k')
    await replay(far, 'veth0', '--topspeed', '--loop', '20')
    const { stats, facts, frames, lost } = await capture.stop()
    assert.equal(facts.receive_buffer, '16384')
    assert.ok(stats.rx.kernelDrops > 0)
    assert.equal(stats.rx.frames + stats.rx.kernelDrops, 20 * kFrames)
    assert.equal(frames.length + lost.ring_full!, stats.rx.forwarded)
  })

  it('goes down, comes up, goes for good and comes back: told each time, and heard again', async () => {
    await near.ip('link', 'add', 'gone0', 'type', 'veth', 'peer', 'name', 'gone1')
    await near.ip('link', 'set', 'gone1', 'up')
    const capture = await Capture.start(near, 'pcap,gone0,ether proto 0x88b5')
    const lines = () =>
      capture.running.stdout.split('\n').filter((line) => /^(up|degraded|closed) /.test(line))
    const told = (...wanted: string[]) =>
      eventually(() => JSON.stringify(lines()) === JSON.stringify(wanted), 5000, wanted.join(', '))
    await near.ip('link', 'set', 'gone0', 'up')
    await told('up up')
    await replay(near, 'gone1', '--pps', '5000')
    await near.ip('link', 'set', 'gone0', 'down')
    await told('up up', 'degraded down')
    await near.ip('link', 'set', 'gone0', 'up')
    await told('up up', 'degraded down', 'up up')
    await replay(near, 'gone1', '--pps', '5000')
    await near.ip('link', 'del', 'gone0')
    await told('up up', 'degraded down', 'up up', 'degraded gone')
    await near.ip('link', 'add', 'gone0', 'type', 'veth', 'peer', 'name', 'gone1')
    await near.ip('link', 'set', 'gone1', 'up')
    await near.ip('link', 'set', 'gone0', 'up')
    await told('up up', 'degraded down', 'up up', 'degraded gone', 'up up')
    await replay(near, 'gone1', '--pps', '5000')
    const { frames, stats, state } = await capture.stop()
    assert.equal(frames.length, 3 * kFrames)
    assert.equal(state, 'up')
    assert.equal(stats.reopened, 2)
    await near.ip('link', 'del', 'gone0')
  })

  const refused = async (command: string, args: readonly string[]) => {
    const node = [process.execPath, 'test/fixtures/capture.mjs', 'pcap,veth0,arp', '/dev/null']
    const { code, stderr } = await near.exec(command, [...args, ...node])
    assert.notEqual(code, 0)
    return stderr
  }

  it('without CAP_NET_RAW says what it takes', async function () {
    need(this, 'setpriv')
    const said = await refused('setpriv', ['--bounding-set=-net_raw', '--inh-caps=-net_raw'])
    assert.match(
      said,
      /capability CAP_NET_RAW: run as root, or give it to node \(sudo setcap cap_net_raw\+ep/,
    )
    assert.match(said, /code: 'EPERM'/)
  })

  it('without libpcap says which package, and does without when there is no filter', async () => {
    const list = await run('ldconfig', ['-p'])
    const paths = [...list.stdout.matchAll(/libpcap\.so\S* .*=> (\S+)/g)].map(([, path]) => path!)
    assert.ok(paths.length > 0, list.stdout)
    const hide = paths.map((path) => `mount --bind /dev/null ${path}`).join(' && ')
    const said = await refused('unshare', ['--mount', 'sh', '-c', `${hide} && exec "$@"`, 'sh'])
    assert.match(said, /a filter needs libpcap 1.0 or later, which is not here: sudo apt install libpcap0.8/)
    assert.match(said, /code: 'ERR_ETHERCAST_UNSUPPORTED'/)

    const args = ['--mount', 'sh', '-c', `${hide} && exec "$@"`, 'sh', process.execPath]
    const plain = near.spawn('unshare', [...args, 'test/fixtures/capture.mjs', 'pcap,veth0', '/dev/null'])
    await plain.waitForLine(/^ready$/)
    await plain.kill()
  })
})
