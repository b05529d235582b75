/** Objections to guests: behind what is not there, without a host of their family, on a LAN where nobody asks for them. */

import { formatIp, isLinkLocalUnicast, parseIp } from '../../spec/ip.js'
import type { IpAddress } from '../../spec/ip.js'
import { contains, isHost, netOf, parsePrefix, prefixOf, sameAddress } from '../prefix.js'
import type { HostConfig } from '../config.js'
import type { Objection } from '../resource.js'
import { routerAt } from './routers.js'
import type { Check, OwnAddress, View } from './view.js'
import { each } from './view.js'

type Guest = HostConfig['guests'][string]
type Family = IpAddress['family']

export const guests: Check = (view) => [
  ...each(view.config.guests, (name, guest) => {
    const path = ['guests', name]
    const unknown = view.unknown(guest.device, [...path, 'device'])
    if (unknown.length > 0) return unknown
    return [
      ...families(view, guest, path),
      ...line(view, guest, path),
      ...alone(view, guest, path),
      ...gateway(view, guest, path),
      ...resolvers(guest, path),
      ...(guest.lan === undefined ? [] : lan(view, guest, guest.lan, path)),
    ]
  }),
  ...proxies(view),
]

export const familiesOf = ({ addresses }: Guest): Family[] => [
  ...new Set(addresses.map((text) => parsePrefix(text)!.address.family)),
]

/**
 * The addresses of this host that a guest behind `device` can use as its gateway, the best first: of that device, and for IPv4 any but of
 * loopback. (Linux answers ARP for all its addresses on every device, but neighbour solicitations for those of the device alone.)
 */
export function gateways(view: View, device: string, family: Family): IpAddress[] {
  const of = view.addresses.filter((own) => own.prefix.address.family === family && own.device !== 'lo')
  const isGlobal = ({ prefix }: OwnAddress): boolean => !isLinkLocalUnicast(prefix.address)
  const near = of.filter((own) => own.device === device)
  const sorted = [...near.filter(isGlobal), ...near.filter((own) => !isGlobal(own))]
  const found = sorted.length > 0 || family === 6 ? sorted : of.filter(isGlobal)
  return found.map(({ prefix }) => prefix.address)
}

function families(view: View, guest: Guest, path: Objection['path']): Objection[] {
  const section = view.section(guest.device) ?? 'taps'
  if (view.isBridged(guest.device) || section === 'slip') return []
  return familiesOf(guest).flatMap((family) => {
    if (gateways(view, guest.device, family).length > 0) return []
    const index = guest.addresses.findIndex((text) => parsePrefix(text)!.address.family === family)
    return [
      {
        path: [...path, 'addresses', index],
        message: `this host has no IPv${family} address${family === 6 ? ` on ${guest.device}` : ''}: the guest would have nobody to send to`,
        remedy: `give one to ${section}.${guest.device}.addresses`,
      },
    ]
  })
}

/** A line has one guest, and its address is that of the line. */
function line(view: View, guest: Guest, path: Objection['path']): Objection[] {
  if (view.section(guest.device) !== 'slip') return []
  const { guest: end } = view.config.slip[guest.device]!
  return guest.addresses.flatMap((text, index) => {
    const { address } = parsePrefix(text)!
    if (address.family === 6) {
      const message = `${text} is an IPv6 address: ${guest.device} carries IPv4 alone`
      return [{ path: [...path, 'addresses', index], message, remedy: 'use a tap for IPv6' }]
    }
    if (sameAddress(address, parseIp(end)!)) return []
    return [
      {
        path: [...path, 'addresses', index],
        message: `${formatIp(address)} is not the address at the end of ${guest.device}, which is ${end}`,
        remedy: `write ${end}, or change slip.${guest.device}.guest`,
      },
    ]
  })
}

/** Behind a tap there is this host alone. Who has a net there looks for its neighbours on the tap, and finds none of the LAN's. */
function alone(view: View, guest: Guest, path: Objection['path']): Objection[] {
  if (view.isBridged(guest.device) || view.section(guest.device) === 'slip') return []
  return guest.addresses.flatMap((text, index) => {
    const prefix = parsePrefix(text)!
    const isShared = view.addresses.some(
      (own) => own.device === guest.device && !isHost(own.prefix) && contains(own.prefix, netOf(prefix)),
    )
    if (isHost(prefix) || isLinkLocalUnicast(prefix.address) || isShared) return []
    return [
      {
        path: [...path, 'addresses', index],
        message: `${guest.device} is not in the net ${netOf(prefix).text}: the guest would look there for hosts that are elsewhere`,
        remedy: `write ${prefixOf(prefix.address).text}, and it sends everything to this host; or give ${guest.device} an address of that net`,
      },
    ]
  })
}

function gateway(view: View, guest: Guest, path: Objection['path']): Objection[] {
  if (guest.gateway === undefined) return []
  const at = [...path, 'gateway']
  const address = parseIp(guest.gateway)!
  if (!familiesOf(guest).includes(address.family)) {
    const message = `${guest.gateway} is of a family that the guest has no address of`
    return [{ path: at, message, remedy: `give it an IPv${address.family} address, or leave gateway away` }]
  }
  if (guest.addresses.some((text) => sameAddress(parsePrefix(text)!.address, address))) {
    const message = `${guest.gateway} is the guest's own address`
    return [{ path: at, message, remedy: 'write the address of this host, or of the router on the LAN' }]
  }
  const isOwn = view.addresses.some(({ prefix }) => sameAddress(prefix.address, address))
  const isNear = guest.addresses.some((text) => contains(parsePrefix(text)!, prefixOf(address)))
  const isLocal = address.family === 6 && isLinkLocalUnicast(address)
  if (isLocal || (view.isBridged(guest.device) ? isNear : isOwn)) return []
  return [
    {
      path: at,
      message: view.isBridged(guest.device)
        ? `${guest.gateway} is in none of the guest's nets: it can't reach it directly`
        : `${guest.gateway} is no address of this host, which is the guest's only neighbour behind ${guest.device}`,
      remedy: view.isBridged(guest.device)
        ? 'write a router within them'
        : 'leave gateway away; the right one is found',
    },
  ]
}

function resolvers(guest: Guest, path: Objection['path']): Objection[] {
  return guest.resolvers.flatMap((text, index) => {
    const { family } = parseIp(text)!
    if (familiesOf(guest).includes(family)) return []
    return [
      {
        path: [...path, 'resolvers', index],
        message: `${text} is an IPv${family} address, and the guest has none: it can't ask there`,
        remedy: `give the guest an IPv${family} address, or another resolver`,
      },
    ]
  })
}

/** On what device can somebody be answered for? */
function answering(view: View, device: string, path: Objection['path']): Objection[] {
  const unusable = view.unusable(device, path, 'answering')
  if (unusable.length > 0) return unusable
  const link = view.link(device)
  const section = view.section(device)
  if (device !== 'lo' && section !== 'slip' && !(section === undefined && link?.tun?.type === 'tun'))
    return []
  return [
    {
      path,
      message: `nobody asks for addresses on ${device}: it has no ARP`,
      remedy: 'write the NIC, bridge or tap that is on the LAN',
    },
  ]
}

function lan(view: View, guest: Guest, device: string, path: Objection['path']): Objection[] {
  const at = [...path, 'lan']
  if (view.isBridged(guest.device)) {
    return [
      {
        path: at,
        message: `behind ${view.placeOf(guest.device)} the guest is on the LAN itself and answers for itself`,
        remedy: 'leave lan away',
      },
    ]
  }
  if (device === guest.device) {
    const message = `${device} is the guest's own device: the host would answer the guest for itself`
    return [{ path: at, message, remedy: "write the device of the other side, the LAN's" }]
  }
  const unusable = answering(view, device, at)
  if (unusable.length > 0) return unusable
  const nets = view.addresses
    .filter((own) => own.device === device && !isHost(own.prefix) && !isLinkLocalUnicast(own.prefix.address))
    .map(({ prefix }) => prefix)
  const own = guest.addresses.map((text) => parsePrefix(text)!.address)
  const compared = nets.filter(({ address }) => own.some(({ family }) => family === address.family))
  if (
    compared.length === 0 ||
    compared.some((net) => own.some((address) => contains(net, prefixOf(address))))
  )
    return []
  return [
    {
      path: at,
      message: `on ${device} nobody asks for the guest: none of its addresses is in ${compared.map(({ text }) => text).join(' or ')}`,
      remedy: `give it an address of that net, or leave lan away and tell the LAN's router of the guest's net`,
    },
  ]
}

function proxies(view: View): Objection[] {
  return view.config.proxy_arp.flatMap(({ address: text, device }, index) => {
    const path = ['proxy_arp', index]
    const address = parseIp(text)!
    const unusable = answering(view, device, [...path, 'device'])
    if (unusable.length > 0) return unusable
    const own = view.addresses.find(({ prefix }) => sameAddress(prefix.address, address))
    if (own !== undefined) {
      const message = `${text} is this host's own address, on ${own.device}: it answers for that anyway`
      return [{ path: [...path, 'address'], message, remedy: 'leave it away' }]
    }
    // A guest may be a router: then this host answers for it, and sends to it.
    const isGuest = view.guestAddresses().some((guest) => sameAddress(guest.address, address))
    const router = isGuest || isLinkLocalUnicast(address) ? undefined : routerAt(view, address)
    if (router !== undefined) return [{ path: [...path, 'address'], ...router }]
    const same = view.config.proxy_arp
      .slice(0, index)
      .some((other) => other.device === device && sameAddress(parseIp(other.address)!, address))
    const byGuest = Object.entries(view.config.guests).find(
      ([, guest]) =>
        guest.lan === device &&
        guest.addresses.some((each) => sameAddress(parsePrefix(each)!.address, address)),
    )
    if (!same && byGuest === undefined) return []
    const where = same ? 'in the list' : `there by guests.${byGuest![0]}.lan`
    return [{ path, message: `${text} on ${device} is ${where} already`, remedy: 'leave it away' }]
  })
}
