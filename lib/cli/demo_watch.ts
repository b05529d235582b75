/**
 * What the demo shows: the LAN as it is, and the rates since it was last looked at.
 */

import { macFromIpv4 } from '../spec/index.js'
import type { DemoLan, DemoNode, FrameTotals } from './demo_lan.js'
import type { PairView, PingRounds, PingTotals } from './demo_pings.js'

/** A node as shown; the rates in frames a second. */
export interface NodeView {
  address: string
  mac: string
  inPerSecond: number
  outPerSecond: number
}

/** A guest that was suggested, or a station that came by itself. */
export interface GuestView {
  /** `UML`, `QEMU`; for others the transport that they are heard by. */
  name: string
  /** Undefined for a station that came by itself. */
  address?: string
  /** Undefined while nobody has the address. */
  mac?: string
  /** Round trip of the newest ping, in milliseconds; undefined: no answer. */
  rttMs?: number
}

export interface DemoView {
  elapsedMs: number
  nodes: NodeView[]
  pairs: PairView[]
  guests: GuestView[]
  pings: PingTotals
  frames: FrameTotals
  /** Frames a second on the group, all nodes together. */
  framesPerSecond: number
}

/** A station not heard for so long is no longer shown, in milliseconds. */
const VISITOR_MS = 10_000
/** How long the demo waits for a guest's answer, in milliseconds. */
const GUEST_TIMEOUT_MS = 400

export class DemoWatch {
  readonly #lan: DemoLan
  readonly #rounds: PingRounds
  readonly #began = performance.now()
  #at = this.#began
  readonly #before: { in: number; out: number }[]
  #view: DemoView
  #guests: GuestView[]
  #search: Promise<void> | undefined

  constructor(lan: DemoLan, rounds: PingRounds) {
    this.#lan = lan
    this.#rounds = rounds
    this.#before = lan.nodes.map(() => ({ in: 0, out: 0 }))
    this.#guests = [
      { name: 'UML', address: lan.guests.uml },
      { name: 'QEMU', address: lan.guests.qemu },
    ]
    this.#view = this.#look()
  }

  /** As it was at the last `update`. */
  get view(): DemoView {
    return this.#view
  }

  /** Looks again, and begins to find out which guests answer: the next look shows it. */
  update(): DemoView {
    this.#view = this.#look()
    // At the end of the demo things just close under it.
    this.#search ??= this.#findGuests()
      .catch(() => {})
      .finally(() => (this.#search = undefined))
    return this.#view
  }

  /** The end, the rates being those of the last second that was looked at. */
  last(): DemoView {
    const { nodes, framesPerSecond } = this.#view
    return { ...this.#look(), nodes, framesPerSecond }
  }

  #look(): DemoView {
    const now = performance.now()
    const seconds = Math.max(now - this.#at, 1) / 1000
    this.#at = now
    const nodes = this.#lan.nodes.map((node, i) => this.#nodeView(node, i, seconds))
    return {
      elapsedMs: now - this.#began,
      nodes,
      pairs: this.#rounds.pairs,
      guests: this.#guests,
      pings: this.#rounds.totals,
      frames: this.#lan.frames(),
      framesPerSecond: nodes.reduce((sum, { outPerSecond }) => sum + outPerSecond, 0),
    }
  }

  #nodeView({ address, nic }: DemoNode, i: number, seconds: number): NodeView {
    const { rx, tx } = nic.stats()
    const before = this.#before[i]!
    // What the switch sends to a host port is what comes in for the node.
    const [inPerSecond, outPerSecond] = [
      (tx.frames - before.in) / seconds,
      (rx.frames - before.out) / seconds,
    ]
    this.#before[i] = { in: tx.frames, out: rx.frames }
    return { address, mac: nic.mac, inPerSecond, outPerSecond }
  }

  async #findGuests(): Promise<void> {
    const { guests } = this.#lan
    const [visitors, uml, answering] = await Promise.all([
      this.#lan.visitors(VISITOR_MS),
      this.#guest('UML', guests.uml),
      this.#guest('QEMU', guests.qemu),
    ])
    // A QEMU guest is known by its MAC address before it has set itself up.
    const qemuMac = macFromIpv4(guests.qemu)
    const isHere = visitors.some(({ mac }) => mac === qemuMac)
    const qemu = answering.mac === undefined && isHere ? { ...answering, mac: qemuMac } : answering
    const others = visitors.filter(({ mac }) => mac !== uml.mac && mac !== qemu.mac)
    this.#guests = [uml, qemu, ...others.map(({ mac, via }) => ({ name: via, mac }))]
  }

  async #guest(name: string, address: string): Promise<GuestView> {
    const { node } = this.#lan.nodes[0]!
    const options = { timeoutMs: GUEST_TIMEOUT_MS }
    const mac = await node.resolve(address, { ...options, retryMs: GUEST_TIMEOUT_MS })
    if (mac === undefined) return { name, address }
    const reply = await node.ping(address, options)
    // It may have left, or come back with another MAC address: ask for that again.
    if (reply === undefined) node.forget(address)
    return { name, address, mac, rttMs: reply?.rttMs }
  }
}
