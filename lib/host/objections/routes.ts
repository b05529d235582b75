/** Objections to routes: by routers that nobody can reach, to where somebody else's route leads already. */

import { formatIp, isLinkLocalUnicast, parseIp } from '../../spec/ip.js'
import type { Prefix } from '../prefix.js'
import { isHost, parsePrefix, prefixOf, sameAddress } from '../prefix.js'
import type { HostRoute } from '../reality.js'
import type { Objection } from '../resource.js'
import { isWished, metricOf } from '../resources/route.js'
import type { RouteParams } from '../resources/route.js'
import type { Check, View } from './view.js'

export const routes: Check = (view) => [
  ...view.config.routes.flatMap(({ to, via, device }, index) => {
    const path = ['routes', index]
    const net = netOfRoute(to, via)
    const unusable = device === undefined ? [] : view.unusable(device, [...path, 'device'], 'a route')
    if (unusable.length > 0) return unusable
    const bad = via === undefined ? [] : router(view, to, via, device, [...path, 'via'])
    if (bad.length > 0) return bad
    return [...occupied(view, net, { via, device }, path), ...repeated(view, index, net)]
  }),
  ...toGuests(view),
]

/** `default` is IPv4's when no router says otherwise. */
export function netOfRoute(to: string, via: string | undefined): Prefix {
  if (to !== 'default') return parsePrefix(to)!
  return parsePrefix(via !== undefined && parseIp(via)!.family === 6 ? '::/0' : '0.0.0.0/0')!
}

function router(
  view: View,
  to: string,
  via: string,
  device: string | undefined,
  path: Objection['path'],
): Objection[] {
  const address = parseIp(via)!
  if (to !== 'default' && parsePrefix(to)!.address.family !== address.family) {
    const message = `${via} is of the other family than ${to}`
    return [{ path, message, remedy: 'a router of the same family is needed' }]
  }
  const own = view.addresses.find(({ prefix }) => sameAddress(prefix.address, address))
  if (own !== undefined) {
    const message = `${via} is this host's own address, on ${own.device}: a route to oneself leads nowhere`
    return [{ path, message, remedy: 'write the address of the next router' }]
  }
  if (view.isConnected(address, device)) return []
  if (address.family === 6 && isLinkLocalUnicast(address)) {
    return [
      { path, message: `${via} is on every link: which one is meant?`, remedy: 'write device: beside it' },
    ]
  }
  const on = device === undefined ? 'any device' : device
  return [
    {
      path,
      message: `${via} can't be reached: it lies in no net that this host is on by ${on}`,
      remedy: 'write a router within one of them, or give a device an address in its net',
    },
  ]
}

/** The kernel has one route to a net, metrics aside; `ip route add` is refused when there is another. */
function occupied(
  view: View,
  net: Prefix,
  { via, device }: { via?: string; device?: string },
  path: Objection['path'],
): Objection[] {
  const differs = (route: HostRoute, by: string): boolean =>
    (device !== undefined && view.placeOf(by) !== view.placeOf(device)) ||
    (via === undefined ? route.via !== undefined : !isSame(route.via, via))
  const other = view.reality.routes.find(
    (route) =>
      route.to.text === net.text &&
      (route.metric ?? 0) === metricOf(net.text) &&
      !isMade(view, route) &&
      (route.device === undefined || (!view.owned.has(route.device) && differs(route, route.device))),
  )
  if (other === undefined) return []
  const by = [
    other.via === undefined ? '' : `via ${other.via}`,
    `by ${other.device ?? 'several devices or none'}`,
  ]
    .filter(Boolean)
    .join(' ')
  return [
    {
      path,
      message: `this host has a route to ${net.length === 0 ? 'default' : net.text} already, ${by}: it is somebody else's and stays`,
      remedy: 'remove that one first, or leave this one away',
    },
  ]
}

/** By an earlier `up`: then it may be changed. */
const isMade = (view: View, route: HostRoute): boolean =>
  view.made.some(({ kind, params }) => {
    if (kind !== 'route') return false
    const made = params as RouteParams
    return made.to === route.to.text && isWished(made, route)
  })

const isSame = (one: string | undefined, other: string): boolean => {
  const address = one === undefined ? undefined : parseIp(one)
  return address !== undefined && sameAddress(address, parseIp(other)!)
}

function repeated({ config }: View, index: number, net: Prefix): Objection[] {
  const same = config.routes.slice(0, index).findIndex(({ to, via }) => netOfRoute(to, via).text === net.text)
  if (same < 0) return []
  return [
    {
      path: ['routes', index],
      message: `there is a route to ${net.length === 0 ? 'default' : net.text} in the file already: routes[${same}]`,
      remedy: 'leave one away',
    },
  ]
}

/** A guest's route takes what is sent to its address: from whom? */
function toGuests(view: View): Objection[] {
  return view
    .guestAddresses()
    .filter(({ device }) => !view.isBridged(device))
    .flatMap(({ address, device, path }) => {
      const one = prefixOf(address)
      const other = view.reality.routes.find(
        ({ to, device: by }) =>
          isHost(to) && to.text === one.text && by !== undefined && by !== device && !view.owned.has(by),
      )
      if (other === undefined) return []
      return [
        {
          path,
          message: `this host has a route to ${formatIp(address)} already, by ${other.device!}: the guest would steal what goes there`,
          remedy: 'give the guest another address, or remove that route first',
        },
      ]
    })
}
