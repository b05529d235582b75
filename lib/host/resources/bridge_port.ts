/** A device is a port of a bridge. */

import { ip } from '../action.js'
import { linkOf } from '../reality.js'
import type { Resource } from '../resource.js'

type Params = { device: string; bridge: string }
/** The bridge, or other master, that it was a port of. */
type Before = { master: string | null }

export const bridgePort: Resource<Params, Before> = {
  title: ({ device, bridge }) => `${device}: a port of ${bridge}`,
  state({ device, bridge }, reality) {
    const master = linkOf(reality, device)?.master
    if (master === undefined) return 'missing'
    return master === bridge ? 'made' : 'different'
  },
  before: ({ device }, reality) => ({ master: linkOf(reality, device)?.master ?? null }),
  make(params, reality) {
    const { device, bridge } = params
    return this.state(params, reality) === 'made' ? [] : [ip('link', 'set', 'dev', device, 'master', bridge)]
  },
  restore({ device, bridge }, { master }, reality) {
    const now = linkOf(reality, device)?.master ?? null
    // Somebody put it elsewhere meanwhile (only from here is it ours to take), or it is back already.
    if (now === master || (now !== bridge && now !== null) || linkOf(reality, device) === undefined) return []
    if (master === null) return [ip('link', 'set', 'dev', device, 'nomaster')]
    return linkOf(reality, master) === undefined
      ? leave(device, now)
      : [ip('link', 'set', 'dev', device, 'master', master)]
  },
  objection({ device, bridge }, reality) {
    const master = linkOf(reality, device)?.master
    if (master === undefined || master === bridge) return undefined
    return {
      message: `${device} is a port of ${master} already, and would be taken from there`,
      remedy: `ip link set dev ${device} nomaster, if it is to be ${bridge}'s`,
    }
  },
}

/** Its former bridge is gone: then it is nobody's. */
const leave = (device: string, now: string | null) =>
  now === null ? [] : [ip('link', 'set', 'dev', device, 'nomaster')]
