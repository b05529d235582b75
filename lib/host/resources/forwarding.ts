/**
 * This host forwards packets between its devices. The one switch of a family sets the value of every device, and more: off again it does not bring
 * back what was different (Documentation/networking/ip-sysctl.rst; net/ipv4/devinet.c, net/ipv6/addrconf.c), so all of it is kept.
 */

import { sysctl } from '../action.js'
import type { Action } from '../action.js'
import type { Reality } from '../reality.js'
import type { Resource } from '../resource.js'

type Family = 'ipv4' | 'ipv6'
type Params = { family: Family }
/** Values by name, the switch itself among them. */
type Before = { values: { [name: string]: string } }

const switches = { ipv4: 'net.ipv4.ip_forward', ipv6: 'net.ipv6.conf.all.forwarding' } as const

/** In the name of a value a device's `.` is a `/`. */
const named = (device: string) => device.replaceAll('.', '/')

/** A host that forwards takes no router's word, unless accept_ra is 2: its own way out would be gone with the switch. */
const HEARS_ROUTERS = '1'
const HEARS_ROUTERS_AND_FORWARDS = '2'

const acceptRa = (device: string) => `net.ipv6.conf.${named(device)}.accept_ra`

/** Devices that have a route or an address by a router's word now. */
const listeners = (reality: Reality): string[] =>
  reality.links
    .map(({ name }) => name)
    .filter(
      (device) =>
        reality.sysctl(acceptRa(device)) === HEARS_ROUTERS &&
        (reality.routes.some(
          (route) => route.protocol === 'ra' && route.device === device && route.to.address.family === 6,
        ) ||
          reality.links.some(({ name, addresses }) => name === device && addresses.some(isByRouter))),
    )

const isByRouter = ({ raw }: { raw: Record<string, unknown> }) =>
  raw.family === 'inet6' &&
  (raw.mngtmpaddr === true || raw.temporary === true || raw.protocol === 'kernel_ra')

/** Every value that the switch has an effect on. */
function concerned(family: Family, reality: Reality): string[] {
  const devices = ['default', ...reality.links.map(({ name }) => named(name))]
  const own = devices.map((device) => `net.${family}.conf.${device}.forwarding`)
  return family === 'ipv4'
    ? [switches.ipv4, 'net.ipv4.conf.all.accept_redirects', ...own]
    : [switches.ipv6, ...own, ...reality.links.map(({ name }) => acceptRa(name))]
}

export const forwarding: Resource<Params, Before> = {
  title: ({ family }) => `forwarding of ${family === 'ipv4' ? 'IPv4' : 'IPv6'}`,
  state({ family }, reality) {
    const found = reality.sysctl(switches[family])
    if (found === undefined) return 'missing'
    return found === '1' ? 'made' : 'different'
  },
  before({ family }, reality) {
    const values: Before['values'] = {}
    for (const name of concerned(family, reality)) {
      const value = reality.sysctl(name)
      if (value !== undefined) values[name] = value
    }
    return { values }
  },
  make(params, reality) {
    const { family } = params
    if (this.state(params, reality) === 'made') return []
    const heard = family === 'ipv6' ? listeners(reality) : []
    return [
      ...heard.map((device) => sysctl(acceptRa(device), HEARS_ROUTERS_AND_FORWARDS)),
      sysctl(switches[family], '1'),
    ]
  },
  restore({ family }, { values }, reality) {
    const main = switches[family]
    const { [main]: former } = values
    const now = reality.sysctl(main)
    // On before: `make` did nothing.
    if (former === undefined || former === '1' || now === undefined) return []
    const isTurned = now !== former
    const actions: Action[] = isTurned ? [sysctl(main, former)] : []
    for (const [name, value] of Object.entries(values)) {
      const current = reality.sysctl(name)
      if (name === main || current === undefined) continue
      const found = isTurned ? afterOff(name, former, current) : current
      const isOurs =
        !name.endsWith('.accept_ra') || (value === HEARS_ROUTERS && found === HEARS_ROUTERS_AND_FORWARDS)
      if (found !== value && isOurs) actions.push(sysctl(name, value))
    }
    return actions
  },
}

/** What a value is once the switch has been turned off. */
function afterOff(name: string, former: string, current: string): string {
  if (name.endsWith('.forwarding')) return former
  if (name === 'net.ipv4.conf.all.accept_redirects') return former === '0' ? '1' : '0'
  return current
}
