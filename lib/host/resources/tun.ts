/** A persistent TUN or TAP device: kernel header linux/if_tun.h, Documentation/networking/tuntap.rst. */

import { ip } from '../action.js'
import type { HostLink } from '../reality.js'
import { linkOf } from '../reality.js'
import type { Resource } from '../resource.js'

/** The numbers are null where the file says nothing: then anybody who may open /dev/net/tun may open the device. */
type Params = {
  device: string
  type: 'tap' | 'tun'
  multiQueue: boolean
  uid: number | null
  gid: number | null
}
type Before = { present: boolean }

const add = ({ device, type, multiQueue, uid, gid }: Params) =>
  ip(
    ...['tuntap', 'add', 'dev', device, 'mode', type],
    ...(uid === null ? [] : ['user', uid]),
    ...(gid === null ? [] : ['group', gid]),
    ...(multiQueue ? ['multi_queue'] : []),
  )

/** By `link del`, which takes it also from a guest that has it open: `tuntap del` would be refused. */
const remove = ({ device }: Params) => ip('link', 'del', 'dev', device)

const isSameKind = ({ type, multiQueue }: Params, link: HostLink) =>
  link.tun?.type === type && link.tun.multiQueue === multiQueue && link.tun.persistent

export const tun: Resource<Params, Before> = {
  title({ device, type, multiQueue, uid, gid }) {
    const owner = [uid === null ? '' : `, user ${uid}`, gid === null ? '' : `, group ${gid}`].join('')
    return `${device}: a persistent ${type.toUpperCase()} device${multiQueue ? ' of several queues' : ''}${owner}`
  },
  state(params, reality) {
    const link = linkOf(reality, params.device)
    if (link === undefined) return 'missing'
    const isOwned =
      (params.uid === null || params.uid === link.tun?.uid) &&
      (params.gid === null || params.gid === link.tun?.gid)
    return isSameKind(params, link) && isOwned ? 'made' : 'different'
  },
  before: ({ device }, reality) => ({ present: linkOf(reality, device) !== undefined }),
  make(params, reality) {
    if (this.state(params, reality) === 'made') return []
    // iproute2 makes devices and changes none: what came in the place of the one that was made goes.
    return linkOf(reality, params.device)?.tun === undefined ? [add(params)] : [remove(params), add(params)]
  },
  restore(params, { present }, reality) {
    return present || linkOf(reality, params.device)?.tun?.type !== params.type ? [] : [remove(params)]
  },
  objection(params, reality) {
    const link = linkOf(reality, params.device)
    if (link === undefined || this.state(params, reality) === 'made') return undefined
    return {
      message: `${params.device} is there already, ${otherness(params, link)}`,
      remedy: 'choose another name, or remove that device',
    }
  },
}

/** What of it can't be changed. */
function otherness(params: Params, { kind, tun: found }: HostLink): string {
  if (found === undefined) return `and is ${kind ?? 'no virtual device'}, not a ${params.type}`
  if (!found.persistent) return 'belongs to a program that has it open, and goes with it'
  if (found.type !== params.type || found.multiQueue !== params.multiQueue)
    return `as a ${found.type} of ${found.multiQueue ? 'several queues' : 'one queue'}, which can't be changed`
  const has = (name: string, number: number | undefined) =>
    number === undefined ? `no ${name}` : `${name} ${number}`
  return `with ${has('user', found.uid)} and ${has('group', found.gid)}, which iproute2 can't change`
}
