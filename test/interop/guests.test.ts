// Two User-Mode Linux guests and a host in user space on one group: everyone reaches everyone.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { PingSummary } from '../../lib/net/pinger.js'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { dissect, Recorder } from '../support/recorder.js'
import { eventually } from '../support/wait.js'
import { guestPings, kFullPayload, nodePings } from './asserts.js'
import { LanNode } from './lan_node.js'

const kLans = [
  { name: 'the default group', spec: 'mcast', fields: '', group: '239.192.168.1', port: 1102, ttl: 1 },
  {
    name: 'a group, port and TTL other than the default',
    spec: 'mcast,,239.250.7.9,14321,7',
    fields: ',239.250.7.9,14321,7',
    group: '239.250.7.9',
    port: 14321,
    ttl: 7,
  },
]
const kOne = '198.18.1.1'
const kTwo = '198.18.1.2'
const kNode = '198.18.1.3'

for (const { name, spec, fields, group, port, ttl } of kLans) {
  describe(`two UML guests and a node on ${name}`, function () {
    this.timeout(60_000)
    let lab: Lab
    let host: Host
    let one: Guest
    let two: Guest
    let node: LanNode

    before(async function () {
      need(this, 'uml')
      lab = await Lab.create()
      host = await lab.host('a')
      ;[one, two, node] = await Promise.all([
        host.uml('one', `${kOne}/24`, [`eth0=mcast,fe:fd:c6:12:01:01${fields}`]),
        host.uml('two', `${kTwo}/24`, [`eth0=mcast,fe:fd:c6:12:01:02${fields}`]),
        LanNode.start(host, { connect: spec, node: { ipv4: kNode } }),
      ])
    })

    after(() => lab?.close())

    for (const payload of [56, kFullPayload]) {
      it(`each pings each, both ways, with frames of ${payload + 42} octets`, async () => {
        const recorder = await Recorder.start(host, { group, port, interface: 'lo' })
        await Promise.all([
          guestPings(one, kTwo, payload).then(() => guestPings(one, kNode, payload)),
          guestPings(two, kOne, payload).then(() => guestPings(two, kNode, payload)),
        ])
        await nodePings(node, kOne, { payloadOctets: payload })
        await nodePings(node, kTwo, { payloadOctets: payload })
        const isEcho = (frame: Buffer) => frame.readUInt16BE(12) === 0x0800
        // Six pings of three requests and three replies, each a datagram of its own and none twice.
        await eventually(() => recorder.frames.filter(isEcho).length >= 36, 3000, '36 echoes on the wire')
        await recorder.stop()
        const echoes = recorder.frames.filter(isEcho)
        assert.equal(echoes.length, 36)
        assert.deepEqual([...new Set(echoes.map((frame) => frame.length))], [payload + 42])
      })
    }

    it('`ethercast ping` reaches both guests, from an address that it found free', async () => {
      for (const address of [kOne, kTwo]) {
        const ping = host.ethercast(['ping', spec, address, '-c', '3', '--json'])
        const { code, stdout, stderr } = await ping.result()
        assert.equal(code, 0, stdout + stderr)
        const lines = stdout.trim().split('\n')
        const { event, transmitted, received, duplicates } = JSON.parse(lines.at(-1)!) as PingSummary
        assert.deepEqual([event, transmitted, received, duplicates], ['done', 3, 3, 0])
      }
    })

    it('each has the others in its ARP table with the MACs given', async () => {
      const macs = {
        [kOne]: 'fe:fd:c6:12:01:01',
        [kTwo]: 'fe:fd:c6:12:01:02',
        [kNode]: 'fe:fd:c6:12:01:03', // from its address, as UML's HOWTO has it
      }
      for (const [guest, own] of [
        [one, kOne],
        [two, kTwo],
      ] as const) {
        const { output } = await guest.sh('cat /proc/net/arp')
        for (const [address, mac] of Object.entries(macs)) {
          if (address !== own) assert.match(output, new RegExp(`^${address}\\s.*${mac}`, 'm'))
        }
      }
    })

    it(`every datagram has TTL ${ttl}, and goes to ${group} port ${port}`, async function () {
      need(this, 'tcpdump', 'tshark')
      const file = join(lab.dir, 'ttl.pcap')
      const args = ['-i', 'lo', '-U', '-w', file, '--immediate-mode', '-Z', 'root', 'udp']
      const tcpdump = host.spawn('tcpdump', args)
      await tcpdump.waitForLine(/listening on/)
      await Promise.all([guestPings(one, kTwo), nodePings(node, kOne)])
      await tcpdump.kill('SIGINT')
      const rows = await dissect(file, ['ip.ttl', 'ip.dst', 'udp.dstport', 'udp.srcport'], {
        filter: 'udp && !icmp',
      })
      assert.ok(rows.length >= 12, String(rows))
      for (const row of rows) assert.deepEqual(row.slice(0, 3), [String(ttl), group, String(port)])
      // Guests send from the group's port, as UML does; the node from one of its own, by which it knows its echoes.
      const own = rows.filter(([, , , source]) => source !== String(port))
      assert.ok(own.length >= 3 && own.length < rows.length, String(rows))
    })
  })
}
