/**
 * A NIC is a port of a bridge: its addresses and routes are the bridge's then, and come back exactly. Made first on the one and taken from the
 * other after, in one batch: there is no moment without an address, and connections live on. IPv6's link-local address stays with its device.
 */

import type { Action } from '../action.js'
import { batch } from '../batch.js'
import type { Line } from '../batch.js'
import { fallenInet4, inet4Of, inet4ProxiesOf } from '../inet4_state.js'
import type { Inet4State } from '../inet4_state.js'
import { ageOf } from '../inet6_state.js'
import { addressNames, addressWords, collateral, isIpv6, isOver, isSameAddress } from '../ip_address_words.js'
import { canBeTold, isSameRoute, routeKey, routeWords } from '../ip_route_words.js'
import { addressesToMove, routesToMove } from '../movable.js'
import { parsePrefix } from '../prefix.js'
import { linkOf } from '../reality.js'
import type { HostRoute, RawFields, Reality } from '../reality.js'
import type { Json, Resource } from '../resource.js'
import { forgetLines, inet4NeighboursOf, neighbourLines, without } from '../static_neighbours.js'
import type { StaticNeighbour } from '../static_neighbours.js'

type Params = { device: string; bridge: string }
type JsonFields = { [key: string]: Json }
type Before = {
  /** Milliseconds since 1970: lifetimes go on. */
  atMs: number
  addresses: JsonFields[]
  routes: { to: string; raw: JsonFields }[]
  /** Those of the addresses that the bridge had as well. */
  shared: JsonFields[]
  /** What the NIC answered for: the kernel drops that with its addresses, and on a port it would hear no question. */
  proxies: string[]
  /** The bridge answered for these as well. */
  sharedProxies: string[]
  /** Neighbours of the NIC that somebody wrote down, and those of the bridge; a journal of an earlier version has none. */
  neighbours?: StaticNeighbour[]
  sharedNeighbours?: StaticNeighbour[]
  /** Of a bridge that had no IPv4 address. */
  bridge: Inet4State
}

export const move: Resource<Params, Before> = {
  title: ({ device, bridge }) => `${bridge}: the addresses and routes of ${device}`,
  state({ device, bridge }, reality) {
    if (linkOf(reality, device) === undefined || linkOf(reality, bridge) === undefined) return 'missing'
    const isLeft = addressesToMove(device, reality).length > 0 || routesToMove(device, reality).length > 0
    return isLeft ? 'different' : 'made'
  },
  before({ device, bridge }, reality) {
    const addresses = addressesToMove(device, reality).map(({ raw }) => raw as JsonFields)
    const onBridge = linkOf(reality, bridge)?.addresses ?? []
    return {
      atMs: Date.now(),
      addresses,
      routes: routesToMove(device, reality).map(({ to, raw }) => ({ to: to.text, raw: raw as JsonFields })),
      shared: addresses.filter((raw) => onBridge.some((one) => isSameAddress(one.raw, raw))),
      proxies: proxiesToMove(device, reality),
      sharedProxies: inet4ProxiesOf(bridge, reality),
      neighbours: neighboursToMove(device, reality),
      sharedNeighbours: inet4NeighboursOf(bridge, reality),
      bridge: inet4Of(bridge, reality),
    }
  },
  make({ device, bridge }, reality) {
    const addresses = addressesToMove(device, reality).map(({ raw }) => raw)
    const routes = routesToMove(device, reality)
    return batch([
      ...addLines(addresses, bridge, reality),
      ...gatewaysLast(routes).flatMap((route) => routeLines(route, device, bridge, reality)),
      ...proxyLines('add', proxiesToMove(device, reality), bridge, reality),
      ...neighbourLines(
        withoutRivals(neighboursToMove(device, reality), inet4NeighboursOf(bridge, reality)),
        bridge,
      ),
      ...deleteLines(addresses, device, reality),
      ...settle(addresses, bridge, reality),
    ])
  },
  restore({ device, bridge }, before, reality): Action[] {
    const ageS = ageOf(before)
    const nic = linkOf(reality, device)
    const onBridge = linkOf(reality, bridge)?.addresses ?? []
    const back = before.addresses
      .map((raw) => ({ ...raw, ...lifetimesOn([bridge, device], raw, reality, ageS) }))
      .filter((raw) => !isOver(raw, 0))
    const moved = before.addresses.filter(
      (raw) =>
        onBridge.some((one) => isSameAddress(one.raw, raw)) &&
        !before.shared.some((one) => isSameAddress(one, raw)),
    )
    const movedProxies = before.proxies.filter((address) => !before.sharedProxies.includes(address))
    const victims = onBridge.filter((one) => moved.some((raw) => isSameAddress(raw, one.raw)))
    const { neighbours = [], sharedNeighbours = [] } = before
    const fromBridge = [
      ...forgetLines(withoutRivals(neighbours, sharedNeighbours), bridge, reality),
      ...proxyLines('del', movedProxies, bridge, reality),
      ...deleteLines(moved, bridge, reality),
      ...(linkOf(reality, bridge) === undefined ? [] : fallenInet4(bridge, before.bridge, victims, reality)),
    ]
    if (nic === undefined) return batch(fromBridge)
    const all = [...reality.routes, ...reality.otherRoutes]
    const routes = before.routes.flatMap(({ to, raw }): HostRoute[] => {
      const prefix = parsePrefix(to)
      return prefix === undefined ? [] : [{ to: prefix, raw }]
    })
    const lost = routes.filter((route) => !all.some((one) => isSameRoute(one, route)))
    return batch([
      ...addLines(back, device, reality),
      ...gatewaysLast(lost).flatMap((route) => backLines(route, device, bridge, all, ageS)),
      ...proxyLines('add', before.proxies, device, reality),
      ...neighbourLines(without(neighbours, inet4NeighboursOf(device, reality)), device),
      ...fromBridge,
      ...settle(back, device, reality),
    ])
  },
  objection({ device }, reality) {
    const odd = routesToMove(device, reality).find(({ raw }) => !canBeTold(raw))
    if (odd === undefined) return undefined
    return {
      message: `${device} has a route that has more than can be moved with its addresses: ${JSON.stringify(odd.raw)}`,
      remedy: 'take it away, or make it a route of the bridge by hand',
    }
  },
}

const isOn = (device: string, raw: RawFields, reality: Reality) =>
  linkOf(reality, device)?.addresses.find((one) => isSameAddress(one.raw, raw))

/** IPv4 addresses are listed in the order in which they came, IPv6 the newest first. */
const inOrderOfMaking = <Raw extends RawFields>(list: readonly Raw[]): Raw[] => [
  ...list.filter((raw) => !isIpv6(raw)),
  ...list.filter(isIpv6).reverse(),
]

/** IPv6: nobody asked whether another has it, as this host had it a moment ago. */
const addLines = (addresses: readonly RawFields[], device: string, reality: Reality): Line[] =>
  inOrderOfMaking(addresses)
    .filter((raw) => isOn(device, raw, reality) === undefined)
    .map((raw) => ['addr', 'add', ...addressWords(raw, device, { nodad: isIpv6(raw) })])

/** And the flag that said so is taken off again, once the address stands. A step that was cut short may have left that, or `outlived`. */
const settle = (addresses: readonly RawFields[], device: string, reality: Reality): Line[] =>
  addresses
    .filter((raw) => {
      const found = isOn(device, raw, reality)
      if (!isIpv6(raw) || found === undefined) return isIpv6(raw) && raw.nodad !== true
      const isEndless = found.raw.valid_life_time === FOR_EVER_S && raw.valid_life_time !== FOR_EVER_S
      return isEndless || (found.raw.nodad === true && raw.nodad !== true)
    })
    .map((raw) => ['addr', 'change', ...addressWords(raw, device)])

const proxiesToMove = (device: string, reality: Reality): string[] =>
  addressesToMove(device, reality).some(({ raw }) => !isIpv6(raw)) ? inet4ProxiesOf(device, reality) : []

const neighboursToMove = (device: string, reality: Reality): StaticNeighbour[] =>
  addressesToMove(device, reality).some(({ raw }) => !isIpv6(raw)) ? inet4NeighboursOf(device, reality) : []

/** What the bridge has for an address is what counts there. */
const withoutRivals = (list: readonly StaticNeighbour[], others: readonly StaticNeighbour[]) =>
  list.filter(({ address }) => !others.some((one) => one.address === address))

/** Those that are not there yet, or still. */
const proxyLines = (
  verb: 'add' | 'del',
  addresses: readonly string[],
  device: string,
  reality: Reality,
): Line[] => {
  const there = inet4ProxiesOf(device, reality)
  return addresses
    .filter((address) => there.includes(address) === (verb === 'del'))
    .map((address) => ['neigh', verb, 'proxy', address, 'dev', device])
}

/** The last made go first: what a step that was cut short left is then what was made first, and can be completed in order. */
function deleteLines(addresses: readonly RawFields[], device: string, reality: Reality): Line[] {
  const present = linkOf(reality, device)?.addresses ?? []
  const victims = present.filter((one) => addresses.some((raw) => isSameAddress(raw, one.raw)))
  return [
    ...inOrderOfMaking(victims.map(({ raw }) => raw))
      .reverse()
      .flatMap((raw) => [...outlived(raw, device), ['addr', 'del', ...addressNames(raw, device)]]),
    ...collateral(present, victims).map(({ raw }) => ['addr', 'replace', ...addressWords(raw, device)]),
  ]
}

/** The kernel takes the route of an IPv6 address along only if that was to be valid for ever; else it leaves it to expire. */
const outlived = (raw: RawFields, device: string): Line[] =>
  isIpv6(raw) && raw.valid_life_time !== FOR_EVER_S && raw.noprefixroute !== true
    ? [
        [
          'addr',
          'change',
          ...addressWords({ ...raw, valid_life_time: FOR_EVER_S, preferred_life_time: FOR_EVER_S }, device),
          'valid_lft',
          'forever',
          'preferred_lft',
          'forever',
        ],
      ]
    : []

/** A gateway must be reachable by a route that is there. */
const gatewaysLast = (routes: readonly HostRoute[]): HostRoute[] => {
  const hasGateway = ({ raw }: HostRoute) =>
    raw.gateway !== undefined || raw.via !== undefined || raw.nexthops !== undefined
  return [...routes.filter((route) => !hasGateway(route)), ...routes.filter(hasGateway)]
}

/** `replace` takes the first of its key, and does it without a moment in between; of several each is named. */
function routeLines(route: HostRoute, from: string, to: string, reality: Reality): Line[] {
  const all = [...reality.routes, ...reality.otherRoutes]
  const words = routeWords(route, { from, to })
  const isAlone = all.filter((one) => routeKey(one) === routeKey(route)).length === 1
  if (isAlone) return [['route', 'replace', ...words]]
  return [
    ['route', 'del', ...routeWords(route)],
    ['route', 'append', ...words],
  ]
}

function backLines(
  route: HostRoute,
  device: string,
  bridge: string,
  all: readonly HostRoute[],
  ageS: number,
): Line[] {
  const moved = { to: route.to, raw: substituted(route.raw, device, bridge) }
  const words = routeWords(route, undefined, ageS)
  const rivals = all.filter((one) => routeKey(one) === routeKey(route))
  const now = rivals.find((one) => isSameRoute(one, moved))
  if (rivals.length === 0 || (rivals.length === 1 && now !== undefined))
    return [['route', 'replace', ...words]]
  return [...(now === undefined ? [] : [['route', 'del', ...routeWords(now)]]), ['route', 'append', ...words]]
}

/** The same fields with another device. */
const substituted = (raw: RawFields, from: string, to: string): RawFields =>
  JSON.parse(JSON.stringify(raw), (key, value: unknown) =>
    key === 'dev' && value === from ? to : value,
  ) as RawFields

/**
 * Seconds from now: as long as the address has on one of the devices, where they may have been renewed, else what is left of them. One that was to
 * be valid for a time is for ever only by `outlived`, of a step that was cut short.
 */
function lifetimesOn(devices: readonly string[], raw: RawFields, reality: Reality, ageS: number): RawFields {
  const found = devices
    .map((device) => isOn(device, raw, reality)?.raw)
    .find(
      (one) =>
        one !== undefined && (one.valid_life_time !== FOR_EVER_S || raw.valid_life_time === FOR_EVER_S),
    )
  const aged = (value: unknown) =>
    typeof value === 'number' && value !== FOR_EVER_S ? Math.max(0, Math.round(value - ageS)) : value
  return found === undefined
    ? { valid_life_time: aged(raw.valid_life_time), preferred_life_time: aged(raw.preferred_life_time) }
    : { valid_life_time: found.valid_life_time, preferred_life_time: found.preferred_life_time }
}

/** INFINITY_LIFE_TIME of linux/if_addr.h. */
const FOR_EVER_S = 0xffff_ffff
