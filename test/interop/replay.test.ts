// Captures of real traffic, replayed by tcpreplay into one tap and recorded by tcpdump on another, a group between: the same octets
// arrive, in order within each flow.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { dissect } from '../support/recorder.js'
import { run } from '../support/running.js'
import { eventually } from '../support/wait.js'
import { readPcap, writePcap } from './pcap.js'
import { recordTraffic } from './record_traffic.js'
import { assertSameTraffic } from './same_traffic.js'
import { Join } from './tap_lan.js'

// Room for a tag and what is behind the last octet.
const kLinkMtu = 1600
const kShortest = 60
// For experiments (IEEE 802 clause 9.2.4): the last frame of each replay.
const kLocalExperiment = 0x88b5
// All of a capture fits in, so that nothing is lost however fast it comes.
const kQueue = '20000'
const kBuffer = 32 * 1024 * 1024

const kEnd = Buffer.alloc(kShortest, 0xff)
kEnd.write('fefd000000aa', 6, 'hex')
kEnd.writeUInt16BE(kLocalExperiment, 12)

/** As from a device that fills up short frames, with whatever it had at hand, and others with a few octets behind the end. */
function padded(frames: readonly Buffer[]): Buffer[] {
  return frames.map((frame, i) => {
    const more =
      frame.length < kShortest ? kShortest - frame.length : i % 7 === 0 && frame.length < 1500 ? 3 : 0
    return Buffer.concat([frame, Buffer.alloc(more, 0xa5 + i)])
  })
}

describe('captures replayed from tap to tap over a group', function () {
  this.timeout(60_000)
  let lab: Lab
  let hosts: readonly [Host, Host]
  const captures = new Map<string, string>()

  before(async function () {
    need(this, 'netns', 'tun', 'ping', 'ethtool', 'iperf3', 'tcpdump', 'tcpreplay')
    lab = await Lab.create()
    const traffic = await recordTraffic(lab)
    const file = (name: string) => join(lab.dir, `${name}.pcap`)
    const add = (name: string, frames: readonly Buffer[]) => {
      writePcap(file(name), [...frames, kEnd])
      captures.set(name, file(name))
    }
    add('plain', traffic)
    add('padded', padded(traffic))
    const tag = ['--enet-vlan=add', '--enet-vlan-tag=7', '--enet-vlan-cfi=0', '--enet-vlan-pri=3']
    const tagged = await run('tcprewrite', [...tag, '-i', file('plain'), '-o', file('rewritten')])
    assert.equal(tagged.code, 0, tagged.stderr)
    add('tagged', readPcap(file('rewritten')).slice(0, -1))

    hosts = [await lab.host('a'), await lab.host('b')]
    await lab.link(...hosts, { mtu: kLinkMtu })
    for (const host of hosts) {
      // Nothing is to be heard but the capture.
      await host.exec('sysctl', ['-w', 'net.ipv6.conf.default.disable_ipv6=1'], { check: true })
    }
  })

  after(() => lab?.close())

  /** Replays a capture and returns what was sent, what came, and the totals of both switches. */
  async function replay(name: string, tap: string, mcast: string) {
    // Hubs: both sides of each conversation come from the one tap, which a switch would keep apart from the other for that.
    const specs = [`tuntap,tap0,mtu=1500${tap}`, `mcast,,buffer=${kBuffer}${mcast}`, '--hub']
    const joins = await Promise.all(hosts.map((host) => Join.start(host, ...specs)))
    await hosts[0].ip('link', 'set', 'tap0', 'txqueuelen', kQueue)
    const file = join(lab.dir, `received.${name}.pcap`)
    const listen = ['-i', 'tap0', '-Q', 'in', '-U', '-w', file, '-s', '0', '-B', '65536', '-Z', 'root']
    const tcpdump = hosts[1].spawn('tcpdump', listen)
    await tcpdump.waitForLine(/listening on/)
    await hosts[0].exec('tcpreplay', ['-q', '--topspeed', '-i', 'tap0', captures.get(name)!], { check: true })
    await eventually(() => readPcap(file).some((frame) => frame.equals(kEnd)), 10_000, 'the last frame')
    await tcpdump.kill('SIGINT')
    const totals = await Promise.all(joins.map((each) => each.stop('tuntap', 'mcast')))
    return { sent: readPcap(captures.get(name)!), received: readPcap(file), file, totals }
  }

  for (const name of ['plain', 'padded', 'tagged']) {
    it(`${name}: octet for octet and in order, with offload=off and mss=off`, async () => {
      const { sent, received } = await replay(name, ',offload=off', ',offload=off,mss=off')
      assert.ok(sent.length > 2000, `${sent.length} frames`)
      assert.equal(received.length, sent.length)
      received.forEach((frame, i) => assert.ok(frame.equals(sent[i]!), `frame ${i}`))
    })

    it(`${name}: the same where joined segments are cut again, with the defaults`, async () => {
      const { sent, received, totals } = await replay(name, '', '')
      const joined = assertSameTraffic(received, sent)
      assert.ok(joined > 0, 'some were joined')
      const [tap] = totals[1]!
      assert.equal(tap.tx.frames, sent.length)
      assert.equal(sent.length - joined + tap.tx.superFrames, received.length)
    })
  }

  it('SYNs whose MSS is lowered for a link of 1500 differ in that and in their checksum, which is right', async function () {
    need(this, 'tshark')
    for (const host of hosts) await host.ip('link', 'set', 'veth0', 'mtu', '1500')
    const { sent, received, file, totals } = await replay('plain', '', '')
    assert.ok(assertSameTraffic(received, sent) > 0)
    const fields = ['tcp.options.mss_val', 'tcp.checksum.status', 'ipv6']
    const syns = await dissect(file, fields, {
      filter: 'tcp.flags.syn == 1 && !icmp',
      preferences: ['tcp.check_checksum:TRUE'],
    })
    assert.ok(syns.length >= 20, `${syns.length} SYNs`)
    for (const [mss, status, v6] of syns) assert.deepEqual([mss, status], [v6 ? '1398' : '1418', '1'])
    // Each on its way out of one switch; the other finds it low enough.
    assert.deepEqual(
      totals.map(([, mcast]) => mcast.mssClamped),
      [syns.length, 0],
    )
  })
})
