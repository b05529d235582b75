/** An address of this host on one of its devices. */

import { batch } from '../batch.js'
import type { Line } from '../batch.js'
import { addressNames, addressWords, collateral, isSameAddress } from '../ip_address_words.js'
import { canBeTold, goesBy, routeWords } from '../ip_route_words.js'
import { parsePrefix } from '../prefix.js'
import { linkOf } from '../reality.js'
import type { HostAddress, RawFields, Reality } from '../reality.js'
import type { Json, Resource } from '../resource.js'

/** `peer`: the other end of a point-to-point line; then the prefix is one host's. */
type Params = { device: string; prefix: string; peer: string | null }
type Before = {
  present: boolean
  /** IPv4 routes by a device that had no IPv4 address: the kernel drops them with the last one. */
  routes: { to: string; raw: { [key: string]: Json } }[]
}

/** As `ip -j addr` would tell it. */
function rawOf({ prefix, peer }: Params): RawFields {
  const [local, length] = prefix.split('/')
  const family = prefix.includes(':') ? 'inet6' : 'inet'
  return { family, local, prefixlen: Number(length), ...(peer === null ? {} : { address: peer }) }
}

const find = (params: Params, reality: Reality): HostAddress | undefined =>
  linkOf(reality, params.device)?.addresses.find(({ raw }) => isSameAddress(raw, rawOf(params)))

const inet4Of = (device: string, reality: Reality): HostAddress[] =>
  (linkOf(reality, device)?.addresses ?? []).filter(({ raw }) => raw.family === 'inet')

export const address: Resource<Params, Before> = {
  title: ({ device, prefix, peer }) =>
    `${device}: address ${prefix}${peer === null ? '' : `, the other end is ${peer}`}`,
  state: (params, reality) => (find(params, reality) === undefined ? 'missing' : 'made'),
  before(params, reality) {
    const { device } = params
    const isFirst = rawOf(params).family === 'inet' && inet4Of(device, reality).length === 0
    const routes = isFirst ? [...reality.routes, ...reality.otherRoutes] : []
    return {
      present: find(params, reality) !== undefined,
      routes: routes.flatMap(({ to, raw }) =>
        to.address.family === 4 && goesBy(raw, device) && canBeTold(raw)
          ? [{ to: to.text, raw: raw as { [key: string]: Json } }]
          : [],
      ),
    }
  },
  make(params, reality) {
    if (find(params, reality) !== undefined) return []
    return batch([['addr', 'add', ...addressWords(rawOf(params), params.device)]])
  },
  restore(params, { present, routes }, reality) {
    const found = find(params, reality)
    const { device } = params
    if (present || linkOf(reality, device) === undefined) return []
    const others = inet4Of(device, reality).filter((one) => one !== found)
    // Also when it is gone already: a step that was cut short may have left the routes to be put back.
    const lost = others.length > 0 ? [] : routes
    const fallen = lost.flatMap(({ to, raw }): Line[] => {
      const prefix = parsePrefix(to)
      return prefix === undefined || (found === undefined && isThere(to, raw, reality))
        ? []
        : [['route', 'replace', ...routeWords({ to: prefix, raw })]]
    })
    if (found === undefined) return batch(fallen)
    const below = collateral(linkOf(reality, device)?.addresses ?? [], [found])
    return batch([
      ['addr', 'del', ...addressNames(found.raw, device)],
      ...below.map(({ raw }) => ['addr', 'replace', ...addressWords(raw, device)]),
      ...fallen,
    ])
  },
}

const isThere = (to: string, raw: RawFields, reality: Reality) =>
  [...reality.routes, ...reality.otherRoutes].some(
    (one) => routeWords(one).join(' ') === routeWords({ to: { text: to }, raw }).join(' '),
  )
