/** A device is a port of a bridge. */

import { ip } from '../action.js'
import { batch } from '../batch.js'
import type { Line } from '../batch.js'
import { linkOf } from '../reality.js'
import type { Reality } from '../reality.js'
import type { Resource } from '../resource.js'

type Params = { device: string; bridge: string }
type Before = {
  /** The bridge, or other master, that it was a port of. */
  master: string | null
  /** The bridge's: one that was given none has that of a port, and when the last of them leaves it has none. */
  mac: string | null
}

export const bridgePort: Resource<Params, Before> = {
  title: ({ device, bridge }) => `${device}: a port of ${bridge}`,
  state({ device, bridge }, reality) {
    const master = linkOf(reality, device)?.master
    if (master === undefined) return 'missing'
    return master === bridge ? 'made' : 'different'
  },
  before: ({ device, bridge }, reality) => ({
    master: linkOf(reality, device)?.master ?? null,
    mac: linkOf(reality, bridge)?.mac ?? null,
  }),
  make(params, reality) {
    const { device, bridge } = params
    return this.state(params, reality) === 'made' ? [] : [ip('link', 'set', 'dev', device, 'master', bridge)]
  },
  restore({ device, bridge }, { master, mac }, reality) {
    if (master === bridge) return []
    const link = linkOf(reality, device)
    const isOurs = link?.master === bridge
    // What somebody made a port of a third bridge meanwhile is his.
    const isBack = link === undefined || (!isOurs && (link.master !== undefined || master === null))
    const isMasterThere = master !== null && linkOf(reality, master) !== undefined
    const away = isMasterThere ? ['master', master] : ['nomaster']
    const isNeeded = !isBack && (isOurs || isMasterThere)
    return batch([
      ...(isNeeded ? [['link', 'set', 'dev', device, ...away]] : []),
      ...macLine(bridge, device, mac, isNeeded && isOurs, reality),
    ])
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

function macLine(
  bridge: string,
  device: string,
  mac: string | null,
  isLeaving: boolean,
  reality: Reality,
): Line[] {
  const link = linkOf(reality, bridge)
  const hasOthers = reality.links.some(({ name, master }) => master === bridge && name !== device)
  if (mac === null || link === undefined || hasOthers || (link.mac === mac && !isLeaving)) return []
  return [['link', 'set', 'dev', bridge, 'address', mac]]
}
