import { EventEmitter } from 'node:events'
import { NativeSwitchClass, fromNative } from './binding.js'
import type { NativeError, NativeEvent, NativeSwitch } from './binding.js'
import { callHandlers } from './handlers.js'
import { HostPort, HostRings } from './host_port.js'
import type { WaitOptions } from './host_port.js'
import { openSwitches } from './open_switches.js'
import { Port } from './port.js'
import type { PortEvent } from './port.js'
import { EthercastError } from './spec/error.js'
import { formatMac, formatSpec, notices, parseSpec, randomMac } from './spec/index.js'
import type { HostObject, HostSpec, PortSpec, SpecObject } from './spec/index.js'
import { describe, show } from './spec/refuse.js'
import type { PortStats } from './stats.js'
import { throwIfAborted } from './waiter.js'

export interface SwitchOptions {
  /** `learning` (default): IEEE 802.1D forwarding. `hub`: every frame to every other port. */
  forwarding?: 'learning' | 'hub'
  /** A station not heard for this long is forgotten, in milliseconds. Default 300 000, as 802.1D has it. */
  ageingMs?: number
  /** Most stations remembered, 1 to 1 048 576; the rest are flooded. Default 16 384. */
  tableSize?: number
}

/** A station that a switch has learned. */
export interface Station {
  mac: string
  /** 0: untagged. */
  vlan: number
  port: Port | undefined
  /** Milliseconds since it was last heard. */
  ageMs: number
}

interface SwitchEvents {
  port: [event: PortEvent]
  notice: [notice: { port: Port; message: string }]
  error: [error: EthercastError]
  close: []
}

interface Opening {
  spec: PortSpec
  rings?: HostRings
  resolve: (port: Port) => void
  reject: (error: EthercastError) => void
}

/** How long closing lets the I/O thread take what programs have sent, before it stops it. */
const LINGER_MS = 250

/**
 * An Ethernet switch inside this process, on an I/O thread of its own. Ports plug into it with {@link addPort}.
 *
 * An open switch keeps the process alive, until {@link close} or {@link unref}. It belongs to the thread that made it.
 * Events: `port` (a port's state changed), `notice` (something a person should know), `error`, `close`.
 */
export class Switch extends EventEmitter<SwitchEvents> {
  /** The ports plugged in, by number. */
  readonly ports: ReadonlyMap<number, Port> = new Map<number, Port>()

  readonly #native: NativeSwitch
  readonly #opening = new Map<number, Opening>()
  readonly #hostRequests = new Map<Port, number>()
  readonly #stationQueries = new Map<number, (stations: Station[]) => void>()
  #events: NativeEvent[] = []
  #lastRequest = 0
  #closing: Promise<void> | undefined
  #closed = false
  #wantsRef = true
  #held = 0

  /**
   * @throws EthercastError `ERR_ETHERCAST_FIELD` for an option that is not allowed; the kernel's error when threads or descriptors
   *   have run out
   */
  // Asynchronous by contract, so that a later version may wait for the kernel here.
  // eslint-disable-next-line @typescript-eslint/require-await
  static async create(options: SwitchOptions = {}): Promise<Switch> {
    return new Switch(options)
  }

  private constructor(options: SwitchOptions) {
    super()
    const { hub, ageingMs, tableSize } = checkOptions(options)
    try {
      this.#native = new NativeSwitchClass(hub, ageingMs, tableSize, () => this.#onWake())
    } catch (error) {
      const { code, message } = error as Error & { code?: string }
      throw code === 'details' ? fromNative(JSON.parse(message) as NativeError) : error
    }
    openSwitches.add(this)
  }

  /**
   * Plugs a port in: a spec string (`'mcast,,239.192.168.1,1102,1'`) or its object form. `{ transport: 'host' }` gives a
   * {@link HostPort}, the NIC for this program.
   *
   * @throws EthercastError `ERR_ETHERCAST_FIELD` (bad spec), `ERR_ETHERCAST_CLOSED`, or the kernel's (`EADDRINUSE`, `ENETUNREACH`…)
   */
  addPort(spec: HostObject, options?: WaitOptions): Promise<HostPort>
  addPort(spec: string | SpecObject, options?: WaitOptions): Promise<Port>
  async addPort(spec: string | SpecObject, { signal }: WaitOptions = {}): Promise<Port> {
    const parsed = parseSpec(spec)
    throwIfAborted(signal)
    this.#assertOpen('addPort')
    const request = ++this.#lastRequest
    const opened = new Promise<Port>((resolve, reject) => {
      const opening: Opening = { spec: parsed, resolve, reject }
      this.#opening.set(request, opening)
      const name = formatSpec(parsed)
      if (parsed.transport === 'host') {
        opening.spec = { ...parsed, mac: parsed.mac ?? randomMac() }
        opening.rings = new HostRings(parsed.ringOctets)
        const { reader, writer } = opening.rings
        this.#native.addHostPort(request, reader.memory, writer.memory, parsed.maxFrame, name)
      } else {
        this.#native.addPort(request, parsed.transport, parsed, name)
      }
    })
    const port = await this.#hold(opened)
    if (signal?.aborted) {
      await port.close()
      throw signal.reason
    }
    for (const message of port.notices) callHandlers(() => this.emit('notice', { port, message }))
    return port
  }

  /** Counters of every port, by its number. */
  stats(): Record<number, PortStats & { name: string; state: string; facts: Record<string, string> }> {
    return Object.fromEntries(
      [...this.ports.values()].map((port) => [
        port.id,
        { name: port.name, state: port.state, facts: { ...port.facts }, ...port.stats() },
      ]),
    )
  }

  /**
   * The stations that the switch has learned.
   *
   * @throws EthercastError `ERR_ETHERCAST_CLOSED` after closing
   */
  async stations(): Promise<Station[]> {
    this.#assertOpen('stations')
    const request = ++this.#lastRequest
    return this.#hold(
      new Promise((resolve) => {
        this.#stationQueries.set(request, resolve)
        this.#native.stations(request)
      }),
    )
  }

  /** Lets the process end while this switch is open. What is being waited for (`addPort`, `drained`, `close`…) still keeps it alive. */
  unref(): this {
    this.#wantsRef = false
    this.#applyRef()
    return this
  }

  /** Undoes {@link unref}. */
  ref(): this {
    this.#wantsRef = true
    this.#applyRef()
    return this
  }

  #applyRef(): void {
    if (this.#closed) return
    if (this.#wantsRef || this.#held > 0) this.#native.ref()
    else this.#native.unref()
  }

  async #hold<T>(work: Promise<T>): Promise<T> {
    this.#held++
    this.#applyRef()
    try {
      return await work
    } finally {
      this.#held--
      this.#applyRef()
    }
  }

  /**
   * Closes every port and ends the I/O thread. What host ports have sent still goes out, for up to 250 ms. Safe to call again.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    await this.#linger([...this.ports.values()])
    this.closeNow()
  }

  /** Lets the I/O thread take what programs have sent. */
  async #linger(ports: readonly Port[]): Promise<void> {
    const signal = AbortSignal.timeout(LINGER_MS)
    const hosts = ports.filter((port) => port instanceof HostPort)
    await Promise.allSettled(hosts.map((host) => host.drained({ signal })))
  }

  /** @internal Closes at once, without lingering: at the process's exit nothing else can run. */
  closeNow(): void {
    if (this.#closed) return
    this.#closed = true
    this.#closing ??= Promise.resolve()
    openSwitches.delete(this)
    this.#native.stop()
    this.#onWake()
    const closed = closedError('the switch closed first')
    for (const { reject } of this.#opening.values()) reject(closed)
    this.#opening.clear()
    for (const resolve of this.#stationQueries.values()) resolve([])
    this.#stationQueries.clear()
    callHandlers(() => this.emit('close'))
  }

  #assertOpen(call: string): void {
    if (this.#closing) throw closedError(`${call}: the switch is closed`)
  }

  #onWake(): void {
    // A queue and not a loop over this text alone: a handler may end the process, and closing then goes on from here.
    for (const event of JSON.parse(this.#native.takeEvents() ?? '[]') as NativeEvent[])
      this.#events.push(event)
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift())
      this.#onEvent(event)
    for (const port of this.ports.values()) port.onWake()
  }

  #onEvent(event: NativeEvent): void {
    switch (event.event) {
      case 'opened':
        return this.#onOpened(event.request, event.id)
      case 'failed': {
        const opening = this.#opening.get(event.request)!
        this.#opening.delete(event.request)
        // Facts without a port are then those of the one that failed: the I/O thread opens one after the other.
        if (event.tried) this.#earlyNotes.clear()
        if (!this.#closed) this.#native.forget(0, event.request)
        return opening.reject(fromNative(event.error, { port: formatSpec(opening.spec) }))
      }
      case 'note':
        return this.#notes(event.id).onNote(event.key, event.value)
      case 'port': {
        const port = this.ports.get(event.id)
        if (port === undefined) return
        const { state, reason, message, errno } = event
        const change: PortEvent = { port, state, reason, message, ...(errno === undefined ? {} : { errno }) }
        port.onState(change)
        callHandlers(() => this.emit('port', change))
        return
      }
      case 'closed':
        return this.#onPortClosed(event.id)
      case 'stations':
        return this.#onStations(event.request, event.stations)
    }
  }

  /** Facts come while a port opens, before it is known here: they wait for it. */
  readonly #earlyNotes = new Map<number, [string, string][]>()

  #notes(id: number): { onNote(key: string, value: string): void } {
    const port = this.ports.get(id)
    if (port !== undefined) return port
    const early = this.#earlyNotes.get(id) ?? []
    this.#earlyNotes.set(id, early)
    return { onNote: (key, value) => early.push([key, value]) }
  }

  #onOpened(request: number, id: number): void {
    // Opened by the I/O thread while the switch was already closing here: the port is gone again.
    if (this.#closed) return
    const { spec, rings, resolve } = this.#opening.get(request)!
    this.#opening.delete(request)
    let port: Port
    if (rings !== undefined) {
      port = new HostPort(this.#owner, id, spec as HostSpec & { mac: string }, notices(spec), rings)
      this.#hostRequests.set(port, request)
    } else {
      port = new Port(this.#owner, id, spec, [...macNotice(spec), ...notices(spec)])
    }
    for (const [key, value] of this.#earlyNotes.get(id) ?? []) port.onNote(key, value)
    this.#earlyNotes.delete(id)
    ;(this.ports as Map<number, Port>).set(id, port)
    resolve(port)
  }

  #onPortClosed(id: number): void {
    this.#earlyNotes.delete(id)
    const port = this.ports.get(id)
    if (port === undefined) return
    port.onClosed()
    ;(this.ports as Map<number, Port>).delete(id)
    if (!this.#closed) this.#native.forget(id, this.#hostRequests.get(port) ?? 0)
    this.#hostRequests.delete(port)
    callHandlers(() => this.emit('port', { port, state: 'closed', reason: 'closed', message: '' }))
  }

  #onStations(request: number, stations: [number, number, number, number][]): void {
    const resolve = this.#stationQueries.get(request)
    this.#stationQueries.delete(request)
    resolve?.(
      stations.map(([mac, vlan, port, ageMs]) => ({
        mac: formatMac(macOctets(mac)),
        vlan,
        port: this.ports.get(port),
        ageMs,
      })),
    )
  }

  async #removePort(port: Port): Promise<void> {
    await this.#linger([port])
    if (port.state === 'closed') return
    await new Promise<void>((resolve) => {
      port.once('close', resolve)
      this.#native.removePort(port.id)
    })
  }

  readonly #owner = {
    lan: this as Switch,
    removePort: (port: Port): Promise<void> => this.#hold(this.#removePort(port)),
    hold: <T>(work: Promise<T>): Promise<T> => this.#hold(work),
    counters: (port: Port, into: Float64Array) => this.#native.counters(port.id, into),
    bell: (port: HostPort) => this.#native.bell(this.#hostRequests.get(port)!),
  }
}

function closedError(message: string): EthercastError {
  return new EthercastError('ERR_ETHERCAST_CLOSED', message)
}

function macOctets(mac: number): Uint8Array {
  return Uint8Array.from([40, 32, 24, 16, 8, 0], (shift) => Math.floor(mac / 2 ** shift) % 256)
}

function macNotice(spec: PortSpec): string[] {
  if (!('mac' in spec) || spec.mac === undefined) return []
  return [
    `mac ${spec.mac} has no effect: a port of a switch has no address of its own; give it to the host port or to connect()`,
  ]
}

function checkOptions(options: SwitchOptions): { hub: boolean; ageingMs: number; tableSize: number } {
  const refuse = (field: string, value: unknown, allowed: string, shown = describe(value)): never => {
    const message = `switch: ${field} ${shown} is not allowed: ${allowed}`
    throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field, value })
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    refuse('options', options, "an object such as { forwarding: 'hub' }, or none")
  }
  const { forwarding = 'learning', ageingMs = 300_000, tableSize = 16_384, ...unknown } = options
  const [key] = Object.keys(unknown)
  if (key !== undefined) {
    refuse(
      key,
      (unknown as Record<string, unknown>)[key],
      'the options are forwarding, ageingMs and tableSize',
    )
  }
  if (forwarding !== 'learning' && forwarding !== 'hub')
    refuse('forwarding', forwarding, "'learning' or 'hub'", show(forwarding))
  if (!Number.isFinite(ageingMs) || ageingMs < 1 || ageingMs > 1e12) {
    refuse('ageingMs', ageingMs, '1 to 1e12 milliseconds')
  }
  if (!Number.isInteger(tableSize) || tableSize < 1 || tableSize > 2 ** 20) {
    refuse('tableSize', tableSize, 'a whole number from 1 to 1048576')
  }
  return { hub: forwarding === 'hub', ageingMs, tableSize }
}
