/**
 * This host answers for an address: proxy ARP, proxy NDP, an address at a time. The kernel does so only where it forwards, and, for IPv6, where
 * `proxy_ndp` is on (wishes.ts); net.ipv4.conf.*.proxy_arp, which answers for all it has routes to, stays off (net/ipv4/arp.c, net/ipv6/ndisc.c).
 */

import { ip } from '../action.js'
import { linkOf } from '../reality.js'
import type { Reality } from '../reality.js'
import type { Resource } from '../resource.js'

type Params = { address: string; device: string }
type Before = { present: boolean }

const isThere = ({ address, device }: Params, reality: Reality) =>
  reality.proxies.some((proxy) => proxy.address === address && proxy.device === device)

export const proxy: Resource<Params, Before> = {
  title: ({ address, device }) => `${device}: answer for ${address}`,
  state: (params, reality) => (isThere(params, reality) ? 'made' : 'missing'),
  before: (params, reality) => ({ present: isThere(params, reality) }),
  make: (params, reality) =>
    isThere(params, reality) ? [] : [ip('neigh', 'add', 'proxy', params.address, 'dev', params.device)],
  restore({ address, device }, { present }, reality) {
    if (present === isThere({ address, device }, reality) || linkOf(reality, device) === undefined) return []
    return present ? [] : [ip('neigh', 'del', 'proxy', address, 'dev', device)]
  },
}
