/**
 * Reads Reality with `ip -j` and `nft -j`, changing nothing; works for any user. What `ip` prints has passed through the kernel, but names of
 * devices and tables are other people's: every field is looked at before it is believed.
 */

import { parsePrefix } from './prefix.js'
import type { Prefix } from './prefix.js'
import type { HostAddress, HostLink, HostRoute, RawFields, Reality } from './reality.js'
import type { System } from './system.js'

/** INFINITY_LIFE_TIME of linux/if_addr.h. */
const FOR_EVER_S = 0xffff_ffff

export async function readReality(system: System): Promise<Reality> {
  const notes: string[] = []
  const [links, routes, proxies, neighbours, nat] = await Promise.all([
    jsonOf(system, ['-j', '-d', 'addr', 'show']),
    jsonOf(system, ['-j', '-d', 'route', 'show', 'table', 'all']),
    Promise.all([
      jsonOf(system, ['-j', '-4', 'neigh', 'show', 'proxy']),
      jsonOf(system, ['-j', '-6', 'neigh', 'show', 'proxy']),
    ]),
    jsonOf(system, ['-j', '-4', 'neigh', 'show', 'nud', 'permanent']),
    readNat(system, notes),
  ])
  const allRoutes = routes.flatMap((raw) => readRoute(raw) ?? [])
  const tableOf = ({ raw }: HostRoute) => textOf(raw.table) ?? 'main'
  return {
    links: links.flatMap((raw) => readLink(raw, accountLookups(system)) ?? []),
    routes: allRoutes.filter((route) => tableOf(route) === 'main'),
    otherRoutes: allRoutes.filter((route) => !['main', 'local'].includes(tableOf(route))),
    multicast: allRoutes.flatMap(({ to, device }) =>
      to.text === 'ff00::/8' && device !== undefined ? [device] : [],
    ),
    proxies: proxies.flat().flatMap((raw) => readProxy(raw) ?? []),
    neighbours: neighbours.flatMap((raw) => readNeighbour(raw) ?? []),
    nat,
    notes,
    sysctl: (name) => system.sysctl(name),
    access: (path) => system.access(path),
    uid: (account) => system.uid(account),
    gid: (account) => system.gid(account),
  }
}

/** A list of objects, as every `ip -j … show` prints it; nothing at all is an empty one. */
async function jsonOf(system: System, args: string[]): Promise<RawFields[]> {
  const printed = (await system.read('ip', args)).trim()
  const value = printed === '' ? [] : (JSON.parse(printed) as unknown)
  // `ip` leaves empty objects for what it filtered out itself.
  return listOf(value).filter((item) => Object.keys(item).length > 0)
}

async function readNat(system: System, notes: string[]): Promise<unknown> {
  try {
    return JSON.parse(await system.read('nft', ['-j', 'list', 'table', 'inet', 'ethercast']))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (!isAbsence(message)) notes.push(`What is in nftables is not known: ${message}`)
    return undefined
  }
}

/** nft's complaint about a table that isn't there, told apart from an nft that isn't there. */
const isAbsence = (message: string) =>
  /No such file or directory/.test(message) && !/there is no program/.test(message)

type Lookups = Pick<Reality, 'uid' | 'gid'>

/** `ip` tells owners of taps by name, and looking up the same name for a hundred taps takes a hundred processes. */
function accountLookups(system: System): Lookups {
  const remember = (look: (account: string | number) => number | undefined) => {
    const known = new Map<string | number, number | undefined>()
    return (account: string | number) => {
      if (!known.has(account)) known.set(account, look(account))
      return known.get(account)
    }
  }
  return {
    uid: remember((account) => system.uid(account)),
    gid: remember((account) => system.gid(account)),
  }
}

function readLink(raw: RawFields, lookups: Lookups): HostLink | undefined {
  const { ifname, ifindex, mtu, flags, address, master, linkinfo } = raw
  if (typeof ifname !== 'string' || typeof ifindex !== 'number' || typeof mtu !== 'number') return undefined
  const info = isFields(linkinfo) ? linkinfo : {}
  const kind = textOf(info.info_kind)
  return {
    name: ifname,
    index: ifindex,
    kind,
    up: Array.isArray(flags) && flags.includes('UP'),
    mtu,
    mac: textOf(address),
    master: textOf(master),
    tun: kind === 'tun' && isFields(info.info_data) ? readTun(info.info_data, lookups) : undefined,
    addresses: listOf(raw.addr_info).flatMap((one) => readAddress(one) ?? []),
  }
}

function readTun(data: RawFields, lookups: Lookups): HostLink['tun'] {
  const account = (value: unknown) =>
    typeof value === 'string' || typeof value === 'number' ? value : undefined
  const user = account(data.user)
  const group = account(data.group)
  return {
    type: data.type === 'tun' ? 'tun' : 'tap',
    persistent: data.persist === true,
    multiQueue: data.multi_queue === true,
    uid: user === undefined ? undefined : lookups.uid(user),
    gid: group === undefined ? undefined : lookups.gid(group),
  }
}

function readAddress(raw: RawFields): HostAddress | undefined {
  const { local, prefixlen, valid_life_time: valid } = raw
  if (typeof local !== 'string' || typeof prefixlen !== 'number') return undefined
  const prefix = parsePrefix(`${local}/${prefixlen}`)
  if (prefix === undefined) return undefined
  return { prefix, raw, validS: typeof valid === 'number' && valid !== FOR_EVER_S ? valid : undefined }
}

function readRoute(raw: RawFields): HostRoute | undefined {
  const to = routePrefix(raw)
  if (to === undefined) return undefined
  return {
    to,
    via: textOf(raw.gateway) ?? (isFields(raw.via) ? textOf(raw.via.host) : undefined),
    device: textOf(raw.dev),
    protocol: textOf(raw.protocol),
    metric: typeof raw.metric === 'number' ? raw.metric : undefined,
    raw,
  }
}

/** `default` is told without its family: only IPv6 routes have a preference (RFC 4191). */
function routePrefix(raw: RawFields): Prefix | undefined {
  if (raw.dst !== 'default') return typeof raw.dst === 'string' ? parsePrefix(raw.dst) : undefined
  return parsePrefix('pref' in raw ? '::/0' : '0.0.0.0/0')
}

function readProxy(raw: RawFields): { address: string; device: string } | undefined {
  const { dst, dev } = raw
  // IPv4's listing may have entries of the other family's table too; the same one is told once.
  return typeof dst === 'string' && typeof dev === 'string' ? { address: dst, device: dev } : undefined
}

function readNeighbour({ dst, dev, lladdr }: RawFields): Reality['neighbours'][number] | undefined {
  const isWhole = typeof dst === 'string' && typeof dev === 'string' && typeof lladdr === 'string'
  return isWhole ? { address: dst, device: dev, mac: lladdr } : undefined
}

const isFields = (value: unknown): value is RawFields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: unknown): RawFields[] => (Array.isArray(value) ? value.filter(isFields) : [])
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
