/**
 * Guests are no routers of this host: what a device's other side says in router advertisements (RFC 4861, 4.2) and IPv6 redirects (4.5) is not
 * believed, or one packet of a guest would make it this host's way out. Documentation/networking/ip-sysctl.rst.
 */

import { sysctl } from '../action.js'
import { linkOf } from '../reality.js'
import type { Reality } from '../reality.js'
import type { Resource } from '../resource.js'

type Params = { device: string }
/** Values by name. */
type Before = { values: { [name: string]: string } }

const NOT_BELIEVED = '0'

/** In the name of a value a device's `.` is a `/`. */
const namesOf = ({ device }: Params): string[] =>
  ['accept_ra', 'accept_redirects'].map((each) => `net.ipv6.conf.${device.replaceAll('.', '/')}.${each}`)

/** Of a device without IPv6 (a small MTU, a kernel without it) there are no such values, and nobody to believe anything. */
const believing = (params: Params, reality: Reality): string[] =>
  namesOf(params).filter((name) => ![undefined, NOT_BELIEVED].includes(reality.sysctl(name)))

export const noRouter: Resource<Params, Before> = {
  title: ({ device }) => `${device}: no router is believed`,
  state(params, reality) {
    if (linkOf(reality, params.device) === undefined) return 'missing'
    return believing(params, reality).length === 0 ? 'made' : 'different'
  },
  before: (params, reality) => ({
    values: Object.fromEntries(believing(params, reality).map((name) => [name, reality.sysctl(name)!])),
  }),
  make(params, reality) {
    // For a plan, where the device is yet to be made.
    const isMissing = linkOf(reality, params.device) === undefined
    const names = isMissing ? namesOf(params) : believing(params, reality)
    return names.map((name) => sysctl(name, NOT_BELIEVED))
  },
  restore(_params, { values }, reality) {
    return Object.entries(values)
      .filter(([name]) => reality.sysctl(name) === NOT_BELIEVED)
      .map(([name, value]) => sysctl(name, value))
  },
}
