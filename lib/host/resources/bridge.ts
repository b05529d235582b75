/** A bridge device, without ports: those are a matter of `bridge_port`. */

import { ip } from '../action.js'
import { linkOf } from '../reality.js'
import type { Resource } from '../resource.js'

type Params = { device: string }
type Before = { present: boolean }

export const bridge: Resource<Params, Before> = {
  title: ({ device }) => `${device}: a bridge`,
  state({ device }, reality) {
    const link = linkOf(reality, device)
    if (link === undefined) return 'missing'
    return link.kind === 'bridge' ? 'made' : 'different'
  },
  before: ({ device }, reality) => ({ present: linkOf(reality, device) !== undefined }),
  make(params, reality) {
    return this.state(params, reality) === 'made'
      ? []
      : [ip('link', 'add', 'name', params.device, 'type', 'bridge')]
  },
  restore({ device }, { present }, reality) {
    return present || linkOf(reality, device)?.kind !== 'bridge' ? [] : [ip('link', 'del', 'dev', device)]
  },
  objection({ device }, reality) {
    const link = linkOf(reality, device)
    if (link === undefined || link.kind === 'bridge') return undefined
    return {
      message: `${device} is there already, and is ${link.kind ?? 'no virtual device'}, not a bridge`,
      remedy: 'choose another name, or remove that device',
    }
  },
}
