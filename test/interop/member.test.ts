// A plain member of the group, with Node's own sockets: what it hears is octet for octet what was sent, and the other way round.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { dissect, Recorder } from '../support/recorder.js'
import type { Running } from '../support/running.js'
import { eventually } from '../support/wait.js'
import { nodePings } from './asserts.js'
import { randomFrames, randomLengths } from './frames.js'
import { LanNode } from './lan_node.js'

const kSpec = 'mcast,,239.192.168.1,1102,1,interface=lo'
const kMac = 'fe:fd:00:00:00:07'
/** Few enough at once for the receive buffers of plain programs, which are all that can lose a frame here. */
const kBlock = 50

// 1100 usual ones, and a few that only fit a loopback or a jumbo link.
const kLengths = [
  ...randomLengths(1, 1100, 14, 1514),
  1515,
  1518,
  1526,
  2048,
  4096,
  9014,
  9018,
  16_384,
  32_768,
  65_507,
]

const blocksOf = (frames: readonly Buffer[]) =>
  Array.from({ length: Math.ceil(frames.length / kBlock) }, (_, i) =>
    frames.slice(i * kBlock, (i + 1) * kBlock),
  )

/** Asserts the same frames in the same order; names the first that differs. */
function assertSameFrames(actual: readonly Buffer[], expected: readonly Buffer[]): void {
  const differs = expected.findIndex((frame, i) => !actual[i]?.equals(frame))
  const describe = (frame?: Buffer) => frame && `${frame.length} octets ${frame.toString('hex').slice(0, 80)}`
  assert.equal(
    differs,
    -1,
    `frame ${differs}: heard ${describe(actual[differs])}, sent ${describe(expected[differs])}`,
  )
  assert.equal(actual.length, expected.length)
}

describe('a plain member of the group', function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host

  before(async function () {
    need(this, 'netns')
    lab = await Lab.create()
    host = await lab.host('a')
  })

  after(() => lab?.close())

  it('hears exactly the frames we sent: none changed, empty, doubled or out of order', async () => {
    const sent = randomFrames(42, kLengths)
    const recorder = await Recorder.start(host, { interface: 'lo' })
    const node = await LanNode.start(host, { ports: [kSpec], raw: { mac: kMac } })
    let expected = 0
    for (const block of blocksOf(sent)) {
      await node.inject(block)
      expected += block.length
      await recorder.waitForCount(expected)
    }
    const { tx } = await node.stats('mcast')
    await node.stop()
    await recorder.stop()
    assertSameFrames(recorder.frames, sent)
    assert.equal(tx.frames, sent.length)
    assert.equal(
      tx.octets,
      kLengths.reduce((sum, length) => sum + length),
    )
    // One socket of our own sent them all, not the group's port.
    assert.equal(new Set(recorder.datagrams.map(({ port }) => port)).size, 1)
    assert.notEqual(recorder.datagrams[0]!.port, 1102)
  })

  it('is heard: every datagram it sends arrives as it is, except what is shorter than a header', async () => {
    const sent = randomFrames(43, kLengths)
    const node = await LanNode.start(host, { ports: [kSpec], raw: { mac: kMac } })
    const sender = startSender(host)
    let expected = 0
    for (const block of blocksOf(sent)) {
      send(sender, block)
      expected += block.length
      await eventually(async () => (await node.count()) >= expected, 5000, `frame number ${expected}`)
    }
    // Empty, a single octet, and one less than a header has.
    const last = sent[0]!
    send(sender, [Buffer.alloc(0), Buffer.from([1]), sent[1]!.subarray(0, 13), last])
    await eventually(async () => (await node.count()) > expected, 5000, 'the last frame')
    const { rx } = await node.stats('mcast')
    const heard = await node.heard()
    await node.stop()
    await sender.kill()
    assertSameFrames(heard, [...sent, last])
    assert.equal(rx.frames, sent.length + 4)
    assert.equal(rx.forwarded, sent.length + 1)
    assert.equal(rx.drops.runt, 3)
    assert.equal(rx.drops.own_echo, 0)
    assert.equal(rx.kernelDrops, 0)
  })

  it('has tshark find the right fields and checksums in what two nodes say to each other', async function () {
    need(this, 'tshark')
    const recorder = await Recorder.start(host, { interface: 'lo' })
    await converse(host)
    await recorder.waitForCount(8)
    await recorder.stop()
    await assertConversation(await recorder.pcapng())
  })

  it('has tshark find the same in what `ethercast dump` wrote', async function () {
    need(this, 'tshark')
    const file = join(lab.dir, 'dumped.pcapng')
    const dump = host.ethercast(['dump', kSpec, '-w', file, '-c', '8'])
    await dump.waitForLine(/./)
    await converse(host)
    assert.equal((await dump.result()).code, 0, dump.stderr)
    await assertConversation(file)
  })
})

/** Two nodes: one pings the other with 1000 octets over IPv4, then with 1001 over IPv6. That makes eight frames. */
async function converse(host: Host): Promise<void> {
  const start = (last: number) =>
    LanNode.start(host, {
      connect: kSpec,
      node: { ipv4: `198.18.1.${last}`, ipv6: `2001:db8::${last}` },
    })
  const [one, two] = await Promise.all([start(1), start(2)])
  await nodePings(one, '198.18.1.2', { count: 1, payloadOctets: 1000 })
  await nodePings(one, '2001:db8::2', { count: 1, payloadOctets: 1001 })
  await Promise.all([one.stop(), two.stop()])
}

/** ARP and an echo of 1000 octets, then NDP and one of 1001, in this order, with every checksum good. */
async function assertConversation(capture: string): Promise<void> {
  const [one, two] = ['fe:fd:c6:12:01:01', 'fe:fd:c6:12:01:02']
  const arp = [
    'eth.dst',
    'eth.src',
    'arp.opcode',
    'arp.src.hw_mac',
    'arp.src.proto_ipv4',
    'arp.dst.proto_ipv4',
  ]
  assert.deepEqual(await dissect(capture, arp, { filter: 'arp' }), [
    ['ff:ff:ff:ff:ff:ff', one, '1', one, '198.18.1.1', '198.18.1.2'],
    [one, two, '2', two, '198.18.1.2', '198.18.1.1'],
  ])
  const kGood = '1'
  const preferences = ['ip.check_checksum:TRUE']
  const icmp = ['ip.src', 'ip.dst', 'ip.ttl', 'icmp.type', 'frame.len', 'ip.checksum.status']
  assert.deepEqual(
    await dissect(capture, [...icmp, 'icmp.checksum.status'], { filter: 'icmp', preferences }),
    [
      ['198.18.1.1', '198.18.1.2', '64', '8', '1042', kGood, kGood],
      ['198.18.1.2', '198.18.1.1', '64', '0', '1042', kGood, kGood],
    ],
  )
  const icmp6 = ['ipv6.src', 'ipv6.dst', 'ipv6.hlim', 'icmpv6.type', 'frame.len', 'icmpv6.checksum.status']
  assert.deepEqual(await dissect(capture, icmp6, { filter: 'icmpv6' }), [
    ['2001:db8::1', 'ff02::1:ff00:2', '255', '135', '86', kGood],
    ['2001:db8::2', '2001:db8::1', '255', '136', '86', kGood],
    ['2001:db8::1', '2001:db8::2', '64', '128', '1063', kGood],
    ['2001:db8::2', '2001:db8::1', '64', '129', '1063', kGood],
  ])
  const filter = '_ws.malformed || _ws.expert.severity >= "Warning"'
  assert.deepEqual(await dissect(capture, ['frame.number', '_ws.expert.message'], { filter }), [])
  assert.equal((await dissect(capture, ['frame.number'])).length, 8)
}

/** A program that sends each line of hex it reads to the default group, from the group's own port as UML does. */
function startSender(host: Host): Running {
  const code = `
    import dgram from 'node:dgram'
    import { createInterface } from 'node:readline'
    const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true })
    socket.bind(1102, '239.192.168.1', () => {
      socket.addMembership('239.192.168.1')
      socket.setMulticastInterface('127.0.0.1')
      createInterface({ input: process.stdin }).on('line', (line) =>
        socket.send(Buffer.from(line, 'hex'), 1102, '239.192.168.1'))
    })`
  return host.node({ code })
}

function send(sender: Running, frames: readonly Buffer[]): void {
  sender.write(frames.map((frame) => `${frame.toString('hex')}\n`).join(''))
}
