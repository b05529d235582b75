/** A route of the main table. */

import { ip } from '../action.js'
import { canBeTold, isSameRoute, routeWords } from '../ip_route_words.js'
import { parsePrefix } from '../prefix.js'
import { linkOf } from '../reality.js'
import type { HostRoute, Reality } from '../reality.js'
import type { Json, Resource } from '../resource.js'

/** `to` has its length; the default route is 0.0.0.0/0 or ::/0. At least one of `via` and `device` is given. */
export type RouteParams = { to: string; via: string | null; device: string | null }
/** The route whose place it took, as `ip -j` told it. */
type Before = { present: boolean; replaced: { to: string; raw: { [key: string]: Json } } | null }

/** What `ip route add` without a metric gives: IP6_RT_PRIO_USER, and none in IPv4. */
const IPV6_METRIC = 1024
export const metricOf = (to: string): number => (to.includes(':') ? IPV6_METRIC : 0)

/** Whether this is the route that is wished, or made by such a wish. */
export const isWished = ({ via, device }: RouteParams, route: HostRoute) =>
  (via ?? undefined) === route.via &&
  (device === null || device === route.device) &&
  route.raw.nexthops === undefined

/** The routes whose place the wished one would take, or that it is itself. */
const rivals = ({ to }: RouteParams, reality: Reality): HostRoute[] =>
  reality.routes.filter(
    (route) =>
      route.to.text === to &&
      (route.metric ?? 0) === metricOf(to) &&
      route.raw.tos === undefined &&
      route.raw.from === undefined,
  )

const wordsOf = ({ to, via, device }: RouteParams) => [
  to,
  ...(via === null ? [] : ['via', via]),
  ...(device === null ? [] : ['dev', device]),
]

export const route: Resource<RouteParams, Before> = {
  title: ({ to, via, device }) =>
    `route to ${to}${via === null ? '' : ` via ${via}`}${device === null ? '' : ` by ${device}`}`,
  state(params, reality) {
    const found = rivals(params, reality)
    if (found.some((route) => isWished(params, route))) return 'made'
    return found.length === 0 ? 'missing' : 'different'
  },
  before(params, reality) {
    const [first] = rivals(params, reality)
    if (first === undefined) return { present: false, replaced: null }
    if (this.state(params, reality) === 'made') return { present: true, replaced: null }
    return { present: false, replaced: { to: first.to.text, raw: first.raw as { [key: string]: Json } } }
  },
  make(params, reality) {
    switch (this.state(params, reality)) {
      case 'made':
        return []
      case 'missing':
        return [ip('route', 'add', ...wordsOf(params))]
      case 'different':
        return [ip('route', 'replace', ...wordsOf(params))]
    }
  },
  restore(params, { present, replaced }, reality) {
    if (present) return []
    const found = rivals(params, reality)
    const ours = found.find((route) => isWished(params, route))
    if (replaced === null) return ours === undefined ? [] : [ip('route', 'del', ...wordsOf(params))]
    const former = formerRoute(replaced)
    if (former === undefined || found.some((route) => isSameRoute(route, former))) return []
    // Somebody else's by now, or its device is gone: what is there is not ours.
    if (ours === undefined && found.length > 0) return []
    if (former.device !== undefined && linkOf(reality, former.device) === undefined)
      return ours === undefined ? [] : [ip('route', 'del', ...wordsOf(params))]
    return [ip('route', 'replace', ...routeWords(former))]
  },
  objection(params, reality) {
    if (this.state(params, reality) !== 'different') return undefined
    const [first] = rivals(params, reality)
    if (first === undefined || canBeTold(first.raw)) return undefined
    return {
      message: `there is a route to ${params.to} that has more than can be put back again: ${JSON.stringify(first.raw)}`,
      remedy: `ip route del ${params.to}, if it is not needed`,
    }
  },
}

function formerRoute({ to, raw }: { to: string; raw: { [key: string]: Json } }): HostRoute | undefined {
  const prefix = parsePrefix(to)
  return prefix === undefined
    ? undefined
    : { to: prefix, raw, device: typeof raw.dev === 'string' ? raw.dev : undefined }
}
