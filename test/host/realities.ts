// Made-up hosts: what `readReality` would find, without a host.
import { hostConfigSchema } from '../../lib/host/config.js'
import type { HostConfig, HostConfigInput } from '../../lib/host/config.js'
import { objections } from '../../lib/host/objections.js'
import type { HostFacts } from '../../lib/host/objections.js'
import { parsePrefix } from '../../lib/host/prefix.js'
import type { HostAddress, HostLink, HostRoute, Reality } from '../../lib/host/reality.js'
import type { Objection } from '../../lib/host/resource.js'

export const config = (input: HostConfigInput): HostConfig => hostConfigSchema.parse(input)

export const address = (text: string): HostAddress => ({ prefix: parsePrefix(text)!, raw: {} })

export function link(name: string, addresses: string[] = [], more: Partial<HostLink> = {}): HostLink {
  const mac = 'fe:fd:00:00:00:01'
  return { name, index: 1, up: true, mtu: 1500, mac, addresses: addresses.map(address), ...more }
}

export const tap = (
  name: string,
  more: Partial<HostLink> = {},
  of: Partial<HostLink['tun']> = {},
): HostLink =>
  link(name, [], { kind: 'tun', tun: { type: 'tap', persistent: true, multiQueue: false, ...of }, ...more })

export function route(to: string, more: Partial<HostRoute> = {}): HostRoute {
  const prefix = parsePrefix(to === 'default' ? '0.0.0.0/0' : to)
  if (prefix === undefined) throw new Error(`no prefix: ${to}`)
  return { to: prefix, raw: {}, ...more }
}

const ACCOUNTS: Record<string, number> = { root: 0, alice: 1000, uml: 990 }
const lookUp = (account: string | number) => (typeof account === 'number' ? account : ACCOUNTS[account])

/** A host on a LAN: lo, eth0 with 198.18.0.5/24 and a default route, eth1 without addresses. */
export function reality(more: Partial<Reality> = {}): Reality {
  return {
    links: [
      link('lo', ['127.0.0.1/8', '::1/128'], { mtu: 65536, mac: '00:00:00:00:00:00' }),
      link('eth0', ['198.18.0.5/24', '2001:db8::5/64', 'fe80::5/64']),
      link('eth1', ['fe80::6/64']),
    ],
    routes: [
      route('default', { via: '198.18.0.1', device: 'eth0' }),
      route('198.18.0.0/24', { device: 'eth0', protocol: 'kernel' }),
    ],
    otherRoutes: [],
    multicast: [],
    proxies: [],
    neighbours: [],
    notes: [],
    uid: lookUp,
    gid: lookUp,
    sysctl: () => '0',
    access: () => ({ uid: 0, gid: 0, mode: 0o666 }),
    ...more,
  }
}

/** The usual host with more devices, or others in place of its own. */
export function realityWith(...links: HostLink[]): Reality {
  const usual = reality()
  const others = usual.links.filter(({ name }) => links.every((one) => one.name !== name))
  return { ...usual, links: [...others, ...links] }
}

export const object = (input: HostConfigInput, of: Reality = reality(), more: HostFacts = {}): Objection[] =>
  objections(config(input), of, more)
