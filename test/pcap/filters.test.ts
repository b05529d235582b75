// The same interface, the same filter, tcpdump and a pcap port: what they catch is equal, octet for octet.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { writePcap } from '../interop/pcap.js'
import { Capture, Tcpdump, isOurs, variety } from './capture.js'

const kFilters = [
  '',
  'arp or icmp',
  'tcp port 80',
  'ip6',
  'vlan',
  'vlan 5',
  'vlan 5 and icmp',
  'vlan 6 and vlan 5 and arp',
  'udp and not vlan',
  'ether proto 0x88b5 and len > 70',
  'ether[0] & 1 = 0 and host 198.18.0.1',
]

describe('pcap: filters, beside tcpdump', function () {
  this.timeout(60_000)
  let lab: Lab
  let near: Host
  let far: Host
  let file: string

  before(async function () {
    need(this, 'netns', 'tcpdump', 'tcpreplay')
    lab = await Lab.create()
    ;[near, far] = [await lab.host('near'), await lab.host('far')]
    await lab.link(near, far)
    file = join(lab.dir, 'variety.pcap')
    writePcap(file, variety())
  })

  after(() => lab?.close())

  const replay = (host: Host) =>
    host.exec('tcpreplay', ['-q', '-i', 'veth0', '--pps', '2000', file], { check: true, timeoutMs: 20_000 })

  for (const filter of kFilters) {
    it(filter === '' ? 'everything' : filter, async () => {
      // tcpdump's own choice is to optimize; what a filter takes does not hang on it.
      const [ours, optimized, theirs] = await Promise.all([
        Capture.start(near, `pcap,veth0,${filter}`),
        Capture.start(near, `pcap,veth0,${filter},optimize`),
        Tcpdump.start(near, 'veth0', filter),
      ])
      // Both directions of the interface.
      await replay(far)
      await replay(near)
      const expected = (await theirs.stop()).filter(isOurs)
      const [caught, same] = await Promise.all([ours.stop(), optimized.stop()])
      assert.ok(expected.length > 0)
      if (filter === '') assert.deepEqual(expected, [...variety(), ...variety()], 'tags are where they were')
      assert.deepEqual(caught.frames.filter(isOurs), expected)
      assert.deepEqual(same.frames.filter(isOurs), expected)
      assert.equal(caught.stats.rx.kernelDrops, 0)
      // The port is there a moment before the NIC.
      const { frames, forwarded, drops } = caught.stats.rx
      assert.equal(frames, forwarded + drops.no_egress!)
    })
  }

  it('what a kernel sends and answers by itself: pings, with tcpdump as the judge', async () => {
    const [ours, theirs] = await Promise.all([
      Capture.start(near, 'pcap,veth0,icmp and icmp[0] < 9'),
      Tcpdump.start(near, 'veth0', 'icmp and icmp[0] < 9'),
    ])
    await near.exec('ping', ['-c', '5', '-i', '0.05', '-s', '1400', '198.18.9.2'], { check: true })
    await far.exec('ping', ['-c', '5', '-i', '0.05', '-s', '4000', '198.18.9.1'], { check: true })
    const expected = await theirs.stop()
    assert.ok(expected.length >= 10 + 10, `${expected.length} packets`)
    assert.deepEqual((await ours.stop()).frames, expected)
  })

  it('a filter that is none is refused in words, with its field', async () => {
    const refused = await near.exec(process.execPath, [
      'test/fixtures/capture.mjs',
      'pcap,veth0,tcp porto 80',
      '/dev/null',
    ])
    assert.notEqual(refused.code, 0)
    assert.match(refused.stderr, /ERR_ETHERCAST_FIELD/)
    assert.match(refused.stderr, /field: 'filter'/)
    assert.match(refused.stderr, /filter "tcp porto 80": can't parse filter expression: syntax error/)
  })
})
