/**
 * An IP host in user space: a network interface, an address or two, and the manners of a host on Ethernet. Needs no privilege
 * and no kernel: ARP (RFC 826, 5227), ICMP echo (RFC 792), Neighbour Discovery (RFC 4861, 4862), ICMPv6 echo (RFC 4443).
 * It has no routes, ports or reassembly, and reports no group memberships (MLD): our switches flood groups.
 */

import { EthercastError } from '../spec/error.js'
import { formatMac, parseMac } from '../spec/mac.js'
import { hostAddress, linkLocalOf } from './address.js'
import type { HostAddress } from './address.js'
import type { NetNodeStats } from './counters.js'
import { EchoSession } from './echo_session.js'
import type { EchoArrival, EchoListener } from './echo_session.js'
import { HostState } from './host_state.js'
import type { Nic } from './nic.js'
import type {
  EchoReply,
  NetNodeOptions,
  NodePingOptions,
  ProbeOptions,
  ResolveOptions,
} from './node_options.js'
import { receive } from './receive.js'
import { checkEchoSize, echoPattern, echoRequestFrame, whoHasFrame } from './requests.js'
import { Waiters } from './waiters.js'

/** Runs of echo requests open at once: half the identifiers, so that a free one is found quickly. */
const MAX_SESSIONS = 0x8000

/**
 * A host on a network interface, of which it is the only reader. It begins to answer when it is made, and ends with `close()`,
 * its signal, or the interface.
 */
export class NetNode implements AsyncDisposable {
  readonly mac: string
  /** Resolves when it has ended, whatever the reason; never rejects. */
  readonly closed: Promise<void>
  readonly #mtu: number
  readonly #nic: Nic
  readonly #state: HostState
  readonly #abort = new AbortController()
  #failure: unknown

  /** @throws EthercastError `ERR_ETHERCAST_FIELD` for an address that is none, or of the wrong family */
  constructor(nic: Nic, options: NetNodeOptions = {}) {
    const { ipv4, ipv6, linkLocal = true, mtu = 1500, neighbours, signal } = options
    const mac = parseMac(nic.mac)
    this.mac = nic.mac
    this.#nic = nic
    this.#mtu = mtu
    this.#state = new HostState(nic, mac, neighbours)
    if (linkLocal) this.#state.addresses.add(linkLocalOf(mac))
    if (ipv4 !== undefined) this.#state.addresses.add(hostAddress(ipv4, 'ipv4', 4))
    if (ipv6 !== undefined) this.#state.addresses.add(hostAddress(ipv6, 'ipv6', 6))
    this.closed = this.#run(signal)
  }

  /** Its addresses, canonical text. */
  get addresses(): string[] {
    return this.#state.addresses.texts
  }

  /**
   * Takes an address. Whether it is free is for the caller to find out first, with `probe`.
   *
   * @throws EthercastError `ERR_ETHERCAST_FIELD`; `ERR_ETHERCAST_STATE` when it has an address of that kind already
   */
  addAddress(address: string): void {
    this.#state.addresses.add(hostAddress(address))
  }

  /** Gives an address up; nothing happens when it is not ours. */
  removeAddress(address: string): void {
    this.#state.addresses.remove(hostAddress(address))
  }

  /**
   * The address that it speaks to `target` from: of the same family, and for IPv6 of the same scope when there is one.
   *
   * @returns undefined when it has none that will do
   */
  sourceFor(target: string): string | undefined {
    return this.#state.addresses.sourceFor(hostAddress(target))?.text
  }

  /** The counts so far, copied. */
  stats(): NetNodeStats {
    return structuredClone(this.#state.stats)
  }

  /**
   * Finds out a neighbour's MAC address, by ARP or Neighbour Discovery.
   *
   * @returns undefined when nobody answered
   * @throws EthercastError `ERR_ETHERCAST_STATE` when it has no address of the family; `ERR_ETHERCAST_CLOSED`; the signal's reason
   */
  async resolve(address: string, options: ResolveOptions = {}): Promise<string | undefined> {
    const target = hostAddress(address)
    const { timeoutMs = 1000, retryMs = 250, signal } = options
    const { cache, asked, outbox } = this.#state
    signal?.throwIfAborted()
    this.#throwIfClosed()
    const source = this.#state.sourceFor(target)
    const ask = () => outbox.send(whoHasFrame(this.#state.mac, target, source))
    const deadline = performance.now() + timeoutMs
    let mac = cache.get(target.key)
    for (let left = timeoutMs; mac === undefined && left > 0; left = deadline - performance.now()) {
      mac = await asked.wait(target.key, { timeoutMs: Math.min(retryMs, left), signal }, ask)
    }
    return mac && formatMac(mac)
  }

  /** Forgets a neighbour's MAC address, so that the next use asks again. */
  forget(address: string): void {
    this.#state.cache.delete(hostAddress(address).key)
  }

  /**
   * Finds out whether another station has an address, or is about to take it (RFC 5227 section 2.1.1, RFC 4862 section 5.4).
   * Nobody who hears the question learns anything from it.
   *
   * @returns that station's MAC address; undefined when the address seems free
   * @throws EthercastError `ERR_ETHERCAST_FIELD`, `ERR_ETHERCAST_CLOSED`; the signal's reason
   */
  async probe(address: string, options: ProbeOptions = {}): Promise<string | undefined> {
    const target = hostAddress(address)
    const { count = 3, intervalMs = 200, signal } = options
    const { probed, outbox } = this.#state
    const ask = () => outbox.send(whoHasFrame(this.#state.mac, target))
    for (let asked = 0; asked < count; asked++) {
      const holder = await probed.wait(target.key, { timeoutMs: intervalMs, signal }, ask)
      if (holder !== undefined) return formatMac(holder)
    }
    return undefined
  }

  /**
   * Sends one echo request and waits for its reply.
   *
   * @returns undefined when the neighbour was not found, or no reply came in time
   * @throws as `resolve` and `EchoSession.send`
   */
  async ping(address: string, options: NodePingOptions = {}): Promise<EchoReply | undefined> {
    const { payloadOctets = 56, timeoutMs = 1000, seq = 1, signal } = options
    if ((await this.resolve(address, { timeoutMs, signal })) === undefined) return undefined
    const replies = new Waiters<EchoArrival>()
    const session = this.openEcho(address, {
      onReply: (arrival) => replies.settle(String(arrival.seq), arrival),
      onEnd: (error) => replies.fail(error),
    })
    try {
      let sentMs = 0
      const arrival = await replies.wait(String(seq & 0xffff), { timeoutMs, signal }, () => {
        sentMs = performance.now()
        session.send(seq, payloadOctets)
      })
      if (arrival === undefined) return undefined
      const { arrivedMs, ...reply } = arrival
      return { ...reply, from: session.target.text, rttMs: arrivedMs - sentMs }
    } finally {
      session.close()
    }
  }

  /**
   * Begins a run of echo requests, under an identifier of its own. Close it in the end.
   *
   * @throws EthercastError `ERR_ETHERCAST_FIELD`, `ERR_ETHERCAST_CLOSED`
   */
  openEcho(address: string, listener: EchoListener): EchoSession {
    this.#throwIfClosed()
    const target = hostAddress(address)
    const { sessions } = this.#state
    if (sessions.size > MAX_SESSIONS) {
      throw new EthercastError(
        'ERR_ETHERCAST_STATE',
        `the host has ${sessions.size} runs of echo requests open`,
      )
    }
    let id = Math.floor(Math.random() * 0x10000)
    while (sessions.has(id)) id = (id + 1) & 0xffff
    const send = (seq: number, payloadOctets: number) => this.#sendEcho(target, { id, seq }, payloadOctets)
    const session = new EchoSession(target, { send, close: () => void sessions.delete(id) }, listener)
    sessions.set(id, session)
    return session
  }

  /** Stops reading and answering; what still waits for an answer is rejected with `ERR_ETHERCAST_CLOSED`. Idempotent. */
  async close(): Promise<void> {
    this.#abort.abort()
    await this.closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #run(signal: AbortSignal | undefined): Promise<void> {
    const { outbox, stats } = this.#state
    const end = () => this.#abort.abort()
    if (signal?.aborted) end()
    signal?.addEventListener('abort', end, { once: true })
    try {
      for await (const batch of this.#nic.frames({ signal: this.#abort.signal })) {
        for (const frame of batch) {
          stats.rx.frames++
          stats.rx[receive(this.#state, frame)]++
        }
        outbox.flush()
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#failure = error
    } finally {
      signal?.removeEventListener('abort', end)
      this.#abort.abort()
      this.#state.fail(this.#endError())
    }
  }

  #sendEcho(target: HostAddress, { id, seq }: { id: number; seq: number }, payloadOctets: number): boolean {
    this.#throwIfClosed()
    const source = this.#state.sourceFor(target)
    const targetMac = this.#state.cache.last(target.key)
    if (targetMac === undefined) {
      const message = `the MAC address of ${target.text} is not known: resolve it first`
      throw new EthercastError('ERR_ETHERCAST_STATE', message, { field: 'address', value: target.text })
    }
    checkEchoSize(target.family, this.#mtu, payloadOctets)
    const ends = { mac: this.#state.mac, source, targetMac, target }
    return this.#state.outbox.send(echoRequestFrame(ends, { id, seq, payload: echoPattern(payloadOctets) }))
  }

  #endError(): EthercastError {
    const cause = this.#failure
    const why =
      cause instanceof Error ? `the network interface failed: ${cause.message}` : 'the host is closed'
    return new EthercastError('ERR_ETHERCAST_CLOSED', why, { cause })
  }

  #throwIfClosed(): void {
    if (this.#abort.signal.aborted) throw this.#endError()
  }
}
