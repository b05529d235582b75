/** What of a device moves with it into a bridge: its addresses, and the routes that a person or a DHCP client made by it. */

import { isIpv6, networkOf } from './ip_address_words.js'
import { goesBy } from './ip_route_words.js'
import { contains } from './prefix.js'
import { linkOf } from './reality.js'
import type { HostAddress, HostRoute, Reality } from './reality.js'

/** IP6_RT_PRIO_ADDRCONF: of the route that the kernel makes for an IPv6 address. */
const INET6_ADDRESS_METRIC = 256

/**
 * All but what belongs to the device itself: IPv6's link-local addresses; and its temporary ones (RFC 8981), which only the kernel can make:
 * they go on to be answered for, by the route of their neighbours.
 */
export const addressesToMove = (device: string, reality: Reality): HostAddress[] =>
  (linkOf(reality, device)?.addresses ?? []).filter(
    ({ raw }) => !isIpv6(raw) || (raw.scope !== 'link' && raw.temporary !== true),
  )

export function routesToMove(device: string, reality: Reality): HostRoute[] {
  const addresses = linkOf(reality, device)?.addresses ?? []
  return [...reality.routes, ...reality.otherRoutes].filter(
    (route) =>
      goesBy(route.raw, device) &&
      route.raw.type !== 'multicast' &&
      !isLinkLocalNet(route) &&
      !addresses.some((address) => isRouteOf(address, route)),
  )
}

const isLinkLocalNet = ({ to }: HostRoute) => to.text === 'fe80::/64' || to.text === 'fe80::/10'

/** The kernel made this route when the address was added, and takes it away with it. */
function isRouteOf({ raw, prefix }: HostAddress, { to, protocol, metric, raw: route }: HostRoute): boolean {
  const network = networkOf({ raw, prefix })
  const isSameNet = to.length === network.length && contains(to, network)
  if (protocol !== 'kernel' || raw.noprefixroute === true || !isSameNet) return false
  if (to.address.family === 6) return metric === (raw.metric ?? INET6_ADDRESS_METRIC)
  return (metric ?? 0) === (raw.metric ?? 0) && (raw.secondary === true || route.prefsrc === raw.local)
}
