/**
 * One run of echo requests to one host. It is driven by whoever asks for the next event; arrival times are taken when frames
 * are read, so a slow listener delays requests and does not lengthen round trips.
 */

import { EthercastError } from '../spec/error.js'
import type { HostAddress } from './address.js'
import type { EchoArrival, EchoSession } from './echo_session.js'
import type { NetNode } from './node.js'
import { RttStatistics } from './rtt.js'
import type { RttSummary } from './rtt.js'
import { Waiters } from './waiters.js'

export interface PingerOptions {
  /** Requests to send. Default: without end, until the signal is aborted. */
  count?: number
  /** Time between requests, in milliseconds, at least 1. Default 1000. */
  intervalMs?: number
  /** Time for each reply, in milliseconds, and as much for finding the neighbour. Default 1000. */
  timeoutMs?: number
  /** Octets after the ICMP header. Default 56. */
  payloadOctets?: number
  signal?: AbortSignal | undefined
}

export type PingEvent =
  | { event: 'start'; target: string; from: string; payloadOctets: number }
  | {
      event: 'reply'
      /** From 1. */
      seq: number
      from: string
      /** TTL or hop limit, 0–255. */
      ttl: number
      /** Of the ICMP message, header included, as ping(8) shows them. */
      octets: number
      rttMs: number
      /** There was a reply to this request before; not counted in `received`. */
      duplicate: boolean
    }
  /** No reply in time. `resolved` false: the neighbour was not even found, nothing was sent. */
  | { event: 'timeout'; seq: number; resolved: boolean }
  | PingSummary

export interface PingSummary {
  event: 'done'
  /** Requests made, those with no neighbour found included. */
  transmitted: number
  /** Requests with a reply in time. */
  received: number
  duplicates: number
  /** Replies after the time-out: these are losses. */
  late: number
  /** 0–100 */
  lossPercent: number
  /** Left out when nothing was received. */
  rttMs?: RttSummary
}

interface Request {
  seq: number
  sentMs: number
  state: 'waiting' | 'answered' | 'timedOut'
}

/** Replies kept for a listener that is slow to ask; more are lost to it, and become time-outs. */
const MAX_PENDING = 4096

/** The sequence and the accounts of one run. */
export class Pinger {
  readonly #target: HostAddress
  readonly #count: number
  readonly #intervalMs: number
  readonly #timeoutMs: number
  readonly #payloadOctets: number
  readonly #signal: AbortSignal | undefined
  /** By 16-bit sequence number: bounded however long the run. */
  readonly #requests = new Map<number, Request>()
  /** Those of them still without a reply, oldest first. */
  readonly #waiting = new Set<Request>()
  readonly #arrivals: EchoArrival[] = []
  readonly #wake = new Waiters<true>()
  readonly #rtt = new RttStatistics()
  readonly #sum = { transmitted: 0, received: 0, duplicates: 0, late: 0 }

  /** @throws EthercastError `ERR_ETHERCAST_FIELD` for a number out of range */
  constructor(target: HostAddress, options: PingerOptions = {}) {
    this.#target = target
    this.#count = atLeast(1, 'count', Math.floor(options.count ?? Infinity))
    this.#intervalMs = atLeast(1, 'intervalMs', options.intervalMs ?? 1000)
    this.#timeoutMs = atLeast(1, 'timeoutMs', options.timeoutMs ?? 1000)
    this.#payloadOctets = atLeast(0, 'payloadOctets', options.payloadOctets ?? 56)
    this.#signal = options.signal
  }

  /** The sum so far. */
  done(): PingSummary {
    const { transmitted, received } = this.#sum
    const lossPercent = transmitted === 0 ? 0 : (100 * (transmitted - received)) / transmitted
    const rttMs = this.#rtt.summary()
    return { event: 'done', ...this.#sum, lossPercent, ...(rttMs && { rttMs }) }
  }

  /** Runs once. @param from what the node speaks from */
  async *run(node: NetNode, from: string): AsyncGenerator<PingEvent> {
    const target = this.#target.text
    yield { event: 'start', target, from, payloadOctets: this.#payloadOctets }
    const session = node.openEcho(target, {
      onReply: (arrival) => {
        if (this.#arrivals.length < MAX_PENDING) this.#arrivals.push(arrival)
        this.#wake.settle('', true)
      },
      onEnd: (error) => this.#wake.fail(error),
    })
    try {
      let nextMs = performance.now()
      while (!this.#signal?.aborted) {
        yield* this.#takeReplies()
        yield* this.#takeTimeouts(node)
        const isDue = performance.now() >= nextMs
        if (this.#sum.transmitted < this.#count && isDue) {
          const seq = this.#sum.transmitted + 1
          if (!(await this.#request(node, session, seq))) yield { event: 'timeout', seq, resolved: false }
          nextMs = Math.max(nextMs + this.#intervalMs, performance.now())
        } else if (this.#sum.transmitted >= this.#count && this.#waiting.size === 0) {
          break
        } else {
          await this.#sleep(nextMs)
        }
      }
    } catch (error) {
      if (!this.#signal?.aborted) throw error
    } finally {
      session.close()
    }
    yield* this.#takeReplies()
    yield this.done()
  }

  async #request(node: NetNode, session: EchoSession, seq: number): Promise<boolean> {
    const wait = { timeoutMs: this.#timeoutMs, signal: this.#signal }
    const mac = await node.resolve(this.#target.text, wait)
    const request: Request = { seq, sentMs: performance.now(), state: 'waiting' }
    if (mac !== undefined) {
      this.#requests.set(seq & 0xffff, request)
      this.#waiting.add(request)
      session.send(seq, this.#payloadOctets)
    }
    this.#sum.transmitted++
    return mac !== undefined
  }

  *#takeReplies(): Generator<PingEvent> {
    for (const { seq: wireSeq, ttl, octets, arrivedMs } of this.#arrivals.splice(0)) {
      const request = this.#requests.get(wireSeq)
      if (request === undefined || octets !== this.#payloadOctets + 8) continue
      const { seq, sentMs, state } = request
      const rttMs = arrivedMs - sentMs
      if (state === 'timedOut' || rttMs > this.#timeoutMs) {
        this.#sum.late++
        continue
      }
      const duplicate = state === 'answered'
      if (duplicate) {
        this.#sum.duplicates++
      } else {
        request.state = 'answered'
        this.#waiting.delete(request)
        this.#sum.received++
        this.#rtt.add(rttMs)
      }
      yield { event: 'reply', seq, from: this.#target.text, ttl, octets, rttMs, duplicate }
    }
  }

  *#takeTimeouts(node: NetNode): Generator<PingEvent> {
    for (const request of this.#waiting) {
      if (performance.now() - request.sentMs < this.#timeoutMs) return
      request.state = 'timedOut'
      this.#waiting.delete(request)
      // It may have come back with another MAC address.
      node.forget(this.#target.text)
      yield { event: 'timeout', seq: request.seq, resolved: true }
    }
  }

  /** Until the next request, the next time-out or the next reply. */
  async #sleep(nextMs: number): Promise<void> {
    if (this.#arrivals.length > 0) return
    const [oldest] = this.#waiting
    const timeoutAt = oldest === undefined ? Infinity : oldest.sentMs + this.#timeoutMs
    const requestAt = this.#sum.transmitted < this.#count ? nextMs : Infinity
    const ms = Math.max(1, Math.ceil(Math.min(timeoutAt, requestAt) - performance.now()))
    await this.#wake.wait('', { timeoutMs: ms, signal: this.#signal })
  }
}

function atLeast(least: number, field: string, value: number): number {
  if (value >= least) return value
  const message = `${field}: ${value} is not a number of at least ${least}`
  throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field, value })
}
