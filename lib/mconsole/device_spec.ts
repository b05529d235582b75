/**
 * A network device as it stands on a UML kernel's command line, `eth1=mcast,…` or `vec0:transport=…`, looked at before it is sent: what the
 * kernel takes in silence, and makes something else of, is refused. Source: arch/um/drivers/net_kern.c, vector_kern.c.
 */

import { EthercastError } from '../spec/error.js'
import { parseMac } from '../spec/mac.js'
import { suggest } from '../spec/nearest.js'

export interface DeviceSpec {
  /** `eth1`, `vec0`. */
  device: string
  /** What stands behind the separator. */
  value: string
  kind: 'eth' | 'vec'
  transport: string
  /** Fields behind the transport, in order; none of a vec device. */
  fields: string[]
}

/** Where the MAC stands among a transport's fields; slip has none. */
const MAC_FIELD: Readonly<Record<string, number | undefined>> = {
  mcast: 0,
  ucast: 0,
  daemon: 0,
  slirp: 0,
  tuntap: 1,
  ethertap: 1,
  vde: 1,
  pcap: 4,
}
export const ETH_TRANSPORTS = [...Object.keys(MAC_FIELD), 'slip']
/** In the order in which the kernel compares their beginnings. */
export const VEC_TRANSPORTS = ['raw', 'hybrid', 'tap', 'gre', 'l2tpv3', 'bess', 'fd', 'vde']

/** @throws EthercastError `ERR_ETHERCAST_FIELD` */
export function parseDeviceSpec(text: string): DeviceSpec {
  const [, device, separator, value] = /^([^=:]*)([=:])([^]*)$/.exec(text) ?? []
  if (device === undefined) throw refused('spec', text, 'a device is eth1=TRANSPORT,… or vec0:transport=…')
  const name = parseDeviceName(device)
  const wanted = name.kind === 'vec' ? ':' : '='
  if (separator !== wanted) {
    const right = `${device}${wanted}${value}`
    throw refused('spec', text, `${device} has "${wanted}" behind its name: did you mean ${right}?`)
  }
  if (/[\u0000-\u0020\u007f]/.test(value!)) throw refused('spec', text, 'a device has no spaces')
  return name.kind === 'eth' ? ethSpec(device, value!) : vecSpec(device, value!)
}

/** The kernel also takes eth0x1 and eth010, and makes eth1 and eth8 of them. */
export function parseDeviceName(device: string): { kind: 'eth' | 'vec'; number: number } {
  const [, kind, number] = /^(eth|vec)(0|[1-9]\d{0,3})$/.exec(device) ?? []
  if (kind === undefined) {
    throw refused(
      'device',
      device,
      `${JSON.stringify(device)} is no network device: allowed are eth0, eth1… and vec0, vec1…`,
    )
  }
  return { kind: kind as 'eth' | 'vec', number: Number(number) }
}

function ethSpec(device: string, value: string): DeviceSpec {
  const [transport = '', ...fields] = value.split(',')
  if (transport === '')
    throw refused('transport', value, `${device} has no transport: ${ETH_TRANSPORTS.join(', ')}`)
  const at = MAC_FIELD[transport]
  if (at !== undefined && fields[at]) checkMac(device, fields[at])
  return { device, value, kind: 'eth', transport, fields }
}

function vecSpec(device: string, value: string): DeviceSpec {
  const pairs = value.split(',').map((pair) => pair.split('='))
  if (value === '' || pairs.some((pair) => pair.length !== 2 || pair[0] === '')) {
    throw refused(
      'spec',
      value,
      `${device}: allowed are KEY=VALUE,KEY=VALUE…, as in transport=tap,ifname=tap0`,
    )
  }
  const valueOf = (key: string) => pairs.find(([name]) => name === key)?.[1]
  const transport = valueOf('transport')
  if (transport === undefined) throw refused('transport', value, `${device}: transport= is missing`)
  // Else the kernel would make the device, and say so only when it is taken up, to its own log.
  if (!VEC_TRANSPORTS.some((name) => transport.startsWith(name))) {
    throw refused(
      'transport',
      transport,
      `${device}: no kernel has transport=${transport}: ${suggest(transport, VEC_TRANSPORTS)}`,
    )
  }
  const mac = valueOf('mac')
  if (mac !== undefined) checkMac(device, mac)
  return { device, value, kind: 'vec', transport, fields: [] }
}

/** The kernel would log a line, and draw a random one. */
function checkMac(device: string, text: string): void {
  const octets = parseMac(text, { transport: device, field: 'mac' })
  if ((octets[0]! & 1) === 0 && octets.some((octet) => octet !== 0)) return
  throw refused(
    'mac',
    text,
    `${device}: ${text} is a group's address, or nobody's: the guest would draw another at random`,
  )
}

function refused(field: string, value: unknown, message: string): EthercastError {
  return new EthercastError('ERR_ETHERCAST_FIELD', `attach: ${message}`, { field, value })
}
