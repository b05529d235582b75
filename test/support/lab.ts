// Test hosts in network namespaces, cables between them, and real guests in them. Needs root: `need(this, 'netns')`.
// Nothing leaves the namespaces made here: there is no cable to the machine's own network.
import { mkdtempSync, rmSync } from 'node:fs'
import { atExit } from './cleanup.js'
import { Host, type HostOptions } from './host.js'
import {
  ip,
  labDirectoryPrefix,
  removeNamespace,
  removeNamespaceSync,
  sweepStale,
  uniqueName,
} from './namespace.js'

export interface LinkOptions {
  mtu?: number
  /** Addresses with prefix length for both ends; one /24 of 198.18.0.0/15 a cable when left out. */
  addresses?: readonly [string, string]
  /** Route 239.0.0.0/8 over this cable, on both hosts. */
  route239?: boolean
}

/** A cable: the names of its devices and their addresses, in the order of the hosts given. */
export interface Link {
  readonly devices: readonly [string, string]
  readonly addresses: readonly [string, string]
}

// The third octet of the first cable's addresses; each further cable has the next.
const kFirstSubnet = 9

export class Lab implements AsyncDisposable {
  /** A folder of this lab, also visible and writable in its guests. */
  readonly dir: string
  readonly #hosts: Host[] = []
  readonly #forget: () => void
  #links = 0

  private constructor() {
    this.dir = mkdtempSync(labDirectoryPrefix)
    this.#forget = atExit(() => {
      for (const host of this.#hosts) removeNamespaceSync(host.namespace)
      rmSync(this.dir, { recursive: true, force: true })
    })
  }

  static create(): Promise<Lab> {
    sweepStale()
    return Promise.resolve(new Lab())
  }

  /** Makes a host: a namespace whose loopback is up, carries multicast and has the route to 239.0.0.0/8. */
  async host(name: string, options: HostOptions = {}): Promise<Host> {
    const { multicastLo = true, route239 = true } = options
    const host = new Host(uniqueName(name), this.dir)
    this.#hosts.push(host) // before it exists, so that an abort in between removes it
    await ip('netns', 'add', host.namespace)
    await host.ip('link', 'set', 'lo', 'up', 'multicast', multicastLo ? 'on' : 'off')
    if (route239) await host.ip('route', 'add', '239.0.0.0/8', 'dev', 'lo')
    return host
  }

  /** Lays a cable between two hosts: the devices are called veth0, veth1… on each. */
  async link(a: Host, b: Host, options: LinkOptions = {}): Promise<Link> {
    const subnet = `198.18.${kFirstSubnet + this.#links++}`
    const { mtu = 1500, addresses = [`${subnet}.1/24`, `${subnet}.2/24`], route239 = true } = options
    const devices = [a.nextDevice(), b.nextDevice()] as const
    const peer = ['peer', 'name', devices[1], 'netns', b.namespace]
    await ip('link', 'add', devices[0], 'netns', a.namespace, 'type', 'veth', ...peer)
    for (const [host, device, address] of [
      [a, devices[0], addresses[0]],
      [b, devices[1], addresses[1]],
    ] as const) {
      await host.ip('addr', 'add', address, 'dev', device)
      await host.ip('link', 'set', device, 'mtu', String(mtu), 'up')
      if (route239) await host.ip('route', 'replace', '239.0.0.0/8', 'dev', device)
    }
    const bare = (address: string) => address.replace(/\/.*/, '')
    return { devices, addresses: [bare(addresses[0]), bare(addresses[1])] }
  }

  /** Ends all processes started through this lab's hosts and removes the hosts. May be called again. */
  async close(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.stop()))
    for (const host of this.#hosts) await removeNamespace(host.namespace)
    rmSync(this.dir, { recursive: true, force: true })
    this.#forget()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
