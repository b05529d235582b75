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
/** Null: there was no such device. */
type Before = { uid: number | null; gid: number | null } | null

const add = ({ device, type, multiQueue, uid, gid }: Params) =>
  ip(
    ...['tuntap', 'add', 'dev', device, 'mode', type],
    ...(uid === null ? [] : ['user', uid]),
    ...(gid === null ? [] : ['group', gid]),
    ...(multiQueue ? ['multi_queue'] : []),
  )

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
  before({ device }, reality) {
    const link = linkOf(reality, device)
    return link === undefined ? null : { uid: link.tun?.uid ?? null, gid: link.tun?.gid ?? null }
  },
  make(params, reality) {
    return this.state(params, reality) === 'made' ? [] : [add(params)]
  },
  restore(params, before, reality) {
    const link = linkOf(reality, params.device)
    if (link?.kind !== 'tun') return []
    // By `link del`, which takes it also from a guest that has it open: `tuntap del` would be refused.
    if (before === null)
      return link.tun?.type === params.type ? [ip('link', 'del', 'dev', params.device)] : []
    const isBack =
      (before.uid === null || before.uid === link.tun?.uid) &&
      (before.gid === null || before.gid === link.tun?.gid)
    return isBack ? [] : [add({ ...params, ...before })]
  },
  objection(params, reality) {
    const link = linkOf(reality, params.device)
    if (link === undefined || this.state(params, reality) === 'made') return undefined
    const { device, type } = params
    const other = 'choose another name, or remove that device'
    if (link.tun === undefined)
      return {
        message: `${device} is there already, and is ${link.kind ?? 'no virtual device'}, not a ${type}`,
        remedy: other,
      }
    if (!link.tun.persistent)
      return { message: `${device} belongs to a program that has it open, and goes with it`, remedy: other }
    if (!isSameKind(params, link))
      return {
        message: `${device} is there already as a ${link.tun.type} of ${link.tun.multiQueue ? 'several queues' : 'one queue'}, which can't be changed`,
        remedy: other,
      }
    const gains = (wished: number | null, has: number | undefined) => wished !== null && has === undefined
    if (gains(params.uid, link.tun.uid) || gains(params.gid, link.tun.gid))
      return {
        message: `${device} is there already without ${gains(params.uid, link.tun.uid) ? 'an owner' : 'a group'}; one that it is given can't be taken away again`,
        remedy: `ip link del ${device}, and it is made anew; or leave owner and group out`,
      }
    return undefined
  },
}
