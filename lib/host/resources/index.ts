/** Every kind of resource there is, by name. */

import type { Json, Resource } from '../resource.js'
import { address } from './address.js'
import { bridge } from './bridge.js'
import { bridgeMac } from './bridge_mac.js'
import { bridgePort } from './bridge_port.js'
import { forwarding } from './forwarding.js'
import { move } from './move.js'
import { mtu } from './mtu.js'
import { nat } from './nat.js'
import { noRouter } from './no_router.js'
import { proxy } from './proxy.js'
import { route } from './route.js'
import { sysctl } from './sysctl.js'
import { tun } from './tun.js'
import { tunAccess } from './tun_access.js'
import { up } from './up.js'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- params and before are each kind's own business
export const resources: Readonly<Record<string, Resource<any, any>>> = {
  tun_access: tunAccess,
  tun,
  bridge,
  mtu,
  no_router: noRouter,
  up,
  bridge_mac: bridgeMac,
  bridge_port: bridgePort,
  move,
  address,
  sysctl,
  route,
  proxy,
  nat,
  forwarding,
}

export type { Json }
