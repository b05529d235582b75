/** Objections to bridges: ports that are somebody else's, that no bridge can have, or that would cut this host off. */

import { goesBy } from '../ip_route_words.js'
import type { Objection } from '../resource.js'
import type { Check, View } from './view.js'
import { each } from './view.js'

/** What a device has unless told otherwise. */
const USUAL_MTU = 1500
/** Kinds of links without Ethernet addresses (`ip link help`): br_add_if refuses what is no ARPHRD_ETHER. */
const NO_ETHERNET = [
  'wireguard',
  'ipip',
  'sit',
  'gre',
  'ip6tnl',
  'ip6gre',
  'vti',
  'vti6',
  'xfrm',
  'ppp',
  'vrf',
  'ipoib',
]

export const bridges: Check = (view) =>
  each(view.config.bridges, (name, { ports, confirm, mtu }) => [
    ...ports.flatMap((port, index) => {
      const path = ['bridges', name, 'ports', index]
      const objection =
        impossible(view, port, path) ??
        taken(view, name, port, index, path) ??
        addressed(view, name, port) ??
        (confirm ? undefined : cutOff(view, port, path))
      return objection === undefined ? view.unknown(port, path) : [objection]
    }),
    ...unequal(view, name, ports, mtu),
  ])

function impossible(view: View, port: string, path: Objection['path']): Objection | undefined {
  const link = view.link(port)
  const section = view.section(port)
  const carriesIp = section === 'slip' || (section === undefined && link?.tun?.type === 'tun')
  const why =
    port === 'lo'
      ? 'the loopback device'
      : carriesIp
        ? 'a line that carries IP packets, not Ethernet frames'
        : section === 'bridges' || (section === undefined && link?.kind === 'bridge')
          ? 'a bridge itself'
          : section === undefined && link?.kind !== undefined && NO_ETHERNET.includes(link.kind)
            ? `of the kind ${link.kind}, without Ethernet addresses`
            : undefined
  if (why === undefined) return undefined
  return {
    path,
    message: `${port} is ${why}: Linux takes no such port into a bridge`,
    remedy: 'join taps and Ethernet NICs; route to the others',
  }
}

function taken(
  view: View,
  bridge: string,
  port: string,
  index: number,
  path: Objection['path'],
): Objection | undefined {
  const { config } = view
  const first = view.bridgeOf(port)
  if (first !== bridge || config.bridges[bridge]!.ports.indexOf(port) !== index) {
    return {
      path,
      message: `${port} is a port of ${first} in this file already: a device has one bridge at most`,
      remedy: 'take one of the two away',
    }
  }
  const master = view.link(port)?.master
  if (master === undefined || master === bridge || view.owned.has(port)) return undefined
  return {
    path,
    message: `${port} is a port of ${master} on this host: taken out of that, it would cut off whoever uses it`,
    remedy: `ip link set ${port} nomaster, if nobody does; or use ${master}`,
  }
}

/** Of a tap in the file. Those of a NIC move. */
function addressed(view: View, bridge: string, port: string): Objection | undefined {
  if (view.section(port) !== 'taps' || view.config.taps[port]!.addresses.length === 0) return undefined
  return {
    path: ['taps', port, 'addresses'],
    message: `${port} is a port of ${bridge}: an address on it is not heard, since what comes in goes to the bridge`,
    remedy: `move the addresses to bridges.${bridge}.addresses`,
  }
}

function cutOff(view: View, port: string, path: Objection['path']): Objection | undefined {
  const route = view.reality.routes.find(
    ({ to, device, raw }) => to.length === 0 && (device === port || goesBy(raw, port)),
  )
  if (route === undefined || view.section(port) !== undefined) return undefined
  const via = route.via === undefined ? '' : ` via ${route.via}`
  return {
    path,
    message: `${port} carries this host's default route${via}: while its addresses move to the bridge this host is off the network, and a session through it may hang`,
    remedy: 'write confirm: true beside ports if that is what you want, and have a console at hand',
  }
}

/** A bridge cuts nothing: what is too long for a port is lost there, without a word. */
function unequal(view: View, bridge: string, ports: readonly string[], mtu: number | undefined): Objection[] {
  const known = ports.flatMap((port, index) => {
    if (impossible(view, port, []) !== undefined) return []
    const of =
      view.section(port) === 'taps'
        ? (view.config.taps[port]!.mtu ?? USUAL_MTU)
        : view.section(port) === undefined
          ? view.link(port)?.mtu
          : undefined
    return of === undefined ? [] : [{ port, index, mtu: of }]
  })
  const least = known.reduce<(typeof known)[number] | undefined>(
    (best, port) => (best === undefined || port.mtu < best.mtu ? port : best),
    undefined,
  )
  const most = Math.max(...known.map((port) => port.mtu))
  if (least === undefined) return []
  if (mtu !== undefined && mtu > least.mtu) {
    return [
      {
        path: ['bridges', bridge, 'mtu'],
        message: `${mtu} is more than the ${least.mtu} of its port ${least.port}: longer packets are lost there, without a word`,
        remedy: `write mtu: ${least.mtu}, or give ${least.port} mtu: ${mtu}`,
      },
    ]
  }
  // One who says what the bridge is to have knows of it, and sets the guests accordingly.
  if (mtu !== undefined || most === least.mtu) return []
  return [
    {
      path: ['bridges', bridge, 'ports', least.index],
      message: `the MTU of ${least.port} is ${least.mtu}, that of ${known.find((port) => port.mtu === most)!.port} ${most}: a bridge cuts nothing, and longer packets are lost without a word`,
      remedy: `give all ports one mtu; or, if everybody on that LAN is set to ${least.mtu}, write mtu: ${least.mtu} beside ports`,
    },
  ]
}
