/**
 * A bridge has the MAC of one of its ports: so that the neighbours' ARP entries and the DHCP server's lease go on to be right when that NIC's
 * addresses move. Made before the NIC joins, as a bridge that was given no MAC changes its own with its ports.
 */

import { ip } from '../action.js'
import { linkOf } from '../reality.js'
import type { Resource } from '../resource.js'

type Params = { bridge: string; device: string }
type Before = { mac: string | null }

export const bridgeMac: Resource<Params, Before> = {
  title: ({ bridge, device }) => `${bridge}: the MAC of ${device}`,
  state({ bridge, device }, reality) {
    const wished = linkOf(reality, device)?.mac
    const found = linkOf(reality, bridge)?.mac
    if (wished === undefined || found === undefined) return 'missing'
    return found === wished ? 'made' : 'different'
  },
  before: ({ bridge }, reality) => ({ mac: linkOf(reality, bridge)?.mac ?? null }),
  make(params, reality) {
    const mac = linkOf(reality, params.device)?.mac
    if (mac === undefined || this.state(params, reality) === 'made') return []
    return [ip('link', 'set', 'dev', params.bridge, 'address', mac)]
  },
  restore({ bridge }, { mac }, reality) {
    const found = linkOf(reality, bridge)?.mac
    return mac === null || found === undefined || found === mac
      ? []
      : [ip('link', 'set', 'dev', bridge, 'address', mac)]
  },
}
