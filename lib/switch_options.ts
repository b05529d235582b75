/** What a switch can be told when it is made, and how that is checked. */

import type { NativeOptions } from './binding.js'
import { EthercastError } from './spec/error.js'
import { describe, show } from './spec/refuse.js'

export interface SwitchOptions {
  /** `learning` (default): IEEE 802.1D forwarding. `hub`: every frame to every other port. */
  forwarding?: 'learning' | 'hub'
  /** A station not heard for this long is forgotten, in milliseconds. Default 300 000, as 802.1D has it. */
  ageingMs?: number
  /** Most stations remembered, 1 to 1 048 576; the rest are flooded. Default 16 384. */
  tableSize?: number
  /**
   * Most stations learned on one port, 1 to 1 048 576; the rest are flooded, and a station known on another port stays there. Pinned
   * ones do not count. Default: as many as the table holds. Has no effect on a hub.
   */
  stationLimit?: number
  /**
   * Most frames a second of one port that go to every other one (broadcast, multicast, unknown unicast; in a hub, all), 1 to
   * 1 000 000 000. The rest is dropped as `storm`. A tenth of a second's worth may come at once. Default: no limit.
   */
  stormLimit?: number
  /**
   * What becomes of frames to 01:80:c2:00:00:00 to 0f (spanning tree, LLDP, LACP…), which end at every bridge by 802.1D. `drop` (default)
   * or `forward`. A hub forwards them in any case.
   */
  reserved?: 'drop' | 'forward'
}

const MOST_STATIONS = 2 ** 20
/** Frames a second; native code checks the same. */
export const MOST_STORM = 1_000_000_000

/** @throws EthercastError `ERR_ETHERCAST_FIELD` */
export function checkOptions(options: SwitchOptions): NativeOptions {
  const refuse = (field: string, value: unknown, allowed: string, shown = describe(value)): never => {
    const message = `switch: ${field} ${shown} is not allowed: ${allowed}`
    throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field, value })
  }
  const checkWhole = (field: string, value: number, most: number): void => {
    if (!Number.isInteger(value) || value < 1 || value > most)
      refuse(field, value, `a whole number from 1 to ${most}`)
  }
  const checkWord = (field: string, value: string, words: [string, string]): void => {
    if (!words.includes(value)) refuse(field, value, `'${words[0]}' or '${words[1]}'`, show(value))
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    refuse('options', options, "an object such as { forwarding: 'hub' }, or none")
  }
  const {
    forwarding = 'learning',
    ageingMs = 300_000,
    tableSize = 16_384,
    reserved = 'drop',
    ...rest
  } = options
  const { stationLimit, stormLimit, ...unknown } = rest
  const [key] = Object.keys(unknown)
  if (key !== undefined) {
    refuse(
      key,
      (unknown as Record<string, unknown>)[key],
      'the options are forwarding, ageingMs, tableSize, stationLimit, stormLimit and reserved',
    )
  }
  checkWord('forwarding', forwarding, ['learning', 'hub'])
  checkWord('reserved', reserved, ['drop', 'forward'])
  if (!Number.isFinite(ageingMs) || ageingMs < 1 || ageingMs > 1e12) {
    refuse('ageingMs', ageingMs, '1 to 1e12 milliseconds')
  }
  checkWhole('tableSize', tableSize, MOST_STATIONS)
  if (stationLimit !== undefined) checkWhole('stationLimit', stationLimit, MOST_STATIONS)
  if (stormLimit !== undefined) checkWhole('stormLimit', stormLimit, MOST_STORM)
  return {
    hub: forwarding === 'hub',
    ageingUs: Math.round(ageingMs * 1000),
    tableSize,
    stationLimit: stationLimit ?? 0,
    stormLimit: stormLimit ?? 0,
    forwardReserved: reserved === 'forward',
  }
}
