/** An address of this host on one of its devices. */

import { batch } from '../batch.js'
import type { Line } from '../batch.js'
import { fallenInet4, inet4Of } from '../inet4_state.js'
import type { Inet4State } from '../inet4_state.js'
import { addressNames, addressWords, collateral, isIpv6, isSameAddress } from '../ip_address_words.js'
import { linkOf } from '../reality.js'
import type { HostAddress, RawFields, Reality } from '../reality.js'
import type { Resource } from '../resource.js'

/** `peer`: the other end of a point-to-point line; then the prefix is one host's. */
type Params = { device: string; prefix: string; peer: string | null }
type Before = {
  present: boolean
  inet4: Inet4State
  /** The device had the route of IPv6 multicast: the kernel makes it with the first address, and leaves it. */
  multicast: boolean
}

/** As `ip -j addr` would tell it. */
function rawOf({ prefix, peer }: Params): RawFields {
  const [local, length] = prefix.split('/')
  const family = prefix.includes(':') ? 'inet6' : 'inet'
  return { family, local, prefixlen: Number(length), ...(peer === null ? {} : { address: peer }) }
}

const addressesOf = ({ device }: Params, reality: Reality): HostAddress[] =>
  linkOf(reality, device)?.addresses ?? []
const find = (params: Params, reality: Reality): HostAddress | undefined =>
  addressesOf(params, reality).find(({ raw }) => isSameAddress(raw, rawOf(params)))

export const address: Resource<Params, Before> = {
  title: ({ device, prefix, peer }) =>
    `${device}: address ${prefix}${peer === null ? '' : `, the other end is ${peer}`}`,
  state: (params, reality) => (find(params, reality) === undefined ? 'missing' : 'made'),
  before(params, reality) {
    const isInet4 = !isIpv6(rawOf(params))
    return {
      present: find(params, reality) !== undefined,
      inet4: isInet4 ? inet4Of(params.device, reality) : { routes: [], proxies: [] },
      multicast: reality.multicast.includes(params.device),
    }
  },
  make(params, reality) {
    if (find(params, reality) !== undefined) return []
    return batch([['addr', 'add', ...addressWords(rawOf(params), params.device)]])
  },
  restore(params, before, reality) {
    const { device } = params
    if (before.present || linkOf(reality, device) === undefined) return []
    const found = find(params, reality)
    const victims = found === undefined ? [] : [found]
    const all = addressesOf(params, reality)
    return batch([
      ...victims.map(({ raw }) => ['addr', 'del', ...addressNames(raw, device)]),
      ...collateral(all, victims).map(({ raw }) => ['addr', 'replace', ...addressWords(raw, device)]),
      ...(isIpv6(rawOf(params))
        ? multicastLine(device, before, all, victims, reality)
        : fallenInet4(device, before.inet4, victims, reality)),
    ])
  },
}

/** Not on a device that has other IPv6 addresses, its link-local one among them: then it has that route in its own right. */
function multicastLine(
  device: string,
  { multicast }: Before,
  all: readonly HostAddress[],
  victims: readonly HostAddress[],
  reality: Reality,
): Line[] {
  const hasOthers = all.some((one) => isIpv6(one.raw) && !victims.includes(one))
  if (multicast || hasOthers || !reality.multicast.includes(device)) return []
  return [['route', 'del', 'multicast', 'ff00::/8', 'dev', device, 'table', 'local']]
}
