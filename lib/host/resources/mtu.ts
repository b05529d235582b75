/** The MTU of a device, octets of an IP packet. */

import { batch } from '../batch.js'
import { fallenInet6, inet6Of } from '../inet6_state.js'
import type { Inet6State } from '../inet6_state.js'
import { linkOf } from '../reality.js'
import type { Resource } from '../resource.js'

/** IPV6_MIN_MTU: with less the kernel takes IPv6 off the device, with its addresses and routes. */
const INET6_MTU = 1280

type Params = { device: string; mtu: number }
type Before = { mtu: number | null; inet6: Inet6State | null }

export const mtu: Resource<Params, Before> = {
  title: (params) => `${params.device}: MTU ${params.mtu}`,
  state(params, reality) {
    const found = linkOf(reality, params.device)?.mtu
    if (found === undefined) return 'missing'
    return found === params.mtu ? 'made' : 'different'
  },
  before({ device, mtu }, reality) {
    const isLosing = mtu < INET6_MTU
    return {
      mtu: linkOf(reality, device)?.mtu ?? null,
      inet6: isLosing ? inet6Of(device, reality) : null,
    }
  },
  make(params, reality) {
    if (this.state(params, reality) === 'made') return []
    return batch([['link', 'set', 'dev', params.device, 'mtu', params.mtu]])
  },
  restore({ device }, { mtu, inet6 }, reality) {
    const found = linkOf(reality, device)?.mtu
    if (mtu === null || found === undefined) return []
    return batch([
      ...(found === mtu ? [] : [['link', 'set', 'dev', device, 'mtu', mtu]]),
      ...(inet6 === null || mtu < INET6_MTU ? [] : fallenInet6(device, inet6, reality)),
    ])
  },
  identity: ({ device }) => device,
}
