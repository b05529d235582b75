/** A device is up. Down again it loses its IPv6 addresses and what it answers for, also those that it had when it was down before. */

import { ip } from '../action.js'
import { batch } from '../batch.js'
import { fallenInet6, inet6Of } from '../inet6_state.js'
import type { Inet6State } from '../inet6_state.js'
import { linkOf } from '../reality.js'
import type { Resource } from '../resource.js'

type Params = { device: string }
/** Of a device that was down. Null: it was up, or not there. */
type Before = { inet6: Inet6State; proxies: string[] } | null

export const up: Resource<Params, Before> = {
  title: ({ device }) => `${device}: up`,
  state({ device }, reality) {
    const link = linkOf(reality, device)
    if (link === undefined) return 'missing'
    return link.up ? 'made' : 'different'
  },
  before({ device }, reality) {
    const link = linkOf(reality, device)
    if (link === undefined || link.up) return null
    const proxies = reality.proxies.filter((proxy) => proxy.device === device).map(({ address }) => address)
    return { inet6: inet6Of(device, reality), proxies }
  },
  make(params, reality) {
    return this.state(params, reality) === 'made' ? [] : [ip('link', 'set', 'dev', params.device, 'up')]
  },
  restore({ device }, before, reality) {
    const link = linkOf(reality, device)
    if (before === null || link === undefined) return []
    const lost = before.proxies.filter(
      (address) =>
        link.up || !reality.proxies.some((proxy) => proxy.device === device && proxy.address === address),
    )
    return batch([
      ...(link.up ? [['link', 'set', 'dev', device, 'down']] : []),
      ...fallenInet6(device, before.inet6, reality, link.up),
      ...lost.map((address) => ['neigh', 'add', 'proxy', address, 'dev', device]),
    ])
  },
}
