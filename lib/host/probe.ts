/**
 * Addresses that another machine has: what a snapshot of this host can't tell. Whatever `up` would make this host have, or answer for, is asked
 * for on every LAN that it is a net of, as RFC 5227 would have it; somebody who answers is an objection.
 */

import { formatIp, isLinkLocalUnicast, parseIp } from '../spec/ip.js'
import type { IpAddress } from '../spec/ip.js'
import type { HostConfig } from './config.js'
import type { HostFacts } from './objections/view.js'
import { View } from './objections/view.js'
import { contains, isHost, prefixOf, sameAddress } from './prefix.js'
import type { Reality } from './reality.js'
import type { Objection } from './resource.js'

/** `somebody`: a machine with this MAC answers. `unknown`: it could not be asked, and why. */
export type Answer = { is: 'nobody' } | { is: 'somebody'; mac: string } | { is: 'unknown'; why: string }
/** Asks for an address on a device. Only addresses in a net of that device are asked for. */
export type Ask = (address: string, device: string) => Promise<Answer>

export interface Candidate {
  address: IpAddress
  /** The LAN on which to ask. */
  device: string
  path: Objection['path']
}

/** Most that are asked for: each costs a packet or three, and an entry in the kernel's table of neighbours. */
const MOST_ASKED = 256

/** Asks for all at once; what could not be asked for is in the notes. */
export async function addressesAnsweredFor(
  config: HostConfig,
  reality: Reality,
  ask: Ask,
  facts: HostFacts = {},
): Promise<{ objections: Objection[]; notes: string[] }> {
  const all = candidates(config, reality, facts)
  const asked = await Promise.all(
    all.slice(0, MOST_ASKED).map(async ({ address, device, path }) => {
      const text = formatIp(address)
      return { text, device, path, answer: await ask(text, device) }
    }),
  )
  const objections = asked.flatMap(({ text, device, path, answer }) => {
    if (answer.is !== 'somebody') return []
    return [
      {
        path,
        message: `on ${device} another machine answers for ${text} already, ${answer.mac}: each of the two would get what is meant for the other`,
        remedy: 'take an address that is free, or have that machine give it up',
      },
    ]
  })
  const notes = asked.flatMap(({ text, device, answer }) =>
    answer.is === 'unknown' ? [`whether somebody on ${device} has ${text} is not known: ${answer.why}`] : [],
  )
  if (all.length > MOST_ASKED)
    notes.push(`${all.length - MOST_ASKED} more addresses were not asked for: ${MOST_ASKED} are the most`)
  return { objections, notes }
}

/** What to ask for, and where. Not what is made already: then this host, or the guest itself, would answer. */
export function candidates(config: HostConfig, reality: Reality, facts: HostFacts = {}): Candidate[] {
  const view = new View(config, reality, facts)
  const present = reality.links.flatMap(({ addresses }) => addresses.map(({ prefix }) => prefix.address))
  const isAnswered = (address: IpAddress): boolean =>
    reality.proxies.some((proxy) => {
      const other = parseIp(proxy.address)
      return other !== undefined && sameAddress(other, address)
    })
  const own = view.addresses.flatMap(({ prefix, path }) =>
    path === undefined ? [] : [{ address: prefix.address, path }],
  )
  const guests = view.guestAddresses().filter(({ address, device, path }) => {
    if (!view.isBridged(device)) return !hasRoute(view, address, device)
    // On the LAN itself: once there is a way in, the guest may be there, and answer.
    const way = path[0] === 'guests' ? config.guests[path[1]!]!.device : device
    return view.link(way) === undefined
  })
  const proxies = config.proxy_arp.map(({ address }, index) => ({
    address: parseIp(address)!,
    path: ['proxy_arp', index, 'address'],
  }))
  const seen = new Set<string>()
  return [...own, ...guests, ...proxies].flatMap(({ address, path }) => {
    const text = formatIp(address)
    if (seen.has(text) || isLinkLocalUnicast(address) || isAnswered(address)) return []
    if (present.some((other) => sameAddress(other, address))) return []
    seen.add(text)
    return lans(view, address).map((device) => ({ address, device, path }))
  })
}

/** An earlier `up` has given the guest this address: to its device, or to the one that it was behind until now. */
const hasRoute = (view: View, address: IpAddress, device: string): boolean =>
  view.reality.routes.some(
    ({ to, device: by }) =>
      by !== undefined &&
      (by === device || view.owned.has(by)) &&
      isHost(to) &&
      sameAddress(to.address, address),
  )

/** Devices of the host, but for those that are ours, with a net around this address. */
function lans(view: View, address: IpAddress): string[] {
  return view.reality.links
    .filter(({ name, kind, up, addresses }) => {
      if (!up || name === 'lo' || kind === 'tun') return false
      return addresses.some(({ prefix }) => !isHost(prefix) && contains(prefix, prefixOf(address)))
    })
    .map(({ name }) => name)
}
