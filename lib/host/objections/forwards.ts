/** Objections to what crosses this host: forwarding that is missing, masquerading and port forwards that lead nowhere, taps of two programs. */

import { EthercastError, parseSpec } from '../../spec/index.js'
import type { SpecObject } from '../../spec/index.js'
import { isLinkLocalUnicast, parseIp } from '../../spec/ip.js'
import type { IpAddress } from '../../spec/ip.js'
import { contains, parsePrefix, prefixOf, sameAddress } from '../prefix.js'
import type { Objection } from '../resource.js'
import { familiesOf } from './guests.js'
import { netOfRoute } from './routes.js'
import type { Check, View } from './view.js'

export const forwards: Check = (view) => [
  ...forwarding(view),
  ...masquerading(view),
  ...ports(view),
  ...switchTaps(view),
]

/** Once a family, at the first that needs it. */
function forwarding(view: View): Objection[] {
  const { config } = view
  const wants: [family: IpAddress['family'], path: Objection['path'], what: string][] = [
    ...Object.entries(config.guests)
      .filter(([, { lan, device }]) => lan !== undefined && !view.isBridged(device))
      .flatMap(([name, guest]) =>
        familiesOf(guest).map((family): (typeof wants)[number] => [
          family,
          ['guests', name, 'lan'],
          `the guest ${name} and ${guest.lan} reach each other`,
        ]),
      ),
    ...config.masquerade.map(({ from, out }, index): (typeof wants)[number] => [
      parsePrefix(from)!.address.family,
      ['masquerade', index],
      `packets from ${from} leave by ${out}`,
    ]),
    ...config.port_forwards.map(({ to, port }, index): (typeof wants)[number] => [
      parseIp(to)!.family,
      ['port_forwards', index],
      `port ${port} leads to ${to}`,
    ]),
  ]
  return ([4, 6] as const).flatMap((family) => {
    const first = wants.find(([each]) => each === family)
    const name = `ipv${family}` as const
    if (first === undefined || config.forwarding.includes(name)) return []
    const all = [...config.forwarding, name].sort()
    return [
      {
        path: first[1],
        message: `so that ${first[2]}, this host has to forward IPv${family}, and the file does not say so`,
        remedy: `add the line: forwarding: [${all.join(', ')}]`,
      },
    ]
  })
}

function masquerading(view: View): Objection[] {
  return view.config.masquerade.flatMap(({ from, out }, index) => {
    const path = ['masquerade', index]
    const unusable = view.unusable(out, [...path, 'out'], 'masquerading')
    if (unusable.length > 0) return unusable
    const net = parsePrefix(from)!
    const inside = view.addresses.find(
      ({ device, prefix }) => device === out && net.length > 0 && contains(net, prefixOf(prefix.address)),
    )
    if (inside !== undefined) {
      return [
        {
          path: [...path, 'out'],
          message: `${out} is in ${from} itself: nothing leaves that net by it`,
          remedy: 'write the device that leads out',
        },
      ]
    }
    const same = view.config.masquerade
      .slice(0, index)
      .some((other) => other.out === out && parsePrefix(other.from)!.text === net.text)
    return same ? [{ path, message: `${from} by ${out} is here twice`, remedy: 'leave one away' }] : []
  })
}

function ports(view: View): Objection[] {
  const { config } = view
  return config.port_forwards.flatMap((forward, index) => {
    const path = ['port_forwards', index]
    const to = parseIp(forward.to)!
    const unusable =
      forward.device === undefined ? [] : view.unusable(forward.device, [...path, 'device'], 'a port forward')
    if (unusable.length > 0) return unusable
    const own = view.addresses.find(({ prefix }) => sameAddress(prefix.address, to))
    if (own !== undefined) {
      const message = `${forward.to} is this host itself (${own.device}), not a guest`
      return [{ path: [...path, 'to'], message, remedy: "write the guest's address" }]
    }
    if (!isReachable(view, to)) {
      const message = `${forward.to} can't be reached from this host: it is no guest's, in no net that it is on, and no route leads there`
      return [{ path: [...path, 'to'], message, remedy: 'add the guest under guests:, or a route' }]
    }
    const before = config.port_forwards
      .slice(0, index)
      .findIndex(
        (other) =>
          other.protocol === forward.protocol &&
          other.port === forward.port &&
          parseIp(other.to)!.family === to.family &&
          (other.device === undefined || forward.device === undefined || other.device === forward.device),
      )
    if (before < 0) return []
    return [
      {
        path: [...path, 'port'],
        message: `${forward.protocol} port ${forward.port} leads to ${config.port_forwards[before]!.to} already (port_forwards[${before}])`,
        remedy: 'take another port, or another device for each',
      },
    ]
  })
}

function isReachable(view: View, to: IpAddress): boolean {
  if (to.family === 6 && isLinkLocalUnicast(to)) return false
  const one = prefixOf(to)
  return (
    view.isConnected(to) ||
    view.config.routes.some((route) => contains(netOfRoute(route.to, route.via), one)) ||
    view.reality.routes.some((route) => contains(route.to, one))
  )
}

/** A tap is one program's, unless it has several queues. */
function switchTaps(view: View): Objection[] {
  const users = new Map<string, string>()
  return Object.entries(view.config.switches).flatMap(([name, { ports: specs }]) =>
    specs.flatMap((spec, index) => {
      const device = tapOf(spec)
      if (device === undefined || device === '') return []
      const first = users.get(device)
      users.set(device, first ?? name)
      const path = ['switches', name, 'ports', index]
      if (view.section(device) === 'slip' || view.section(device) === 'bridges') {
        const message = `${device} is a ${view.section(device) === 'slip' ? 'line' : 'bridge'} in this file: a tap is needed`
        return [{ path, message, remedy: 'add one under taps:, and join it with the bridge if need be' }]
      }
      if (
        first === undefined ||
        !Object.hasOwn(view.config.taps, device) ||
        view.config.taps[device]!.queues > 1
      )
        return []
      const message = `${device} is a port of ${first === name ? 'this switch' : first} already: one program at a time can open a tap`
      return [
        { path, message, remedy: `add another tap${first === name ? '' : `, or taps.${device}.queues: 2`}` },
      ]
    }),
  )
}

function tapOf(spec: string | Record<string, unknown>): string | undefined {
  try {
    const parsed = parseSpec(spec as string | SpecObject)
    return parsed.transport === 'tuntap' || parsed.transport === 'ethertap' ? parsed.device : undefined
  } catch (error) {
    if (error instanceof EthercastError) return undefined
    throw error
  }
}
