/** Who may open /dev/net/tun: its group and mode. The owner stays. */

import type { Action } from '../action.js'
import type { Resource } from '../resource.js'

export const TUN_DEVICE = '/dev/net/tun'

type Params = { gid: number; mode: number }
type Before = { gid: number; mode: number } | null

const octal = (mode: number) => mode.toString(8).padStart(4, '0')
const set = ({ gid, mode }: Params): Action[] => [{ do: 'access', path: TUN_DEVICE, gid, mode }]

export const tunAccess: Resource<Params, Before> = {
  title: ({ gid, mode }) => `${TUN_DEVICE}: group ${gid}, mode ${octal(mode)}`,
  state({ gid, mode }, reality) {
    const found = reality.access(TUN_DEVICE)
    if (found === undefined) return 'missing'
    return found.gid === gid && found.mode === mode ? 'made' : 'different'
  },
  before(_params, reality) {
    const found = reality.access(TUN_DEVICE)
    return found === undefined ? null : { gid: found.gid, mode: found.mode }
  },
  make(params, reality) {
    return this.state(params, reality) === 'made' ? [] : set(params)
  },
  restore(_params, before, reality) {
    const found = reality.access(TUN_DEVICE)
    if (before === null || found === undefined) return []
    return found.gid === before.gid && found.mode === before.mode ? [] : set(before)
  },
  objection(_params, reality) {
    if (reality.access(TUN_DEVICE) !== undefined) return undefined
    return { message: `there is no ${TUN_DEVICE}`, remedy: 'modprobe tun, or give the container that device' }
  },
  identity: () => null,
}
