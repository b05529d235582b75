/**
 * The demo's LAN: nodes in their own right on one multicast group on loopback, and a port for UML guests bridged to it.
 */

import { interfaces, probeBind, routeTo } from '../binding.js'
import { connect } from '../connect.js'
import type { HostPort } from '../host_port.js'
import { NetNode } from '../net/node.js'
import { EthercastError, macFromIpv4 } from '../spec/index.js'
import type { McastObject } from '../spec/index.js'
import { Switch } from '../switch.js'
import type { Station } from '../stations.js'
import type { GuestFacts } from './demo_guests.js'
import { losses, sum } from './losses.js'

const INTERFACE = 'lo'
/** IFF_LOOPBACK of netdevice(7). */
const IFF_LOOPBACK = 0x8
/** Ports tried before giving up. */
const TRIES = 64
/** Between the ports tried for a group: room for the ports of its UML guest. */
const PORT_STEP = 10
/** Octets of each ring of a node: the demo sends little, and the default of 4 MiB for each of many nodes is a lot. */
const RING_OCTETS = 256 * 1024
/** On loopback who has an address says so at once. */
const PROBE = { count: 2, intervalMs: 100 }
/** Host parts of the addresses for guests, if they are free. */
const FIRST_GUEST = 100
const LAST_HOST = 254

export interface DemoLanOptions {
  /** Multicast group. */
  group: string
  /** UDP port of the group; another one near it when it is taken. */
  port: number
  /** Nodes, 2 to 16. */
  nodes: number
}

export interface DemoNode {
  address: string
  nic: HostPort
  node: NetNode
}

/** A station that is none of the demo's nodes. */
export interface Visitor {
  mac: string
  /** The transport it was heard by. */
  via: string
}

/** In frames, since the beginning. */
export interface FrameTotals {
  /** Into the nodes. */
  in: number
  /** Out of the nodes. */
  out: number
  /** Lost anywhere on the way. */
  dropped: number
}

export class DemoLan implements AsyncDisposable {
  readonly interface = INTERFACE
  readonly nodes: DemoNode[] = []
  readonly bridge: Switch
  readonly group: string
  /** The port in use, which is the one asked for unless that was taken. */
  readonly port: number
  ucast = { ownPort: 0, guestPort: 0 }
  guests = { qemu: '', uml: '' }
  /** The stations that were or are the demo's own. */
  readonly #ownMacs = new Set<string>()

  /** @throws EthercastError for a group that is none; the kernel's error when loopback is down or ports run out */
  static async open(options: DemoLanOptions): Promise<DemoLan> {
    const port = freePort(options.group, options.port)
    const lan = new DemoLan(await Switch.create(), options.group, port)
    try {
      await lan.bridge.addPort(lan.spec)
      const subnet = `198.18.${await lan.#openUcast()}`
      await lan.#populate(subnet, options.nodes)
      return lan
    } catch (error) {
      await lan.close()
      throw error
    }
  }

  private constructor(bridge: Switch, group: string, port: number) {
    this.bridge = bridge
    this.group = group
    this.port = port
  }

  /** What each node joins with. */
  get spec(): McastObject {
    const { group, port } = this
    return { transport: 'mcast', group, port, ttl: 1, interface: INTERFACE }
  }

  /** What there is to tell guests. @param command how this program is called */
  guestFacts(command: string): GuestFacts {
    const { group, port, ucast, guests } = this
    const node = this.nodes[0]!.address
    const qemuMac = macFromIpv4(guests.qemu)
    return {
      group,
      port,
      interface: INTERFACE,
      ucast,
      node,
      addresses: guests,
      qemuMac,
      route: routeOf(group),
      command,
    }
  }

  /** Who else is on the LAN, and was heard in the last `withinMs` milliseconds. */
  async visitors(withinMs: number): Promise<Visitor[]> {
    const isVisitor = ({ mac, ageMs }: Station) => !this.#ownMacs.has(mac) && ageMs <= withinMs
    return (await this.bridge.stations())
      .filter(isVisitor)
      .map(({ mac, port }) => ({ mac, via: port?.spec.transport ?? '' }))
  }

  frames(): FrameTotals {
    const totals = { in: 0, out: 0, dropped: 0 }
    for (const { nic } of this.nodes) {
      const stats = nic.stats()
      totals.in += stats.tx.frames
      totals.out += stats.rx.frames
    }
    for (const lan of [this.bridge, ...this.nodes.map(({ nic }) => nic.lan)]) {
      for (const port of lan.ports.values()) totals.dropped += sum(losses(port.stats()))
    }
    return totals
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map(({ node }) => node.close()))
    await Promise.all([this.bridge.close(), ...this.nodes.map(({ nic }) => nic.close())])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * Opens the port for a UML guest. Ours is bound for us alone, so its number tells several demos on one machine apart.
   *
   * @returns that number, from 0
   */
  async #openUcast(): Promise<number> {
    for (let n = 0; ; n++) {
      const [ownPort, guestPort] = [nthPort(this.port, 1 + 2 * n), nthPort(this.port, 2 + 2 * n)]
      try {
        // Shared: a guest of an earlier demo may still listen there, and is welcome back.
        probeBind('0.0.0.0', guestPort, true)
        const remote = { remote: '127.0.0.1', listenPort: ownPort, remotePort: guestPort }
        await this.bridge.addPort({ transport: 'ucast', ...remote })
        this.ucast = { ownPort, guestPort }
        return n
      } catch (error) {
        if (n === TRIES || !isTaken(error)) throw error
      }
    }
  }

  async #populate(subnet: string, nodes: number): Promise<void> {
    const scout = await this.#join()
    try {
      const [own, [uml, qemu]] = await Promise.all([
        freeAddresses(scout.node, subnet, 1, nodes),
        freeAddresses(scout.node, subnet, FIRST_GUEST, 2),
      ])
      this.guests = { uml: uml!, qemu: qemu! }
      for (const address of own) this.nodes.push({ address, ...(await this.#join(address)) })
    } finally {
      await scout.node.close()
      await scout.nic.close()
    }
  }

  /** @param address left out: the node can ask, but not be asked */
  async #join(address?: string): Promise<{ nic: HostPort; node: NetNode }> {
    const nic = await connect(this.spec, { address, ringOctets: RING_OCTETS })
    this.#ownMacs.add(nic.mac)
    return { nic, node: new NetNode(nic, { ipv4: address }) }
  }
}

const isTaken = (error: unknown) => (error as { code?: unknown }).code === 'EADDRINUSE'

/** The `n`th port after one, within those that need no privilege. */
function nthPort(port: number, n: number): number {
  return port + n <= 65535 ? port + n : port + n - 65535 + 20_000
}

/** The port itself, unless somebody has it for himself alone: then one near it. */
function freePort(group: string, port: number): number {
  for (let n = 0; ; n++) {
    const candidate = nthPort(port, n * PORT_STEP)
    try {
      probeBind(group, candidate, true)
      return candidate
    } catch (error) {
      if (n === TRIES || !isTaken(error)) throw error
    }
  }
}

/** `subnet.first` and so on, those that nobody on the LAN has: other guests may be there already. */
async function freeAddresses(
  scout: NetNode,
  subnet: string,
  first: number,
  count: number,
): Promise<string[]> {
  const free: string[] = []
  for (let next = first; free.length < count; next += count) {
    if (next + count > LAST_HOST) {
      throw new EthercastError(
        'ERR_ETHERCAST_STATE',
        `no free address left in ${subnet}.0/24: choose another --group`,
      )
    }
    const candidates = Array.from({ length: count }, (_, i) => `${subnet}.${next + i}`)
    const holders = await Promise.all(candidates.map((address) => scout.probe(address, PROBE)))
    free.push(...candidates.filter((_, i) => holders[i] === undefined))
  }
  return free.slice(0, count)
}

/** Where the host itself, and so a guest that can't choose, sends to the group. */
function routeOf(group: string): GuestFacts['route'] {
  try {
    const { interfaceIndex } = routeTo(group)
    const found = interfaces().find(({ index }) => index === interfaceIndex)
    return found && { interface: found.name, loopback: (found.flags & IFF_LOOPBACK) !== 0 }
  } catch {
    return undefined
  }
}
