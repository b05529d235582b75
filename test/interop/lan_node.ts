// A member of a LAN in a process of its own, on a test host: the JSON lines of fixtures/lan_node.mjs as calls.
import type { PortStats } from '../../lib/index.js'
import type { NetNodeStats } from '../../lib/net/counters.js'
import type { PingEvent, PingSummary } from '../../lib/net/pinger.js'
import type { Host } from '../support/host.js'
import type { Running } from '../support/running.js'
import { eventually, within } from '../support/wait.js'

interface NodeConfig {
  mac?: string
  ipv4?: string
  ipv6?: string
  mtu?: number
}

export type LanNodeConfig = (
  | { connect: string; node: NodeConfig }
  | { ports: readonly string[]; forwarding?: 'learning' | 'hub'; node?: NodeConfig }
) & { raw?: { mac: string } }

export interface PortChange {
  port: string
  state: string
  reason: string
  message: string
  errno?: string
}

export type NamedStats = PortStats & { name: string; state: string; facts: Record<string, string> }

export interface PingOptions {
  count?: number
  intervalMs?: number
  timeoutMs?: number
  payloadOctets?: number
}

export interface PingResult {
  summary: PingSummary
  replies: Extract<PingEvent, { event: 'reply' }>[]
}

const kScript = new URL('../fixtures/lan_node.mjs', import.meta.url)

export class LanNode {
  /** Changes of ports' states so far, in order. */
  readonly changes: PortChange[] = []
  readonly #running: Running
  readonly #answers = new Map<number, { value?: unknown; error?: string }>()
  #commands = 0

  private constructor(host: Host, config: LanNodeConfig) {
    const onLine = (line: string) => this.#onLine(line)
    this.#running = host.node(kScript, [JSON.stringify(config)], { onLine, keptOctets: 4096 })
  }

  /** Returns when every port is up. */
  static async start(host: Host, config: LanNodeConfig): Promise<LanNode> {
    const node = new LanNode(host, config)
    await node.#running.waitForLine(/"event":"ready"/)
    return node
  }

  /** Pings from the host in user space. */
  ping(address: string, options: PingOptions = {}): Promise<PingResult> {
    return this.#ask('ping', { address, count: 3, intervalMs: 50, ...options })
  }

  /** Unplugs the port whose name begins like this; `host` is the host in user space. */
  async unplug(name: string): Promise<void> {
    await this.#ask('unplug', { name })
  }

  /** Plugs a port in; `host` is the host in user space, as it was. */
  async plug(spec: string): Promise<void> {
    await this.#ask('plug', { spec })
  }

  /** Who has an address, if anyone: the station's MAC. */
  async probe(address: string): Promise<string | undefined> {
    return (await this.#ask<{ holder?: string }>('probe', { address })).holder
  }

  /** The host in user space: its counters, MAC and addresses. */
  node(): Promise<NetNodeStats & { mac: string; addresses: string[] }> {
    return this.#ask('node')
  }

  /** Sends frames from the raw port; returns when the switch has taken them. */
  async inject(frames: readonly Uint8Array[]): Promise<void> {
    await this.#ask('inject', { frames: frames.map((frame) => Buffer.from(frame).toString('hex')) })
  }

  /** Sends numbered broadcasts from the raw port, from now until `halt`. */
  async pump(perSecond: number): Promise<void> {
    await this.#ask('pump', { perSecond })
  }

  /** How many the pump has sent: the number of the next. */
  pumped(): Promise<number> {
    return this.#ask('pumped')
  }

  /** Stops the pump; says how many it has sent. */
  halt(): Promise<number> {
    return this.#ask('halt')
  }

  /** How many frames the raw port has heard. */
  count(): Promise<number> {
    return this.#ask('count')
  }

  /** Every frame that the raw port has heard, in order. */
  async heard(): Promise<Buffer[]> {
    return (await this.#ask<string[]>('heard')).map((frame) => Buffer.from(frame, 'hex'))
  }

  /** The counters of the one port whose name begins like this. */
  async stats(name: string): Promise<NamedStats> {
    const all = await this.#ask<NamedStats[]>('stats')
    const found = all.find((port) => port.name.startsWith(name))
    if (!found) throw new Error(`no port ${name} among ${all.map((port) => port.name).join(' ')}`)
    return found
  }

  /** Stops the process in its tracks, as a busy machine may; it must be resumed. */
  pause(): void {
    this.#running.signal('SIGSTOP')
  }

  resume(): void {
    this.#running.signal('SIGCONT')
  }

  async stop(): Promise<void> {
    await this.#running.kill()
  }

  async #ask<T>(name: string, options: object = {}): Promise<T> {
    const id = this.#commands++
    this.#running.write(`${JSON.stringify({ id, do: name, ...options })}\n`)
    const answered = () => this.#answers.get(id) ?? this.#running.exit
    await within(eventually(answered, 15_000, `the answer to '${name}'`), 16_000)
    const answer = this.#answers.get(id)
    this.#answers.delete(id)
    if (!answer) throw new Error(`the LAN node ended during '${name}': ${this.#running.stderr}`)
    if (answer.error !== undefined) throw new Error(`${name}: ${answer.error}`)
    return answer.value as T
  }

  #onLine(line: string): void {
    const message = JSON.parse(line) as { event?: string; id?: number } & PortChange & { value?: unknown }
    if (message.event === 'port') this.changes.push(message)
    else if (message.id !== undefined) this.#answers.set(message.id, message)
  }
}
