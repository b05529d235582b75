/**
 * Every node pings every other one, round after round.
 */

import type { NetNode } from '../net/node.js'
import { RttStatistics } from '../net/rtt.js'
import type { RttSummary } from '../net/rtt.js'

/** A node by its address. */
export interface Pingable {
  address: string
  node: Pick<NetNode, 'ping'>
}

/** What pings in one direction came to. Times in milliseconds. */
export interface PairView {
  from: string
  to: string
  sent: number
  answered: number
  /** Not answered in time. The rest of those sent are on their way. */
  lost: number
  /** Round trip of the newest ping; undefined: none yet, or it was lost. */
  lastMs: number | undefined
  rtt: RttSummary | undefined
}

export interface PingTotals {
  sent: number
  answered: number
  lost: number
  rtt: RttSummary | undefined
}

interface Pair {
  from: Pingable
  to: Pingable
  sent: number
  answered: number
  lost: number
  lastMs: number | undefined
  rtt: RttStatistics
}

/** Each pair of nodes is pinged this often, in milliseconds, in alternating directions… */
const PAIR_MS = 200
/** …but no more than one ping in this time over all. */
const LEAST_STEP_MS = 10
/** A ping not answered in this time is lost. */
const TIMEOUT_MS = 1000

export class PingRounds {
  readonly #pairs: Pair[] = []
  readonly #all = new RttStatistics()
  readonly #outstanding = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #next = 0

  constructor(nodes: readonly Pingable[]) {
    const pair = (from: Pingable, to: Pingable): Pair => {
      return { from, to, sent: 0, answered: 0, lost: 0, lastMs: undefined, rtt: new RttStatistics() }
    }
    // Neighbours first, then those further apart: so the nodes take turns.
    const couples = nodes.flatMap((_, gap) =>
      gap === 0 ? [] : nodes.slice(gap).map((other, i) => [nodes[i]!, other] as const),
    )
    // First each couple one way, then each the other way.
    this.#pairs.push(...couples.map(([one, other]) => pair(one, other)))
    this.#pairs.push(...couples.map(([one, other]) => pair(other, one)))
  }

  /** Pings until `stop()`. One ping at a time, evenly spread: no bursts that would wait for each other. */
  start(): void {
    const step = Math.max(PAIR_MS / (this.#pairs.length / 2), LEAST_STEP_MS)
    this.#timer = setInterval(() => this.#step(), step)
  }

  /** Sends no more, and waits a little for the last replies. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#outstanding)
  }

  get pairs(): PairView[] {
    return this.#pairs.map(({ from, to, sent, answered, lost, lastMs, rtt }) => ({
      from: from.address,
      to: to.address,
      sent,
      answered,
      lost,
      lastMs,
      rtt: rtt.summary(),
    }))
  }

  get totals(): PingTotals {
    const sum = (key: 'sent' | 'answered' | 'lost') =>
      this.#pairs.reduce((total, pair) => total + pair[key], 0)
    return { sent: sum('sent'), answered: sum('answered'), lost: sum('lost'), rtt: this.#all.summary() }
  }

  #step(): void {
    const pair = this.#pairs[this.#next]!
    this.#next = (this.#next + 1) % this.#pairs.length
    const ping = this.#ping(pair).finally(() => this.#outstanding.delete(ping))
    this.#outstanding.add(ping)
  }

  async #ping(pair: Pair): Promise<void> {
    const seq = ++pair.sent
    // A node that has been closed answers no more: the ping is lost like any other.
    const reply = await pair.from.node
      .ping(pair.to.address, { seq, timeoutMs: TIMEOUT_MS })
      .catch(() => undefined)
    pair.lastMs = reply?.rttMs
    if (reply === undefined) {
      pair.lost++
      return
    }
    pair.answered++
    pair.rtt.add(reply.rttMs)
    this.#all.add(reply.rttMs)
  }
}
