import { EventEmitter } from 'node:events'
import { callHandlers } from './handlers.js'
import { newBlock, readStats } from './stats.js'
import type { PortStats } from './stats.js'
import { formatSpec } from './spec/index.js'
import type { PortSpec } from './spec/index.js'
import type { Switch } from './switch.js'

/**
 * `opening`: its peer was not found yet. `up`: carries frames, or takes clients. `degraded`: open, but loses frames until something
 * outside changes. `reconnecting`: its peer is gone, and it looks for it. `blocked`: by the loop guard. `closed`: for good.
 */
export type PortState = 'opening' | 'up' | 'degraded' | 'reconnecting' | 'blocked' | 'closed'

/** A change of a port's state. */
export interface PortEvent {
  port: Port
  state: PortState
  /** A word or two: `loop`, `address`, `interface`, `reopened`, `peer`, `client` (a listener's new port). */
  reason: string
  /** A sentence for people; may be empty. */
  message: string
  /** Name of the errno, where one explains it. */
  errno?: string
}

interface PortEvents {
  state: [event: PortEvent]
  close: []
}

/** Counters, name, state and facts of a port. */
export interface PortReport extends PortStats {
  name: string
  state: PortState
  facts: Record<string, string>
}

/** What a port asks of the switch it is plugged into. @internal */
export interface PortOwner {
  readonly lan: Switch
  removePort(port: Port): Promise<void>
  releasePeer(port: Port): void
  counters(port: Port, into: Float64Array): boolean
}

/** @internal */
export interface NewPort {
  id: number
  /** A client has its listener's. */
  spec: PortSpec
  state?: PortState
  notices: readonly string[]
  client?: { parent: Port; name: string }
}

/** A port of a switch. Made by `Switch.addPort`. Events: `state` (a {@link PortEvent}) and `close`. */
export class Port extends EventEmitter<PortEvents> {
  /** Number of this port within its switch. */
  readonly id: number
  /** Canonical spec; of a listener's client: that, and who it is. */
  readonly name: string
  /** The listener whose client this is. */
  readonly parent: Port | undefined
  /** Normalised spec, every default filled in. */
  readonly spec: PortSpec
  /** What to tell a person about this port: fields that have no effect, and the like. */
  readonly notices: readonly string[]
  /** What the port found and chose: interface, buffers, addresses. Changes when they do. */
  readonly facts: Readonly<Record<string, string>> = {}

  #state: PortState
  #closing: Promise<void> | undefined
  #hasReleasedPeer = false
  readonly #owner: PortOwner
  readonly #block = newBlock()

  /** @internal */
  constructor(owner: PortOwner, { id, spec, state = 'up', notices, client }: NewPort) {
    super()
    this.#owner = owner
    this.id = id
    this.name = client?.name ?? formatSpec(spec)
    this.parent = client?.parent
    this.spec = spec
    this.notices = notices
    this.#state = state
  }

  /** The switch that this port is plugged into. */
  get lan(): Switch {
    return this.#owner.lan
  }

  get state(): PortState {
    return this.#state
  }

  /**
   * Of a port `fd` that made a pair of sockets: the other end, a descriptor of this process, for the `stdio` of a program that is
   * started. Undefined for other ports, and once it was released.
   */
  get peerDescriptor(): number | undefined {
    const number = this.#hasReleasedPeer ? undefined : this.facts.peer_descriptor
    return number === undefined || this.#state === 'closed' ? undefined : Number(number)
  }

  /**
   * Closes this process's copy of {@link peerDescriptor}, after the program that has it was started: only then does the port see
   * that program end. It happens in a moment; the number must not be used any more. Safe to call again.
   */
  releasePeer(): void {
    if (this.peerDescriptor === undefined) return
    this.#hasReleasedPeer = true
    this.#owner.releasePeer(this)
  }

  /** Counters up to this moment; after closing, the last ones. */
  stats(): PortStats {
    if (this.#state !== 'closed') this.#owner.counters(this, this.#block)
    return readStats(this.#block)
  }

  /** @internal What `Switch.stats()` says of it. */
  report(): PortReport {
    return { name: this.name, state: this.#state, facts: { ...this.facts }, ...this.stats() }
  }

  /** Unplugs the port and closes it. Safe to call again. */
  close(): Promise<void> {
    this.#closing ??= this.#state === 'closed' ? Promise.resolve() : this.#owner.removePort(this)
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal The native side has something to look at. */
  onWake(): void {}

  /** @internal */
  onNote(key: string, value: string): void {
    ;(this.facts as Record<string, string>)[key] = value
  }

  /** @internal */
  onState(event: PortEvent): void {
    this.#state = event.state
    callHandlers(() => this.emit('state', event))
  }

  /** @internal The native port is gone. */
  onClosed(): void {
    this.#owner.counters(this, this.#block)
    this.#state = 'closed'
    callHandlers(() => this.emit('close'))
  }
}
