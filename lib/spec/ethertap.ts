/**
 * `ethertap,DEVICE,MAC,HOST_IP`: a tap by the name of the device that older kernels had for the same purpose. Today's have none, so
 * that a tap stands in for it. Source: arch/um/drivers/ethertap_kern.c in Linux 6.1.
 */

import { stationMac } from './address.js'
import type { InputOf, Transport } from './grammar.js'
import { hostIp, tapName } from './tap_kinds.js'
import { tapNotices, tapOptions } from './tuntap.js'
import type { TuntapSpec } from './tuntap.js'

/** A normalised `ethertap` spec: all of `tuntap`, but for the device, which must be named. */
export interface EthertapSpec extends Omit<TuntapSpec, 'transport' | 'device'> {
  transport: 'ethertap'
  /** The tap's name; it is made if there is none of that name. */
  device: string
}

/** An `ethertap` spec as it may be given; `owner` and `group` also as numbers. */
export type EthertapObject = Omit<InputOf<EthertapSpec, 'device'>, 'owner' | 'group'> & {
  owner?: string | number
  group?: string | number
}

export const ethertap: Transport<EthertapObject, EthertapSpec> = {
  name: 'ethertap',
  example: { transport: 'ethertap', device: 'tap0' },
  fields: [
    { name: 'device', kind: tapName, required: true },
    { name: 'mac', kind: stationMac },
    { name: 'hostIp', kind: hostIp },
  ],
  options: tapOptions,
  notices: tapNotices,
}
