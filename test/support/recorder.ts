// Records a multicast group as a stranger would see it, and has strangers' tools look at it: text2pcap writes
// the capture, tshark reads it, so that no mistake of ours can be on both sides.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Host } from './host.js'
import { run, type Running } from './running.js'
import { eventually } from './wait.js'

export interface Datagram {
  readonly timeUs: number
  readonly address: string
  readonly port: number
  readonly octets: Buffer
}

export interface RecorderOptions {
  group?: string
  port?: number
  /** A device's name; the route to the group decides when left out. */
  interface?: string
}

const kScript = fileURLToPath(new URL('record.mjs', import.meta.url))
let files = 0

export class Recorder {
  /** Everything heard so far, in order. */
  readonly datagrams: Datagram[] = []
  readonly #running: Running

  private constructor(
    readonly host: Host,
    args: readonly string[],
  ) {
    // Lines go to onLine; only the last few octets of text are worth keeping besides.
    this.#running = host.node(kScript, args, { onLine: (line) => this.#add(line), keptOctets: 4096 })
  }

  /** Joins a group on a host; returns when it is joined. */
  static async start(host: Host, options: RecorderOptions = {}): Promise<Recorder> {
    const { group = '239.192.168.1', port = 1102 } = options
    const recorder = new Recorder(host, [
      group,
      String(port),
      ...(options.interface ? [options.interface] : []),
    ])
    await recorder.#running.waitForLine(/^recording$/)
    return recorder
  }

  /** The octets of each datagram. */
  get frames(): Buffer[] {
    return this.datagrams.map((datagram) => datagram.octets)
  }

  /** Waits until a datagram fits, also one heard before. */
  waitFor(fits: (datagram: Datagram) => boolean, timeoutMs = 5000): Promise<Datagram> {
    return eventually(() => this.datagrams.find(fits), timeoutMs, 'a fitting datagram')
  }

  /** Waits until at least so many datagrams were heard. */
  async waitForCount(count: number, timeoutMs = 5000): Promise<void> {
    await eventually(() => this.datagrams.length >= count, timeoutMs, `datagram number ${count}`)
  }

  async stop(): Promise<void> {
    await this.#running.kill()
  }

  /** Writes what was heard to a pcapng file in the lab's folder and returns its path. */
  pcapng(): Promise<string> {
    return writePcapng(join(this.host.dir, `recorded.${files++}.pcapng`), this.datagrams)
  }

  #add(line: string): void {
    if (!line.startsWith('{')) return
    const { hex, ...rest } = JSON.parse(line) as Omit<Datagram, 'octets'> & { hex: string }
    this.datagrams.push({ ...rest, octets: Buffer.from(hex, 'hex') })
  }
}

/** Writes Ethernet frames to a pcapng file with text2pcap. */
export async function writePcapng(
  path: string,
  frames: readonly { timeUs: number; octets: Uint8Array }[],
): Promise<string> {
  const text = `${path}.txt`
  writeFileSync(text, frames.map(({ timeUs, octets }) => hexDump(timeUs, octets)).join(''))
  const result = await run('text2pcap', ['-q', '-F', 'pcapng', '-t', '%s.%f', text, path])
  if (result.code !== 0) throw new Error(`text2pcap: ${result.stderr}`)
  return path
}

function hexDump(timeUs: number, octets: Uint8Array): string {
  const hex = Buffer.from(octets).toString('hex').replace(/../g, '$& ')
  const seconds = Math.floor(timeUs / 1e6)
  return `${seconds}.${String(timeUs - seconds * 1e6).padStart(6, '0')}\n000000 ${hex}\n\n`
}

export interface DissectOptions {
  /** A display filter, such as `arp || icmp`. */
  filter?: string
  /** tshark's own, such as `ip.check_checksum:TRUE`. */
  preferences?: readonly string[]
  timeoutMs?: number
}

/** Has tshark read a capture: one row for each frame, with the values of these fields as text. */
export async function dissect(
  path: string,
  fields: readonly string[],
  { filter, preferences = [], timeoutMs = 20_000 }: DissectOptions = {},
): Promise<string[][]> {
  const wanted = fields.flatMap((field) => ['-e', field])
  const preferred = preferences.flatMap((preference) => ['-o', preference])
  const filtered = filter ? ['-Y', filter] : []
  const args = ['-n', '-r', path, ...preferred, '-T', 'fields', ...wanted, ...filtered]
  const result = await run('tshark', args, { timeoutMs, keptOctets: 64 * 1024 * 1024 })
  if (result.code !== 0) throw new Error(`tshark: ${result.stderr}`)
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
}
