/** Objections to devices: made by somebody else, in two sections, nobody's; to their MTUs; and to accounts that nobody has. */

import type { HostLink } from '../reality.js'
import type { Objection } from '../resource.js'
import { parsePrefix } from '../prefix.js'
import type { Check, Section, View } from './view.js'
import { each, SECTIONS } from './view.js'

/** Without it Linux takes IPv6 off a device (IPV6_MIN_MTU, RFC 8200 section 5). */
const LEAST_MTU_IPV6 = 1280

export const devices: Check = (view) => [
  ...twice(view),
  ...each(view.config.taps, (name, tap) => foreign(view, 'taps', name, 'tap', tap)),
  ...each(view.config.slip, (name, line) => foreign(view, 'slip', name, 'tun', line)),
  ...each(view.config.bridges, (name) => foreignBridge(view, name)),
  ...smallMtu(view),
  ...accounts(view),
  ...tunDevice(view),
]

function twice({ config }: View): Objection[] {
  return SECTIONS.slice(1).flatMap((section, at) =>
    Object.keys(config[section]).flatMap((name) => {
      const before = SECTIONS.slice(0, at + 1).find((other) => Object.hasOwn(config[other], name))
      if (before === undefined) return []
      return [
        {
          path: [section, name],
          message: `${name} is in ${before} as well: one name is one device`,
          remedy: 'give one of them another name',
        },
      ]
    }),
  )
}

const KINDS: Record<string, string> = { tun: 'a tap or tun device', veth: 'one end of a veth pair' }
const kindText = ({ kind, tun }: HostLink): string =>
  tun !== undefined
    ? `a ${tun.type} device`
    : kind === undefined
      ? 'hardware'
      : (KINDS[kind] ?? `of the kind ${kind}`)

const notOurs = (section: Section, name: string, why: string): Objection => ({
  path: [section, name],
  message: `${name} is there already, and somebody else's: ${why}. What this file did not make it neither changes nor removes`,
  remedy: 'take another name, or remove that device first',
})

function foreign(
  view: View,
  section: 'taps' | 'slip',
  name: string,
  type: 'tap' | 'tun',
  wished: { owner?: string | number; group?: string | number; queues?: number },
): Objection[] {
  const link = view.link(name)
  if (link === undefined || view.owned.has(name)) return []
  const { tun } = link
  if (link.kind !== 'tun' || tun === undefined) return [notOurs(section, name, `it is ${kindText(link)}`)]
  if (tun.type !== type) return [notOurs(section, name, `it is a ${tun.type} device, not a ${type}`)]
  if (!tun.persistent)
    return [notOurs(section, name, 'a program that runs has made it, and it goes when that ends')]
  const { uid, gid } = view
  const owner = wished.owner === undefined ? undefined : uid(wished.owner)
  if ((wished.owner === undefined || owner !== undefined) && tun.uid !== owner)
    return [
      notOurs(
        section,
        name,
        `its owner is ${tun.uid ?? 'nobody in particular'}, not ${wished.owner ?? 'nobody'}`,
      ),
    ]
  const group = wished.group === undefined ? undefined : gid(wished.group)
  if ((wished.group === undefined || group !== undefined) && tun.gid !== group)
    return [notOurs(section, name, `its group is ${tun.gid ?? 'none'}, not ${wished.group ?? 'none'}`)]
  if (tun.multiQueue !== (wished.queues ?? 1) > 1)
    return [notOurs(section, name, tun.multiQueue ? 'it has several queues' : 'it has one queue alone')]
  return []
}

function foreignBridge(view: View, name: string): Objection[] {
  const link = view.link(name)
  if (link === undefined || link.kind === 'bridge') return []
  return [notOurs('bridges', name, `it is ${kindText(link)}, not a bridge`)]
}

function smallMtu({ config }: View): Objection[] {
  return (['taps', 'bridges'] as const).flatMap((section) =>
    each<{ mtu?: number; addresses: string[] }>(config[section], (name, { mtu, addresses }) => {
      const index = addresses.findIndex((text) => parsePrefix(text)!.address.family === 6)
      if (index < 0 || mtu === undefined || mtu >= LEAST_MTU_IPV6) return []
      return [
        {
          path: [section, name, 'mtu'],
          message: `${mtu} is too little for IPv6, and Linux takes ${addresses[index]!} off such a device`,
          remedy: `IPv6 needs ${LEAST_MTU_IPV6} octets at least`,
        },
      ]
    }),
  )
}

function accounts({ config, uid, gid }: View): Objection[] {
  const check = (
    kind: 'user' | 'group',
    account: string | number | undefined,
    path: Objection['path'],
  ): Objection[] => {
    const find = kind === 'user' ? uid : gid
    if (account === undefined || find(account) !== undefined) return []
    const create = kind === 'user' ? 'useradd' : 'groupadd'
    return [
      {
        path,
        message: `there is no ${kind} ${account} on this host`,
        remedy: `make it (${create} ${account}), or write another name, or a number`,
      },
    ]
  }
  const devices = (['taps', 'slip'] as const).flatMap((section) =>
    each<{ owner?: string | number; group?: string | number }>(config[section], (name, { owner, group }) => [
      ...check('user', owner, [section, name, 'owner']),
      ...check('group', group, [section, name, 'group']),
    ]),
  )
  return [...check('group', config.tun_device?.group, ['tun_device', 'group']), ...devices]
}

function tunDevice({ config, reality }: View): Objection[] {
  const first: Objection['path'] | undefined =
    config.tun_device !== undefined
      ? ['tun_device']
      : ([config.taps, config.slip].some((section) => Object.keys(section).length > 0) && ['taps']) ||
        undefined
  if (first === undefined || reality.access('/dev/net/tun') !== undefined) return []
  return [
    {
      path: first,
      message: 'there is no /dev/net/tun on this host, by which taps and lines are made',
      remedy: 'modprobe tun; a container is given it: --device /dev/net/tun --cap-add NET_ADMIN',
    },
  ]
}
