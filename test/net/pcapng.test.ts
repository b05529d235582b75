import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { encodeInterface, encodePacket, encodeSectionHeader, encodeStatistics } from '../../lib/net/pcapng.js'
import { PcapngWriter, wallClockNs } from '../../lib/net/pcapng_writer.js'
import { need } from '../support/need.js'
import { hex, joined } from './frames.js'
import { VECTORS } from './vectors.js'

const TIME_NS = 1_700_000_000_123_456_789n

describe('net/pcapng: blocks', () => {
  it('section header', () => {
    assert.deepEqual(
      encodeSectionHeader('test'),
      hex(`0a0d0d0a 28000000 4d3c2b1a 0100 0000 ffffffffffffffff 0400 0400 74657374 0000 0000 28000000`),
    )
  })

  it('interface: Ethernet, no snap length, nanoseconds, name padded', () => {
    assert.deepEqual(
      encodeInterface({ name: 'mcast' }),
      hex(
        `01000000 2c000000 0100 0000 00000000 0200 0500 6d63617374000000 0900 0100 09000000 0000 0000 2c000000`,
      ),
    )
  })

  it('packet: time high then low, lengths, padding', () => {
    assert.deepEqual(
      encodePacket(hex('0102030405'), { timeNs: 0x1_0000_0002n, interfaceId: 3, originalLength: 9 }),
      hex(`06000000 28000000 03000000 01000000 02000000 05000000 09000000 0102030405000000 28000000`),
    )
  })

  it('packet with a drop count', () => {
    assert.deepEqual(
      encodePacket(hex('01020304'), { timeNs: 0n, droppedBefore: 258 }),
      hex(`06000000 34000000 00000000 00000000 00000000 04000000 04000000 01020304
           0400 0800 0201000000000000 0000 0000 34000000`),
    )
  })

  it('statistics: only what is known', () => {
    assert.deepEqual(
      encodeStatistics(1, 0x1_0000_0002n, { dropped: 7 }),
      hex(`05000000 28000000 01000000 01000000 02000000 0500 0800 0700000000000000 0000 0000 28000000`),
    )
  })

  it('every block is a multiple of 4 octets and says its length twice', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.string(), (frame, name) => {
        for (const block of [
          encodePacket(frame, { timeNs: TIME_NS }),
          encodeInterface({ name, description: name }),
          encodeSectionHeader(name),
        ]) {
          const view = new DataView(block.buffer)
          assert.equal(block.length % 4, 0)
          assert.equal(view.getUint32(4, true), block.length)
          assert.equal(view.getUint32(block.length - 4, true), block.length)
        }
      }),
    )
  })
})

describe('net/pcapng: writer', () => {
  it('is used in order', () => {
    const state = { code: 'ERR_ETHERCAST_STATE' }
    const writer = new PcapngWriter([{ name: 'a' }])
    assert.throws(() => writer.packet(VECTORS.udp4, { timeNs: 0n }), state)
    assert.throws(() => writer.end(), state)
    writer.start()
    assert.throws(() => writer.start(), state)
    assert.throws(() => writer.packet(VECTORS.udp4, { timeNs: 0n, interfaceId: 1 }), RangeError)
    writer.end()
    assert.throws(() => writer.end(), state)
    assert.throws(() => new PcapngWriter([]), RangeError)
  })

  it('has the time of day', () => {
    const differenceMs = Number(wallClockNs() / 1_000_000n) - Date.now()
    assert.ok(Math.abs(differenceMs) < 1000)
  })
})

describe('net/pcapng: read by Wireshark', () => {
  let directory: string
  let file: string

  before(function () {
    need(this, 'tshark')
    directory = mkdtempSync(join(tmpdir(), 'ethercast-pcapng-'))
    file = join(directory, 'test.pcapng')
    const writer = new PcapngWriter([{ name: 'mcast,,198.18.0.1' }, { name: 'quiet' }])
    const frames = Object.values(VECTORS)
    const chunks = frames.map((frame, index) =>
      writer.packet.bind(writer, frame, { timeNs: TIME_NS + BigInt(index) }),
    )
    const start = writer.start(TIME_NS)
    const packets = chunks.map((chunk) => chunk())
    const end = writer.end([{ received: 1000, dropped: 77, osDropped: 5 }], TIME_NS + 2_000_000_000n)
    writeFileSync(file, joined(start, ...packets, end))
  })

  after(() => {
    if (directory !== undefined) rmSync(directory, { recursive: true })
  })

  function fields(filter: string, ...names: string[]): string[] {
    const options = ['-o', 'ip.check_checksum:TRUE', '-r', file, '-Y', filter, '-T', 'fields']
    const args = [...options, ...names.flatMap((name) => ['-e', name])]
    const text = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return text.trimEnd().split('\n')
  }

  it('dissects an echo request with right checksums and nanosecond time', () => {
    const names = ['ip.checksum.status', 'icmp.checksum.status', 'frame.time_epoch', 'frame.interface_name']
    // 1 is "Good".
    const expected = '1\t1\t1700000000.123456792\tmcast,,198.18.0.1'
    assert.deepEqual(fields('icmp.type == 8 && icmp.ident == 6699 && icmp.seq == 7', ...names), [expected])
  })

  it('finds nothing malformed and no wrong ICMPv6 checksum in our vectors', () => {
    assert.deepEqual(fields('_ws.malformed', 'frame.number'), [''])
    const statuses = fields('icmpv6', 'icmpv6.checksum.status')
    assert.deepEqual(new Set(statuses), new Set(['1']))
    assert.equal(statuses.length, 5)
  })

  it('has the counters of each interface, and none that were not given', () => {
    const prefix = 'pcapng.options.option.data.interface.'
    const names = ['received', 'dropped', 'dropped_by_os', 'delivered_to_user'].flatMap((name) => [
      '-e',
      prefix + name,
    ])
    const args = ['-X', 'read_format:MIME Files Format', '-r', file, '-T', 'fields', ...names]
    const text = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    assert.equal(text.trimEnd(), `1000\t77\t5\t${Object.keys(VECTORS).length},0`)
  })

  it('is a whole capture with nanosecond times to capinfos', () => {
    const text = execFileSync('capinfos', ['-I', file], { encoding: 'utf8' })
    assert.match(text, /Name = mcast,,198\.18\.0\.1/)
    assert.match(text, /Time precision = nanoseconds \(9\)/)
    assert.match(text, /Number of stat entries = 1/)
    assert.match(text, new RegExp(`Number of packets = ${Object.keys(VECTORS).length}`))
  })
})
