import { EventEmitter } from 'node:events'
import { NativeSwitchClass, fromNative } from './binding.js'
import type { NativeError, NativeEvent, NativeSwitch } from './binding.js'
import { callHandlers } from './handlers.js'
import { HostPort, HostRings } from './host_port.js'
import type { WaitOptions } from './host_port.js'
import { openSwitches } from './open_switches.js'
import { Port } from './port.js'
import type { PortEvent, PortReport } from './port.js'
import { EthercastError } from './spec/error.js'
import { formatSpec, notices, parseSpec, randomMac } from './spec/index.js'
import type { HostObject, HostSpec, PortSpec, SpecObject } from './spec/index.js'
import { describe } from './spec/refuse.js'
import { StationDesk } from './stations.js'
import type { Station, StationOptions } from './stations.js'
import { checkOptions } from './switch_options.js'
import { closedError, macNotice } from './switch_texts.js'
import type { SwitchOptions } from './switch_options.js'
import { throwIfAborted } from './waiter.js'

interface SwitchEvents {
  port: [event: PortEvent]
  notice: [notice: { port: Port; message: string }]
  error: [error: EthercastError]
  close: []
}

type OpenedEvent = Extract<NativeEvent, { event: 'opened' }>

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
  /** Ports that wait for their peer: who added them hears when it was found. */
  readonly #finding = new Map<Port, Opening>()
  readonly #hostRequests = new Map<Port, number>()
  readonly #isHub: boolean
  readonly #stationDesk: StationDesk
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
    const checked = checkOptions(options)
    this.#isHub = checked.hub
    try {
      this.#native = new NativeSwitchClass(checked, () => this.#onWake())
    } catch (error) {
      const { code, message } = error as Error & { code?: string }
      throw code === 'details' ? fromNative(JSON.parse(message) as NativeError) : error
    }
    this.#stationDesk = new StationDesk(this.#native, this.ports)
    openSwitches.add(this)
  }

  /**
   * Plugs a port in: a spec string (`'mcast,,239.192.168.1,1102,1'`) or its object form. `{ transport: 'host' }` gives a
   * {@link HostPort}, the NIC for this program. A port with `wait` is there at once, in the state `opening`; the promise waits for its peer.
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
    let onAbort: (() => void) | undefined
    const opened = new Promise<Port>((resolve, reject) => {
      const opening: Opening = { spec: parsed, resolve, reject }
      onAbort = () => void [...this.#finding].find(([, each]) => each === opening)?.[0].close()
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
    signal?.addEventListener('abort', onAbort!)
    let port: Port
    try {
      port = await this.#hold(opened)
    } catch (error) {
      throwIfAborted(signal)
      throw error
    } finally {
      signal?.removeEventListener('abort', onAbort!)
    }
    if (signal?.aborted) {
      await port.close()
      throw signal.reason
    }
    for (const message of port.notices) callHandlers(() => this.emit('notice', { port, message }))
    return port
  }

  /** Counters of every port, by its number. */
  stats(): Record<number, PortReport> {
    return Object.fromEntries([...this.ports.values()].map((port) => [port.id, port.report()]))
  }

  /**
   * The stations that the switch knows: those it has learned, and those that are pinned.
   *
   * @throws EthercastError `ERR_ETHERCAST_CLOSED` after closing
   */
  async stations(): Promise<Station[]> {
    this.#assertOpen('stations')
    return this.#hold(this.#stationDesk.list())
  }

  /**
   * Binds a station to a port: frames for it go there and nowhere else; it is not forgotten, and does not move when it is heard on
   * another port. Pinning again moves it; closing the port forgets it. It does not count towards the port's `stationLimit`; in a full table
   * the learned station that has been silent for longest makes room.
   *
   * @throws EthercastError `ERR_ETHERCAST_FIELD` for what is no station's address, VLAN or port of this switch, `ERR_ETHERCAST_CLOSED`,
   *   `ERR_ETHERCAST_STATE` on a hub, or when the table is full of pinned stations
   */
  async pin(mac: string, port: Port, options: StationOptions = {}): Promise<void> {
    this.#assertOpen('pin')
    if (this.#isHub) {
      const message = "pin: a hub sends every frame to every port: make the switch with forwarding 'learning'"
      throw new EthercastError('ERR_ETHERCAST_STATE', message)
    }
    if (!(port instanceof Port) || port.lan !== this) {
      const message = `pin: port must be a port of this switch, not ${port instanceof Port ? 'one of another' : describe(port)}`
      throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'port', value: port })
    }
    if (port.state === 'closed') throw closedError('pin: the port is closed')
    return this.#hold(this.#stationDesk.pin(mac, port, options))
  }

  /**
   * Forgets a pinned station; it is learned again when it is next heard.
   *
   * @returns false when it was not pinned
   * @throws EthercastError `ERR_ETHERCAST_FIELD`, or `ERR_ETHERCAST_CLOSED` after closing
   */
  async unpin(mac: string, options: StationOptions = {}): Promise<boolean> {
    this.#assertOpen('unpin')
    return this.#hold(this.#stationDesk.unpin(mac, options))
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
    for (const { reject } of [...this.#opening.values(), ...this.#finding.values()]) reject(closed)
    this.#opening.clear()
    this.#finding.clear()
    this.#stationDesk.close(closed)
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
        return event.request === 0 ? this.#onClient(event) : this.#onOpened(event)
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
        // Told once it is gone: whoever hears it finds the port gone.
        if (state === 'closed') this.#lastWords.set(port, change)
        else this.#tell(change)
        return
      }
      case 'closed':
        return this.#onPortClosed(event.id)
      case 'stations':
      case 'answer':
        return this.#stationDesk.onEvent(event)
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

  #onOpened({ request, id, state }: OpenedEvent): void {
    // Opened by the I/O thread while the switch was already closing here: the port is gone again.
    if (this.#closed) return
    const opening = this.#opening.get(request)!
    const { spec, rings } = opening
    this.#opening.delete(request)
    let port: Port
    if (rings !== undefined) {
      const hostSpec = spec as HostSpec & { mac: string }
      port = new HostPort(this.#owner, { id, spec: hostSpec, notices: notices(spec) }, rings)
      this.#hostRequests.set(port, request)
    } else {
      port = new Port(this.#owner, { id, spec, state, notices: [...macNotice(spec), ...notices(spec)] })
    }
    this.#plugIn(port)
    if (state === 'opening') this.#finding.set(port, opening)
    else opening.resolve(port)
  }

  /** A listener has a new client, which is a port of its own. */
  #onClient({ id, parent: listener, name, state }: OpenedEvent): void {
    const parent = this.ports.get(listener)
    if (this.#closed || parent === undefined) return
    const port = new Port(this.#owner, {
      id,
      spec: parent.spec,
      state,
      notices: [],
      client: { parent, name },
    })
    this.#plugIn(port)
    callHandlers(() => this.emit('port', { port, state, reason: 'client', message: `${name} has come` }))
  }

  #plugIn(port: Port): void {
    for (const [key, value] of this.#earlyNotes.get(port.id) ?? []) port.onNote(key, value)
    this.#earlyNotes.delete(port.id)
    ;(this.ports as Map<number, Port>).set(port.id, port)
  }

  /** Why ports that have reported their end are about to close. */
  readonly #lastWords = new WeakMap<Port, PortEvent>()

  /** Tells who added a port that its peer was found, or never will be. */
  #settle({ port, state, message, errno }: PortEvent): void {
    const opening = this.#finding.get(port)
    if (opening === undefined || state === 'opening') return
    this.#finding.delete(port)
    if (state !== 'closed') return opening.resolve(port)
    const details = { port: port.name, ...(errno === undefined ? {} : { errno }) }
    const why = message || `${port.name}: closed before its peer was found`
    opening.reject(new EthercastError(errno ?? 'ERR_ETHERCAST_CLOSED', why, details))
  }

  #onPortClosed(id: number): void {
    this.#earlyNotes.delete(id)
    const port = this.ports.get(id)
    if (port === undefined) return
    port.onClosed()
    ;(this.ports as Map<number, Port>).delete(id)
    if (!this.#closed) this.#native.forget(id, this.#hostRequests.get(port) ?? 0)
    this.#hostRequests.delete(port)
    const message = port.parent === undefined ? '' : `${port.name} has gone`
    this.#tell(this.#lastWords.get(port) ?? { port, state: 'closed', reason: 'closed', message })
  }

  #tell(change: PortEvent): void {
    change.port.onState(change)
    this.#settle(change)
    callHandlers(() => this.emit('port', change))
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
    releasePeer: (port: Port): void => this.#native.releasePeer(port.id),
    removePort: (port: Port): Promise<void> => this.#hold(this.#removePort(port)),
    hold: <T>(work: Promise<T>): Promise<T> => this.#hold(work),
    counters: (port: Port, into: Float64Array) => this.#native.counters(port.id, into),
    bell: (port: HostPort) => this.#native.bell(this.#hostRequests.get(port)!),
  }
}
