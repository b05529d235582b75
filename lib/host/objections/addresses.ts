/** Objections to addresses: two devices with one address, two with nets that overlap, a line from a host to itself. */

import { formatIp, isLinkLocalUnicast, parseIp } from '../../spec/ip.js'
import { contains, isHost, netOf, sameAddress } from '../prefix.js'
import type { Objection } from '../resource.js'
import { routerAt } from './routers.js'
import type { Check, OwnAddress, View } from './view.js'
import { each, whose } from './view.js'

export const addresses: Check = (view) => [
  ...pairs(view),
  ...each(view.config.slip, (name, { host, guest }) =>
    sameAddress(parseIp(host)!, parseIp(guest)!)
      ? [
          {
            path: ['slip', name, 'guest'],
            message: `${guest} is the host's address too: a line has one address at each end`,
            remedy: 'give the guest another',
          },
        ]
      : [],
  ),
  ...ofGuests(view),
]

/** Every address of the file with those before it, and with those of the host. */
function pairs(view: View): Objection[] {
  return view.addresses.flatMap((own, at) => {
    if (own.path === undefined) return []
    for (const other of view.addresses.filter((each, index) => each.path === undefined || index < at)) {
      const objection = same(own, other) ?? overlap(own, other)
      if (objection !== undefined) return [{ path: own.path, ...objection }]
    }
    return []
  })
}

/** Each link has its own. */
const isLocal = ({ prefix }: OwnAddress): boolean => isLinkLocalUnicast(prefix.address)

function same(own: OwnAddress, other: OwnAddress): Omit<Objection, 'path'> | undefined {
  if (!sameAddress(own.prefix.address, other.prefix.address)) return undefined
  const text = formatIp(own.prefix.address)
  if (own.device === other.device) {
    // What the host has there already is what is wished.
    if (other.path === undefined) return undefined
    return { message: `${text} is on ${own.device} twice`, remedy: 'leave one away' }
  }
  if (own.shares || other.shares || isLocal(own)) return undefined
  return {
    message: `${text} is the address of ${whose(other)}, too: answers to it may come in anywhere`,
    remedy: `write another; or share_address: true beside it, and /${own.prefix.address.family === 4 ? 32 : 128} behind it, to save addresses`,
  }
}

function overlap(own: OwnAddress, other: OwnAddress): Omit<Objection, 'path'> | undefined {
  if (own.device === other.device || isHost(own.prefix) || isHost(other.prefix) || isLocal(own))
    return undefined
  if (!contains(own.prefix, netOf(other.prefix)) && !contains(other.prefix, netOf(own.prefix)))
    return undefined
  const net = netOf(other.prefix).text
  return {
    message: `${own.prefix.text} overlaps with ${net} of ${whose(other)}: this host can't tell on which of the two an address is, and one of them is cut off`,
    remedy: `take another net; or one address of it, ${formatIp(own.prefix.address)}/${own.prefix.address.family === 4 ? 32 : 128}, with the guests' routes and proxy ARP (guests.NAME.lan)`,
  }
}

function ofGuests(view: View): Objection[] {
  const all = view.guestAddresses()
  return all.flatMap(({ address, device, path, guest }, at) => {
    const text = formatIp(address)
    const local = isLinkLocalUnicast(address)
    const own = view.addresses.find(
      (each) => sameAddress(each.prefix.address, address) && (!local || each.device === device),
    )
    // A line whose two ends are the same has been told already.
    if (own !== undefined && !(own.path?.[0] === 'slip' && path[0] === 'slip' && own.device === device)) {
      return [
        {
          path,
          message: `${text} is this host's own address, on ${whose(own)}: a guest that has it too steals what is meant for the host`,
          remedy: 'give the guest an address of its own',
        },
      ]
    }
    const router = local ? undefined : routerAt(view, address, device)
    if (router !== undefined) return [{ path, ...router }]
    const before = all
      .slice(0, at)
      .find(
        (each) =>
          sameAddress(each.address, address) &&
          (!local || each.device === device) &&
          !sameEnd(each, { device, path }),
      )
    if (before === undefined) return []
    return [
      {
        path,
        message:
          before.guest === guest
            ? `${text} is here twice`
            : `${text} is ${before.guest}'s address, too: one of the two gets the packets of both`,
        remedy: before.guest === guest ? 'leave one away' : 'give each its own',
      },
    ]
  })
}

/** A guest at the end of a line has the address that the line says. */
const sameEnd = (
  one: { device: string; path: Objection['path'] },
  other: { device: string; path: Objection['path'] },
): boolean => one.device === other.device && one.path[0] !== other.path[0]
