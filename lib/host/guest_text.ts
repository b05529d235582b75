/**
 * What to type inside each guest, and how its kernel is told of its device: the other half of the set-up, which this host can't do. A pure
 * function of the file, and of what is there for a LAN whose router only the host knows.
 */

import { EthercastError, formatSpec, parseSpec } from '../spec/index.js'
import type { PortSpec, SpecObject } from '../spec/index.js'
import { formatIp, parseIp } from '../spec/ip.js'
import type { IpAddress } from '../spec/ip.js'
import type { HostConfig } from './config.js'
import { gateways, familiesOf } from './objections/guests.js'
import { View } from './objections/view.js'
import { contains, isHost, netOf, parsePrefix, prefixOf, sameAddress } from './prefix.js'
import type { Prefix } from './prefix.js'
import type { Reality } from './reality.js'

type Guest = HostConfig['guests'][string]

export interface GuestText {
  name: string
  /** For a shell: commands, and what is to be known as comments (`# …`). */
  lines: string[]
}

/** Before `up` and after it the text is the same, but for the router of a LAN, which is the host's own then as now. */
export function guestTexts(config: HostConfig, reality: Reality): GuestText[] {
  const view = new View(config, reality, {})
  return Object.entries(config.guests).map(([name, guest]) => {
    const { device, umlLines } = entrance(view, guest)
    return {
      name,
      lines: [
        ...umlLines.map((line) => `# ${line}`),
        ...(view.section(guest.device) === 'slip'
          ? onLine(view, guest, device)
          : onEthernet(view, guest, device)),
        ...guest.resolvers.map((address) => `echo nameserver ${address} >> /etc/resolv.conf`),
      ],
    }
  })
}

/** The guest's name of its device, and what its kernel's command line says of it. */
function entrance(view: View, guest: Guest): { device: string; umlLines: string[] } {
  const one = (umlLine: string): string => `UML: ${umlLine}`
  if (view.section(guest.device) === 'slip') {
    const { host, guest: end } = view.config.slip[guest.device]!
    const station = `--host-ip=${stationNet(end, host)},--gateway=${host},--peer=${end}`
    const far = `slip,${host}/32,line=tun,device=${guest.device}`
    return { device: 'eth0', umlLines: [one(`eth0=slirp,,/usr/bin/ethercast,slirp,${station},${far}`)] }
  }
  const bySwitch = switchLine(view, guest.device)
  if (bySwitch !== undefined) return bySwitch
  if (view.section(guest.device) === 'bridges') {
    const taps = view.config.bridges[guest.device]!.ports.filter((port) => view.section(port) === 'taps')
    const through = taps.length === 0 ? 'a tap that is a port of it' : `a tap of its own: ${taps.join(', ')}`
    return {
      device: 'eth0',
      umlLines: [`UML: eth0=tuntap,TAP, where TAP is a port of ${guest.device}; ${through}`],
    }
  }
  return {
    device: 'eth0',
    umlLines: [
      one(`eth0=tuntap,${guest.device}`),
      `UML from 6.16 on: vec0:transport=tap,ifname=${guest.device},gro=1, and vec0 for eth0 below`,
    ],
  }
}

/** The least net around both ends of a line, which `ethercast slirp` takes for the LAN's: what lies beyond goes to the gateway. */
function stationNet(end: string, host: string): string {
  for (let length = 31; length > 1; length--) {
    const hostIp = `${end}/${length}`
    try {
      parseSpec({ transport: 'slip', line: 'stdio', hostIp, gateway: host })
      return hostIp
    } catch (error) {
      if (!(error instanceof EthercastError)) throw error
    }
  }
  return `${end}/1`
}

/** A tap that is a port of a switch of the file is taken: the guest comes in by another port of that switch. */
function switchLine(view: View, tap: string): { device: string; umlLines: string[] } | undefined {
  for (const { ports } of Object.values(view.config.switches)) {
    const specs = ports.map((port) => parseSpec(port as string | SpecObject))
    if (!specs.some((spec) => spec.transport === 'tuntap' && spec.device === tap)) continue
    const lines = specs.flatMap((spec) => umlSide(spec) ?? [])
    if (lines.length === 0) return { device: 'eth0', umlLines: [`by a port of the switch that has ${tap}`] }
    return { device: lines[0]!.device, umlLines: lines.map(({ line }) => `UML: ${line}`) }
  }
  return undefined
}

/** How a UML guest meets a port of this kind; undefined where it can't, or where it depends. */
function umlSide(spec: PortSpec): { device: string; line: string } | undefined {
  switch (spec.transport) {
    case 'mcast': {
      const positional = formatSpec({
        ...{ transport: 'mcast' },
        group: spec.group,
        port: spec.port,
        ttl: spec.ttl,
      })
      return { device: 'eth0', line: `eth0=${positional}` }
    }
    case 'switch':
      return { device: 'eth0', line: `eth0=daemon,,unix,${spec.socket}` }
    case 'bess':
      return spec.listen === undefined
        ? undefined
        : { device: 'vec0', line: `vec0:transport=bess,dst=${spec.listen}` }
    default:
      return undefined
  }
}

/** UML's device there has no ARP and no net around it: an address at each end. */
function onLine(view: View, guest: Guest, device: string): string[] {
  const { host, guest: end, mtu } = view.config.slip[guest.device]!
  return [
    `ip link set ${device}${mtu === undefined ? '' : ` mtu ${mtu}`} up`,
    `ip addr add ${end} peer ${host} dev ${device}`,
    `ip route add default via ${host}`,
  ]
}

function onEthernet(view: View, guest: Guest, device: string): string[] {
  const mtu = mtuOf(view, guest.device)
  const prefixes = guest.addresses.map((text) => parsePrefix(text)!)
  return [
    `ip link set ${device}${mtu === undefined ? '' : ` mtu ${mtu}`} up`,
    ...prefixes.map(({ text }) => `ip addr add ${text} dev ${device}`),
    ...familiesOf(guest).flatMap((family) => {
      const own = prefixes.filter(({ address }) => address.family === family)
      const gateway = gatewayOf(view, guest, family, own)
      const ip = family === 6 ? 'ip -6' : 'ip'
      if (gateway === undefined) return [`# no IPv${family} router is known on that LAN: no default route`]
      const text = formatIp(gateway)
      // A router outside the guest's nets is on the link all the same.
      const isNear = own.some((prefix) => !isHost(prefix) && contains(prefix, prefixOf(gateway)))
      return [
        ...(isNear ? [] : [`${ip} route add ${text} dev ${device}`]),
        `${ip} route add default via ${text}${isNear ? '' : ` dev ${device}`}`,
      ]
    }),
  ]
}

/** What differs from the guest's own default. */
function mtuOf(view: View, device: string): number | undefined {
  const bridge = view.bridgeOf(device)
  if (bridge !== undefined) return view.config.bridges[bridge]!.mtu ?? view.config.taps[device]?.mtu
  const section = view.section(device)
  return section === 'taps' || section === 'bridges' ? view.config[section][device]!.mtu : undefined
}

function gatewayOf(
  view: View,
  guest: Guest,
  family: IpAddress['family'],
  own: readonly Prefix[],
): IpAddress | undefined {
  const said = guest.gateway === undefined ? undefined : parseIp(guest.gateway)
  if (said?.family === family) return said
  const near = (address: IpAddress): boolean =>
    own.some((prefix) => !isHost(prefix) && contains(prefix, prefixOf(address)))
  if (!view.isBridged(guest.device)) {
    const candidates = gateways(view, guest.device, family)
    return candidates.find(near) ?? candidates[0]
  }
  // On a LAN: the router that this host uses there; on a bridge without any, this host, if it has an address in the net.
  const bridge = view.placeOf(guest.device)
  const router = view.reality.routes.find(
    ({ to, via, device }) =>
      via !== undefined &&
      device !== undefined &&
      to.length === 0 &&
      to.address.family === family &&
      view.placeOf(device) === bridge,
  )?.via
  const address = router === undefined ? undefined : parseIp(router)
  if (address !== undefined && !own.some((prefix) => sameAddress(prefix.address, address))) return address
  const routed = view.config.routes.find(
    ({ to, via }) =>
      to === 'default' && via !== undefined && parseIp(via)!.family === family && near(parseIp(via)!),
  )
  if (routed !== undefined) return parseIp(routed.via!)
  // Who forwards nothing leads nowhere.
  if (!view.config.forwarding.includes(`ipv${family}`)) return undefined
  return view.addresses.find(
    ({ prefix, device }) =>
      device === bridge && !isHost(prefix) && own.some((one) => netOf(one).text === netOf(prefix).text),
  )?.prefix.address
}
