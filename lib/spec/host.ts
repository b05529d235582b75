/**
 * `{ transport: 'host' }`: a network interface inside this process, one ring of frames to JavaScript and one from it.
 */

import { stationMac } from './address.js'
import type { InputOf, Transport } from './grammar.js'
import { integer, octets } from './kinds.js'
import { refuse } from './refuse.js'

/** A normalised `host` spec. */
export interface HostSpec {
  transport: 'host'
  /** MAC address of the port, canonical. Left out: made up. */
  mac?: string
  /** Longest frame, in octets from the destination MAC to the end, without FCS; 14 to 65535. Default 65535. */
  maxFrame: number
  /** Size of each ring, in octets: a power of two, 64 KiB to 1 GiB, at least four of the longest frames. Default 4 MiB. */
  ringOctets: number
}

/** A `host` spec as it may be given: all but `transport` optional. */
export type HostObject = InputOf<HostSpec>

const MIN_RING = 64 * 1024
const MAX_RING = 2 ** 30
/** Frames of the greatest length that a ring holds at least: with fewer, one side waits for the other at every frame. */
const MIN_FRAMES = 4

export const host: Transport<HostObject, HostSpec> = {
  name: 'host',
  example: { transport: 'host' },
  fields: [{ name: 'mac', kind: stationMac }],
  options: [
    { name: 'maxFrame', kind: integer(14, 65535), default: 65535 },
    { name: 'ringOctets', kind: octets(MIN_RING, MAX_RING), default: 4 * 2 ** 20 },
  ],
  complete(spec) {
    const { maxFrame, ringOctets } = spec
    const place = { transport: 'host', field: 'ringOctets' }
    if (!Number.isInteger(Math.log2(ringOctets))) {
      const above = 2 ** Math.ceil(Math.log2(ringOctets))
      refuse(place, ringOctets, `is not a power of two: allowed are ${above / 2}, ${above} and so on`)
    }
    if (ringOctets < MIN_FRAMES * maxFrame) {
      const least = 2 ** Math.ceil(Math.log2(MIN_FRAMES * maxFrame))
      refuse(place, ringOctets, `is too small for maxFrame ${maxFrame}: allowed are ${least} and more`)
    }
    return spec
  },
}
