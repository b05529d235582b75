// A namespace with two NICs, and wishes of every kind for it: what is killed, broken and taken back at each of its steps.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { parseConfig } from '../../lib/host/load.js'
import { localSystem } from '../../lib/host/local_system.js'
import { wishesOf } from '../../lib/host/wishes.js'
import { childEnv } from '../../scripts/command.mjs'
import type { Host } from '../support/host.js'
import type { Lab } from '../support/lab.js'
import type { Result } from '../support/running.js'
import { settledDump } from './settled.js'

/** TUN_MINOR of linux/miscdevice.h, and the major number of all such. */
const kTunDevice = ['c', '10', '200']
/** A run of all the steps takes a second or two alone. */
const kRunMs = 60_000

export const kRichConfig = `
tun_device: { group: 12, mode: '0660' }
taps:
  tap0: { addresses: [198.18.40.254/24, 2001:db8:40::1/64], mtu: 1400, owner: 1000, group: 12 }
  tap1: { queues: 4 }
  tap2: { addresses: [198.18.9.1/32], share_address: true }
slip:
  sl0: { host: 198.18.41.1, guest: 198.18.41.2, mtu: 1006 }
bridges:
  br0: { ports: [veth1, tap1], addresses: [2001:db8:42::1/64], confirm: true }
routes:
  - { to: 198.18.43.0/24, via: 198.18.40.7 }
  - { to: 2001:db8:43::/64, device: tap0 }
forwarding: [ipv4, ipv6]
proxy_arp:
  - { address: 198.18.9.78, device: veth0 }
masquerade:
  - { from: 198.18.40.0/24, out: br0 }
port_forwards:
  - { port: 8080, to: 198.18.40.7, to_port: 80 }
guests:
  web: { device: tap2, addresses: [198.18.9.77, 2001:db8:9::77], lan: veth0 }
`

export interface Outcome extends Result {
  /** How many the run had; undefined: it was killed. */
  effects: number | undefined
}

export class RichHost {
  readonly state: string
  readonly #wishes: string
  readonly #tun: string

  private constructor(
    readonly host: Host,
    name: string,
  ) {
    this.state = `${host.dir}/${name}-state`
    this.#wishes = `${host.dir}/${name}-wishes`
    this.#tun = `${host.dir}/${name}-tun`
  }

  static async create(lab: Lab, name: string, config = kRichConfig): Promise<RichHost> {
    const [host, neighbour] = [await lab.host(name), await lab.host(`${name}n`)]
    await lab.link(host, neighbour, { addresses: ['198.18.9.1/24', '198.18.9.2/24'] })
    await lab.link(host, neighbour, { addresses: ['198.18.10.1/24', '198.18.10.2/24'], route239: false })
    await host.ip('addr', 'add', '2001:db8:10::1/64', 'dev', 'veth1', 'nodad')
    await host.ip('addr', 'add', '2001:db8:9::1/64', 'dev', 'veth0', 'nodad')
    await host.ip('route', 'add', 'default', 'via', '198.18.10.2')
    await host.ip('-6', 'route', 'add', 'default', 'via', '2001:db8:10::2', 'metric', '77')
    await host.ip('route', 'add', '198.18.50.0/24', 'via', '198.18.10.2', 'metric', '5')
    await host.exec('nft', ['-f', '-'], {
      input: 'table ip other {\n chain c {\n counter\n }\n}\n',
      check: true,
    })
    const rich = new RichHost(host, name)
    // Of its own, since its group and mode are to change: the machine's has other users.
    execFileSync('mknod', ['-m', '666', rich.#tun, ...kTunDevice], { env: childEnv() })
    rich.wish(config)
    return rich
  }

  /** Another file. */
  wish(config: string): void {
    writeFileSync(this.#wishes, JSON.stringify(wishesOf(parseConfig(config).config, localSystem())))
  }

  /** All that there is here. */
  dump(): Promise<string[]> {
    return settledDump(this.host, { files: [this.#tun] })
  }

  /** A process of its own that sets up, takes down, or looks whether all is made; and is killed at its Nth effect, or has its Nth step fail. */
  async run(
    what: 'up' | 'down' | 'status',
    number?: number,
    how: 'kill' | 'break' = 'kill',
  ): Promise<Outcome> {
    const mount = ['--mount', 'sh', '-c', 'mount --bind "$0" /dev/net/tun && exec "$@"', this.#tun]
    const args = ['test/fixtures/host_life.mjs', what, this.#wishes, this.state]
    if (number !== undefined) args.push(String(number), how)
    const options = { timeoutMs: kRunMs, cwd: new URL('../..', import.meta.url).pathname }
    const result = await this.host.exec('unshare', [...mount, process.execPath, ...args], options)
    const effects = /^\{"effects":(\d+)\}$/m.exec(result.stdout)?.[1]
    return { ...result, effects: effects === undefined ? undefined : Number(effects) }
  }
}
