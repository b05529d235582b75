/** IPv6 of a device that loses it: by an MTU below IPv6's least, or when it is taken down. */

import { addressWords, isIpv6, isOver, isSameAddress } from './ip_address_words.js'
import type { Line } from './batch.js'
import { canBeTold, goesBy, isSameRoute, routeWords } from './ip_route_words.js'
import { linkOf } from './reality.js'
import type { RawFields, Reality } from './reality.js'
import { parsePrefix } from './prefix.js'
import type { Json } from './resource.js'

type JsonFields = { [key: string]: Json }

export type Inet6State = {
  /** Milliseconds since 1970: lifetimes go on. */
  atMs: number
  addresses: JsonFields[]
  routes: { to: string; raw: JsonFields }[]
}

const MS_PER_S = 1000

export const ageOf = ({ atMs }: { atMs: number }): number => Math.max(0, (Date.now() - atMs) / MS_PER_S)

/** What a person gave to it: link-local addresses and the routes of addresses come by themselves. */
export function inet6Of(device: string, reality: Reality): Inet6State {
  const addresses = linkOf(reality, device)?.addresses ?? []
  const routes = [...reality.routes, ...reality.otherRoutes]
  return {
    atMs: Date.now(),
    addresses: addresses.flatMap(({ raw }) => (isGiven(raw) ? [raw as JsonFields] : [])),
    routes: routes.flatMap(({ to, raw, protocol }) =>
      to.address.family === 6 && goesBy(raw, device) && protocol !== 'kernel' && canBeTold(raw)
        ? [{ to: to.text, raw: raw as JsonFields }]
        : [],
    ),
  }
}

const isGiven = (raw: RawFields) =>
  isIpv6(raw) && raw.temporary !== true && raw['stable-privacy'] !== true && raw.scope !== 'link'

/** The lines that bring back what is not there any more. @param all nothing of it will be, whatever is there now */
export function fallenInet6(device: string, state: Inet6State, reality: Reality, all = false): Line[] {
  const ageS = ageOf(state)
  const there = linkOf(reality, device)?.addresses ?? []
  const known = [...reality.routes, ...reality.otherRoutes]
  const lost = state.addresses.filter(
    (raw) => !isOver(raw, ageS) && (all || !there.some((one) => isSameAddress(one.raw, raw))),
  )
  const routes = state.routes.flatMap(({ to, raw }) => {
    const prefix = parsePrefix(to)
    if (prefix === undefined) return []
    const isThere = !all && known.some((one) => isSameRoute(one, { to: prefix, raw }))
    return isThere ? [] : [{ to: prefix, raw }]
  })
  return [
    // The kernel lists the newest first.
    ...lost.reverse().map((raw) => ['addr', 'add', ...addressWords(raw, device, { ageS })]),
    ...routes.map((route) => ['route', 'replace', ...routeWords(route, undefined, ageS)]),
  ]
}
