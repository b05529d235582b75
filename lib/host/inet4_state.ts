/**
 * What the kernel drops with the last IPv4 address of a device, though it needs none: its routes, what it answers for, and
 * the neighbours that somebody wrote down (fib_disable_ip).
 */

import type { Line } from './batch.js'
import { canBeTold, goesBy, isSameRoute, routeWords } from './ip_route_words.js'
import { parsePrefix } from './prefix.js'
import { linkOf } from './reality.js'
import type { HostAddress, Reality } from './reality.js'
import type { Json } from './resource.js'
import { inet4NeighboursOf, neighbourLines, without } from './static_neighbours.js'
import type { StaticNeighbour } from './static_neighbours.js'

export type Inet4State = {
  routes: { to: string; raw: { [key: string]: Json } }[]
  proxies: string[]
  /** A journal of an earlier version has none. */
  neighbours?: StaticNeighbour[]
}

export const inet4AddressesOf = (device: string, reality: Reality): HostAddress[] =>
  (linkOf(reality, device)?.addresses ?? []).filter(({ raw }) => raw.family === 'inet')

export const inet4ProxiesOf = (device: string, reality: Reality): string[] =>
  reality.proxies.flatMap((proxy) =>
    proxy.device === device && !proxy.address.includes(':') ? [proxy.address] : [],
  )

/** Of a device without IPv4 addresses; nothing falls where others stay. */
export function inet4Of(device: string, reality: Reality): Inet4State {
  if (inet4AddressesOf(device, reality).length > 0) return { routes: [], proxies: [] }
  return {
    routes: [...reality.routes, ...reality.otherRoutes].flatMap(({ to, raw }) =>
      to.address.family === 4 && goesBy(raw, device) && canBeTold(raw)
        ? [{ to: to.text, raw: raw as { [key: string]: Json } }]
        : [],
    ),
    proxies: inet4ProxiesOf(device, reality),
    neighbours: inet4NeighboursOf(device, reality),
  }
}

/** The lines that bring it back once `victims` are gone. Also when they are gone already: the lines after may have been cut off. */
export function fallenInet4(
  device: string,
  state: Inet4State,
  victims: readonly HostAddress[],
  reality: Reality,
): Line[] {
  const present = inet4AddressesOf(device, reality)
  if (present.some((one) => !victims.includes(one))) return []
  const isFalling = present.length > 0
  const known = [...reality.routes, ...reality.otherRoutes]
  const proxies = inet4ProxiesOf(device, reality)
  return [
    ...state.routes.flatMap(({ to, raw }): Line[] => {
      const prefix = parsePrefix(to)
      if (prefix === undefined) return []
      const isThere = !isFalling && known.some((one) => isSameRoute(one, { to: prefix, raw }))
      return isThere ? [] : [['route', 'replace', ...routeWords({ to: prefix, raw })]]
    }),
    ...state.proxies
      .filter((address) => isFalling || !proxies.includes(address))
      .map((address) => ['neigh', 'add', 'proxy', address, 'dev', device]),
    ...neighbourLines(
      without(state.neighbours ?? [], isFalling ? [] : inet4NeighboursOf(device, reality)),
      device,
    ),
  ]
}
