// Taps on a LAN: `join` in test hosts, TCP content with its digest at both ends, pings of chosen sizes.
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import type { PortStats } from '../../lib/index.js'
import type { Host } from '../support/host.js'
import type { Result, Running } from '../support/running.js'

/** Octets of ICMP payload in a LAN of 1500: the least, around the least frame, and up to the longest packet. */
export const kPingSizes = [1, 17, 18, 19, 55, 56, 1000, 1430, 1471, 1472] as const

export const kFileOctets = 100_000_000

/** A transfer that takes longer does not work. */
const kTransferMs = 60_000
const kContentPort = 5000
const kContent = fileURLToPath(new URL('../fixtures/tcp_content.mjs', import.meta.url))

export interface JoinedPort extends PortStats {
  name: string
  state: string
  facts: Record<string, string>
}

interface JoinEvent {
  event: string
  ports: JoinedPort[]
}

/** A `join` that runs. */
export class Join {
  private constructor(readonly running: Running) {}

  /** Returns when every port is up. */
  static async start(host: Host, ...specs: string[]): Promise<Join> {
    const running = host.ethercast(['join', ...specs, '--json'])
    await running.waitForLine(/"event":"ready"/)
    return new Join(running)
  }

  get events(): JoinEvent[] {
    const lines = this.running.stdout.split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as JoinEvent)
  }

  /** Ends it and returns the totals of the port whose name begins so, by these beginnings. */
  async stop<Names extends readonly string[]>(...names: Names): Promise<{ [I in keyof Names]: JoinedPort }> {
    this.running.signal('SIGINT')
    const { code, stderr } = await this.running.result()
    assert.equal(code, 0, stderr)
    const { ports } = this.events.find(({ event }) => event === 'done')!
    return names.map((name) => ports.find((port) => port.name.startsWith(name))!) as {
      [I in keyof Names]: JoinedPort
    }
  }
}

export interface Content {
  octets: number
  sha256: string
}

function contentOf({ code, stdout, stderr }: Result): Content {
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Content
}

/** A server of one TCP connection; returns when it listens. The promise in it is what came, or went. */
async function serve(host: Host, args: readonly string[], timeoutMs: number) {
  const running = host.node(kContent, args)
  await running.waitForLine(/^listening$/)
  return { content: running.result(timeoutMs).then(contentOf) }
}

/** Takes what the first to connect sends. */
export const takeContent = (host: Host, { port = kContentPort, timeoutMs = kTransferMs } = {}) =>
  serve(host, ['take', String(port)], timeoutMs)

/** Sends so many random octets to the first to connect. */
export const giveContent = (
  host: Host,
  octets: number,
  { port = kContentPort, timeoutMs = kTransferMs } = {},
) => serve(host, ['give', String(port), String(octets)], timeoutMs)

/** Connects and sends so many random octets; `half` is done when half of them are sent, before the others. */
export async function sendContent(
  host: Host,
  address: string,
  octets: number,
  half?: () => Promise<void>,
): Promise<Content> {
  const role = half ? 'halt' : 'send'
  const running = host.node(kContent, [role, address, String(kContentPort), String(octets)])
  if (half) {
    await running.waitForLine(/^half$/)
    await half()
    running.write('go on\n')
  }
  return contentOf(await running.result(kTransferMs))
}

/** Sends so many octets from one host to the address of another; what arrives is the same. */
export async function transfer(from: Host, to: Host, address: string, octets: number): Promise<void> {
  const { content } = await takeContent(to)
  const sent = await sendContent(from, address, octets)
  assert.deepEqual(await content, sent, `to ${address}`)
  assert.equal(sent.octets, octets)
}

/** The kernel of a host pings with each size, fragmentation forbidden: all replies arrive, none twice. */
export async function pingSizes(
  host: Host,
  address: string,
  sizes: readonly number[] = kPingSizes,
): Promise<void> {
  for (const size of sizes) {
    // Behind its last request ping waits for two round trips, and for the interval at least: at 10 ms a busy
    // machine's reply would come too late to be counted.
    const args = ['-c', '2', '-i', '0.3', '-W', '2', '-M', 'do', '-s', String(size), address]
    const { code, stdout, stderr } = await host.exec('ping', args)
    assert.equal(code, 0, `${size} octets to ${address}: ${stdout}${stderr}`)
    assert.match(stdout, /2 packets transmitted, 2 received, 0% packet loss/, stdout)
    assert.doesNotMatch(stdout, /DUP|duplicates|wrong data/, stdout)
  }
}
