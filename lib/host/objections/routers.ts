/** Routers that this host sends by: nobody else may have their addresses, also while they are silent. */

import { formatIp, parseIp } from '../../spec/ip.js'
import type { IpAddress } from '../../spec/ip.js'
import { sameAddress } from '../prefix.js'
import type { HostRoute, RawFields } from '../reality.js'
import type { Objection } from '../resource.js'
import type { View } from './view.js'

interface Hop {
  via: string
  device?: string
}

/** @param device what the address will be behind: a router there is the one that is meant */
export function routerAt(
  view: View,
  address: IpAddress,
  device?: string,
): Omit<Objection, 'path'> | undefined {
  const hops = [
    ...[...view.reality.routes, ...view.reality.otherRoutes].flatMap(hopsOf),
    // Without a device it is reached by whatever has the address, a guest too.
    ...view.config.routes.flatMap(({ via, device: by }) =>
      via === undefined || (by === undefined && device !== undefined) ? [] : [{ via, device: by }],
    ),
  ]
  const found = hops.find(({ via, device: by }) => {
    const other = parseIp(via)
    if (other === undefined || !sameAddress(other, address)) return false
    return by === undefined || device === undefined || (by !== device && !view.owned.has(by))
  })
  if (found === undefined) return undefined
  const by = found.device === undefined ? '' : ` by ${found.device}`
  return {
    message: `${formatIp(address)} is a router that this host sends to${by}: whoever else has that address cuts it off`,
    remedy: 'take an address that is free',
  }
}

const hopsOf = ({ via, device, raw }: HostRoute): Hop[] => {
  if (via !== undefined) return [{ via, device }]
  const { nexthops } = raw
  return Array.isArray(nexthops)
    ? (nexthops as RawFields[]).flatMap(({ gateway, dev }) =>
        typeof gateway === 'string'
          ? [{ via: gateway, device: typeof dev === 'string' ? dev : undefined }]
          : [],
      )
    : []
}
