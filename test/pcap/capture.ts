// What the tests of captures share: ours and tcpdump's beside each other, and frames to be caught.
import { join } from 'node:path'
import { internetChecksum as checksum } from '../../lib/net/checksum.js'
import type { PortStats } from '../../lib/index.js'
import type { Host } from '../support/host.js'
import type { Running } from '../support/running.js'
import { eventually } from '../support/wait.js'
import { readPcap } from '../interop/pcap.js'

export interface Caught {
  frames: Buffer[]
  state: string
  facts: Record<string, string>
  stats: PortStats
  /** Drops of the NIC: what the reader was too slow for. */
  lost: Record<string, number>
}

/** tcpdump writes what has come without delay; in this time even on a busy machine. */
const kQuietMs = 500

let files = 0

/** A capture with a NIC of ours, in a process of its own. */
export class Capture {
  private constructor(
    readonly running: Running,
    readonly path: string,
  ) {}

  static async start(host: Host, spec: string): Promise<Capture> {
    const path = join(host.dir, `ours.${files++}.pcap`)
    const capture = new Capture(host.node('test/fixtures/capture.mjs', [spec, path]), path)
    await capture.running.waitForLine(/^ready$/, 20_000)
    return capture
  }

  /** Ends it; what it has caught. */
  async stop(): Promise<Caught> {
    this.running.write('\n')
    const [line] = await this.running.waitForLine(/^\{.*\}$/, 30_000)
    await this.running.exited
    return { ...(JSON.parse(line) as Omit<Caught, 'frames'>), frames: readPcap(this.path) }
  }
}

/** tcpdump beside it. */
export class Tcpdump {
  private constructor(
    readonly running: Running,
    readonly path: string,
  ) {}

  static async start(host: Host, device: string, filter: string, ...more: string[]): Promise<Tcpdump> {
    const path = join(host.dir, `theirs.${files++}.pcap`)
    const args = [
      '-i',
      device,
      '-n',
      '-U',
      '--immediate-mode',
      '-s',
      '0',
      '-B',
      '8192',
      '-w',
      path,
      ...more,
      filter,
    ]
    const tcpdump = new Tcpdump(host.spawn('tcpdump', args.filter(Boolean)), path)
    await tcpdump.running.waitForLine(/listening on/)
    return tcpdump
  }

  /** What it has written so far. */
  get frames(): Buffer[] {
    return readPcap(this.path)
  }

  /** Ends it once nothing more has come for a while. */
  async stop(): Promise<Buffer[]> {
    let [count, sinceMs] = [-1, performance.now()]
    await eventually(
      () => {
        const now = this.frames.length
        if (now !== count) [count, sinceMs] = [now, performance.now()]
        return performance.now() - sinceMs > kQuietMs
      },
      10_000,
      'tcpdump to have written everything',
    )
    await this.running.kill('SIGINT')
    return this.frames
  }
}

const kTo = Buffer.from('020000000102', 'hex')
const kFrom = Buffer.from('020000000101', 'hex')

/** Sent by the tests, and not by a kernel. */
export const isOurs = (frame: Buffer) => frame.subarray(6, 12).equals(kFrom)

const number16 = (value: number) => Buffer.from([value >> 8, value & 0xff])

/** An Ethernet frame of the tests: tags are [TPID, TCI]. */
export function ether(type: number, payload: Buffer, ...tags: [number, number][]): Buffer {
  const tagOctets = tags.flatMap(([tpid, tci]) => [number16(tpid), number16(tci)])
  return Buffer.concat([kTo, kFrom, ...tagOctets, number16(type), payload])
}

export function ipv4(protocol: number, payload: Buffer, id = 1): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt8(0x45, 0)
  header.writeUInt16BE(20 + payload.length, 2)
  header.writeUInt16BE(id, 4)
  header.writeUInt8(64, 8)
  header.writeUInt8(protocol, 9)
  header.set([198, 18, 0, 1, 198, 18, 0, 2], 12)
  header.writeUInt16BE(checksum(header), 10)
  return Buffer.concat([header, payload])
}

export function ipv6(next: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(40)
  header.writeUInt8(0x60, 0)
  header.writeUInt16BE(payload.length, 4)
  header.writeUInt8(next, 6)
  header.writeUInt8(64, 7)
  header.set(Buffer.from('20010db8000000000000000000000001', 'hex'), 8)
  header.set(Buffer.from('20010db8000000000000000000000002', 'hex'), 24)
  return Buffer.concat([header, payload])
}

export function ports(length: number, from: number, to: number): Buffer {
  const segment = Buffer.alloc(length, 0x5a)
  segment.writeUInt16BE(from, 0)
  segment.writeUInt16BE(to, 2)
  segment.writeUInt8(0x50, 12)
  return segment
}

/** A little of everything, each frame with its own length or number. */
export function variety(): Buffer[] {
  const arp = Buffer.concat([Buffer.from('00010800060400010200000001010a0000010000000000000a000002', 'hex')])
  const frames: Buffer[] = []
  for (const tags of [
    [],
    [[0x8100, 5]],
    [[0x8100, 0xe005]],
    [[0x8100, 0]],
    [[0x88a8, 6]],
    [
      [0x88a8, 6],
      [0x8100, 5],
    ],
    [
      [0x8100, 7],
      [0x8100, 5],
    ],
  ] as [number, number][][]) {
    frames.push(
      ether(0x0806, arp, ...tags),
      ether(0x0800, ipv4(1, Buffer.from('0800f7fe00010000', 'hex')), ...tags),
      ether(0x0800, ipv4(6, ports(40, 4000, 80)), ...tags),
      ether(0x0800, ipv4(6, ports(400, 443, 4000)), ...tags),
      ether(0x0800, ipv4(17, ports(100, 53, 53)), ...tags),
      ether(0x86dd, ipv6(58, Buffer.from('8000000000010001', 'hex')), ...tags),
      ether(0x86dd, ipv6(6, ports(60, 80, 9)), ...tags),
      ether(0x88b5, Buffer.alloc(46 + frames.length, 1), ...tags),
    )
  }
  return frames
}
