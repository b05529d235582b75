/**
 * From ethercast.yaml to wishes, in the order in which they are made. They depend on nothing of this host but the numbers of users and groups, so
 * that the same file has the same wishes whatever was made of it already.
 */

import { EthercastError } from '../spec/error.js'
import { formatIp } from '../spec/ip.js'
import type { HostConfig } from './config.js'
import type { Forward } from './nat_rules.js'
import { contains, parsePrefix, parseUnicast } from './prefix.js'
import type { Prefix } from './prefix.js'
import type { Json, Wish } from './resource.js'
import type { System } from './system.js'

type Lookups = Pick<System, 'uid' | 'gid'>
type Device = { name: string; prefixes: Prefix[] }

export function wishesOf(config: HostConfig, lookups: Lookups): Wish[] {
  const wishes = [
    ...tunDevice(config, lookups),
    ...taps(config, lookups),
    ...slipLines(config, lookups),
    ...bridges(config),
    ...routes(config),
    ...guestRoutes(config),
    ...proxies(config),
    ...nat(config), // before anything is forwarded: what is to be masqueraded never leaves as it is
    ...[...new Set(config.forwarding)].sort().map((family) => wish('forwarding', { family })),
  ]
  return unique(wishes)
}

const wish = (kind: string, params: Json): Wish => ({ kind, params })

/** What is written twice (a guest's route that is a route of the file as well) is wished once. */
function unique(wishes: readonly Wish[]): Wish[] {
  const seen = new Set<string>()
  return wishes.filter((one) => {
    const text = JSON.stringify(one)
    return !seen.has(text) && seen.add(text)
  })
}

const canonical = (text: string): string => parsePrefix(text)?.text ?? text
const canonicalAddress = (text: string): string => {
  const parsed = parseUnicast(text)
  return parsed === undefined ? text : formatIp(parsed)
}

/** The file's name for an account as a number. @param where in the file */
function account(
  what: 'uid' | 'gid',
  name: string | number | undefined,
  lookups: Lookups,
  where: string,
): number | null {
  if (name === undefined) return null
  const found = lookups[what](name)
  if (found !== undefined) return found
  const kind = what === 'uid' ? 'user' : 'group'
  throw new EthercastError('ERR_ETHERCAST_FIELD', `${where}: this host knows no ${kind} '${name}'`, {
    field: where,
  })
}

function tunDevice({ tun_device: access }: HostConfig, lookups: Lookups): Wish[] {
  if (access === undefined) return []
  const gid = account('gid', access.group, lookups, 'tun_device.group')
  return [wish('tun_access', { gid, mode: parseInt(access.mode, 8) })]
}

function taps(config: HostConfig, lookups: Lookups): Wish[] {
  return Object.entries(config.taps).flatMap(([device, tap]) => [
    wish('tun', {
      device,
      type: 'tap',
      multiQueue: tap.queues > 1,
      uid: account('uid', tap.owner, lookups, `taps.${device}.owner`),
      gid: account('gid', tap.group, lookups, `taps.${device}.group`),
    }),
    ...settings(device, tap.mtu, tap.addresses),
  ])
}

function slipLines(config: HostConfig, lookups: Lookups): Wish[] {
  return Object.entries(config.slip).flatMap(([device, line]) => [
    wish('tun', {
      device,
      type: 'tun',
      multiQueue: false,
      uid: account('uid', line.owner, lookups, `slip.${device}.owner`),
      gid: account('gid', line.group, lookups, `slip.${device}.group`),
    }),
    ...settings(device, line.mtu, []),
    // The kernel makes the route to the other end with it.
    wish('address', {
      device,
      prefix: `${canonicalAddress(line.host)}/32`,
      peer: canonicalAddress(line.guest),
    }),
  ])
}

function bridges(config: HostConfig): Wish[] {
  return Object.entries(config.bridges).flatMap(([name, bridge]) => {
    const ports = [...new Set(bridge.ports)]
    const isNic = (port: string) => !Object.hasOwn(config.taps, port) && !Object.hasOwn(config.slip, port)
    const nics = ports.filter(isNic)
    return [
      wish('bridge', { device: name }),
      ...nics.slice(0, 1).map((device) => wish('bridge_mac', { bridge: name, device })),
      ...(bridge.mtu === undefined ? [] : [wish('mtu', { device: name, mtu: bridge.mtu })]),
      // A NIC's LAN may well have a router; guests alone have none to tell of.
      ...(nics.length > 0 ? [] : [wish('no_router', { device: name })]),
      wish('up', { device: name }),
      ...ports.flatMap((device) => [
        ...(isNic(device) ? [wish('up', { device })] : []), // taps are up already
        wish('bridge_port', { device, bridge: name }),
        ...(isNic(device) ? [wish('move', { device, bridge: name })] : []),
      ]),
      ...addresses(name, bridge.addresses),
    ]
  })
}

/** MTU first: with a small one there is no IPv6, and addresses of it are refused. */
const settings = (device: string, mtu: number | undefined, prefixes: readonly string[]): Wish[] => [
  ...(mtu === undefined ? [] : [wish('mtu', { device, mtu })]),
  wish('no_router', { device }), // nothing is heard before it is up
  wish('up', { device }),
  ...addresses(device, prefixes),
]

const addresses = (device: string, prefixes: readonly string[]): Wish[] =>
  prefixes.map((text) => wish('address', { device, prefix: canonical(text), peer: null }))

function routes(config: HostConfig): Wish[] {
  return config.routes.map(({ to, via, device }) => {
    const isIpv6 = via?.includes(':') ?? false
    return wish('route', {
      to: to === 'default' ? (isIpv6 ? '::/0' : '0.0.0.0/0') : canonical(to),
      via: via === undefined ? null : canonicalAddress(via),
      device: device ?? null,
    })
  })
}

/** A device's own prefixes, as far as the file tells them. */
function prefixesOf(name: string, config: HostConfig): Prefix[] {
  const texts = [
    ...(Object.hasOwn(config.taps, name) ? config.taps[name]!.addresses : []),
    ...(Object.hasOwn(config.bridges, name) ? config.bridges[name]!.addresses : []),
    ...(Object.hasOwn(config.slip, name) ? [config.slip[name]!.guest] : []),
  ]
  return texts.flatMap((text) => parsePrefix(text) ?? [])
}

const oneHost = ({ address }: Prefix): string => `${formatIp(address)}/${address.octets.length * 8}`

/** To each guest that its device's own prefixes do not lead to; not behind a NIC's bridge, whose prefix is what moves there. */
function guestRoutes(config: HostConfig): Wish[] {
  return Object.values(config.guests).flatMap(({ device: named, addresses: own }) => {
    const device = segmentOf(named, config)
    const covering = prefixesOf(device, config)
    const guests = own.flatMap((text) => parsePrefix(text) ?? [])
    return guests
      .map((guest) => ({ ...guest, length: guest.address.octets.length * 8 }))
      .filter((guest) => !covering.some((prefix) => contains(prefix, guest)) && !hasNic(device, config))
      .map((guest) => wish('route', { to: oneHost(guest), via: null, device }))
  })
}

/** A guest behind a port of a bridge is behind the bridge. */
const segmentOf = (device: string, config: HostConfig): string =>
  Object.entries(config.bridges).find(([, { ports }]) => ports.includes(device))?.[0] ?? device

function hasNic(device: string, config: HostConfig): boolean {
  const ports = Object.hasOwn(config.bridges, device) ? config.bridges[device]!.ports : []
  return ports.some((port) => !Object.hasOwn(config.taps, port) && !Object.hasOwn(config.slip, port))
}

/** Values of a device by name: its `.` is a `/` there. */
const proxyNdp = (device: string) => `net.ipv6.conf.${device.replaceAll('.', '/')}.proxy_ndp`

function proxies(config: HostConfig): Wish[] {
  const wished = [
    ...config.proxy_arp,
    ...Object.values(config.guests).flatMap(({ lan, addresses: own }) =>
      lan === undefined ? [] : own.map((text) => ({ address: text.replace(/\/.*/, ''), device: lan })),
    ),
  ]
  return wished.flatMap(({ address, device }) => [
    ...(address.includes(':') ? [wish('sysctl', { name: proxyNdp(device), value: '1' })] : []),
    wish('proxy', { address: canonicalAddress(address), device }),
  ])
}

function nat(config: HostConfig): Wish[] {
  const masquerade = config.masquerade.map(({ from, out }) => ({
    from: canonical(from),
    out,
    behind: guestDevices(from, config).filter((name) => name !== out),
  }))
  const forwards = config.port_forwards.map((forward): Forward => {
    const to = canonicalAddress(forward.to)
    return {
      protocol: forward.protocol,
      port: forward.port,
      device: forward.device ?? null,
      to,
      toPort: forward.to_port ?? forward.port,
      behind: deviceOf(to, config)?.name ?? null,
    }
  })
  return masquerade.length + forwards.length === 0 ? [] : [wish('nat', { masquerade, forwards })]
}

/** The devices behind which there are guests of this net, and guests alone. */
function guestDevices(from: string, config: HostConfig): string[] {
  const net = parsePrefix(from)!
  const isThere = (one: Prefix) => contains(net, one) || contains(one, net)
  const guests = Object.values(config.guests).map(({ device, addresses: own }) => ({
    name: segmentOf(device, config),
    prefixes: own.flatMap((text) => parsePrefix(text) ?? []),
  }))
  const names = [config.taps, config.bridges, config.slip].flatMap((devices) => Object.keys(devices))
  return names.filter((name) => {
    const behind = guests.filter((guest) => guest.name === name).flatMap(({ prefixes }) => prefixes)
    return !hasNic(name, config) && [...prefixesOf(name, config), ...behind].some(isThere)
  })
}

/** The device that a guest is behind: named by the file, or the one whose prefix it is in. */
function deviceOf(address: string, config: HostConfig): Device | undefined {
  const wanted = parsePrefix(address)!
  const guest = Object.values(config.guests).find(({ addresses: own }) =>
    own.some((text) => canonicalAddress(text.replace(/\/.*/, '')) === address),
  )
  if (guest !== undefined) return { name: segmentOf(guest.device, config), prefixes: [] }
  const names = [config.taps, config.bridges, config.slip].flatMap((devices) => Object.keys(devices))
  return names
    .map((name) => ({ name, prefixes: prefixesOf(name, config) }))
    .find(({ prefixes }) => prefixes.some((prefix) => contains(prefix, wanted)))
}
