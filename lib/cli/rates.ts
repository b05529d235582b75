/** Counters of a switch's ports, and how fast they run. */

import type { Port } from '../port.js'
import { sumStats } from '../stats.js'
import type { PortStats } from '../stats.js'
import type { Switch } from '../switch.js'
import { heard, losses, sum } from './losses.js'

/** A second's worth of counting. */
export interface Rates {
  rxFrames: number
  rxOctets: number
  txFrames: number
  txOctets: number
}

export interface PortView {
  port: Port
  /** Of a listener: of all its clients together, also those that have gone. */
  stats: PortStats
  /** Of a listener: those that are there. */
  clients: PortView[]
  /** Every frame counted: echoes of the port's own too. */
  perSecond: Rates
  /** What is received counted without those. */
  netPerSecond: Rates
  /** Losses went on since the last look. */
  isLosing: boolean
}

export interface SwitchView {
  elapsedMs: number
  ports: PortView[]
}

interface Look {
  atMs: number
  gross: Rates
  net: Rates
  lost: number
}

/** Watches the ports of a switch, also those that are closed by now. A listener's clients count as one with it. */
export class RateMeter {
  readonly #lan: Switch
  readonly #ports = new Map<number, Port>()
  readonly #looks = new WeakMap<Port, Look>()
  /** What the clients of a listener that have gone had counted. */
  readonly #gone = new Map<Port, PortStats>()
  readonly #began = performance.now()

  constructor(lan: Switch) {
    this.#lan = lan
    lan.on('port', ({ port, state }) => {
      if (state === 'closed' && port.parent !== undefined) {
        this.#gone.set(port.parent, sumStats(port.stats(), this.#gone.get(port.parent)))
      }
    })
  }

  /** The counters now, and the rates since the last look. */
  look(): SwitchView {
    const now = performance.now()
    const clients = new Map<Port, Port[]>()
    for (const port of this.#lan.ports.values()) {
      if (port.parent === undefined) this.#ports.set(port.id, port)
      else clients.set(port.parent, [...(clients.get(port.parent) ?? []), port])
    }
    return {
      elapsedMs: now - this.#began,
      ports: [...this.#ports.values()].map((port) => {
        const views = (clients.get(port) ?? []).map((client) => this.#lookAt(client, now, client.stats(), []))
        const all = [...views.map(({ stats }) => stats), this.#gone.get(port)]
        const stats = all.reduce<PortStats>((sum, each) => sumStats(sum, each), port.stats())
        return this.#lookAt(port, now, stats, views)
      }),
    }
  }

  #lookAt(port: Port, atMs: number, stats: PortStats, clients: PortView[]): PortView {
    const { rx, tx } = stats
    const own = heard(stats)
    const out = { txFrames: tx.frames, txOctets: tx.octets }
    const look: Look = {
      atMs,
      gross: { rxFrames: rx.frames, rxOctets: rx.octets, ...out },
      net: { rxFrames: own.frames, rxOctets: own.octets, ...out },
      lost: sum(losses(stats)),
    }
    const before = this.#looks.get(port) ?? look
    this.#looks.set(port, look)
    const seconds = (atMs - before.atMs) / 1000
    return {
      port,
      stats,
      clients,
      perSecond: rates(before.gross, look.gross, seconds),
      netPerSecond: rates(before.net, look.net, seconds),
      isLosing: look.lost > before.lost,
    }
  }
}

function rates(before: Rates, now: Rates, seconds: number): Rates {
  const rate = (key: keyof Rates) => (seconds > 0 ? Math.max(0, (now[key] - before[key]) / seconds) : 0)
  return {
    rxFrames: rate('rxFrames'),
    rxOctets: rate('rxOctets'),
    txFrames: rate('txFrames'),
    txOctets: rate('txOctets'),
  }
}
