/**
 * `slip,HOST_IP`: a line on which an IPv4-only peer speaks SLIP, joined to an Ethernet. Sources: RFC 1055, and
 * arch/um/drivers/slip_kern.c in Linux 6.1, whose only field HOST_IP is: the address of the host's end of the line.
 */

import { stationMac } from './address.js'
import type { InputOf, Transport } from './grammar.js'
import { checkGateway, hostAddressV4, hostIpv4, ipv4Net, USUAL_IP_MTU } from './ip_line.js'
import type { IpLine } from './ip_line.js'
import { packetMtu, textKind } from './kinds.js'
import { suggest } from './nearest.js'
import { refuse, refuseField } from './refuse.js'
import { tapName } from './tap_kinds.js'
import { checkPath, reconnecting } from './unix.js'
import type { Reconnecting } from './unix.js'

/** A normalised `slip` spec. */
export interface SlipSpec extends IpLine, Reconnecting {
  transport: 'slip'
  /**
   * What the line is: `pty` makes a pseudo terminal for the peer to open, `stdio` is standard input and output, `tun` a TUN device (the
   * far end is this host), a path an existing tty or a Unix stream socket that somebody listens on. Default `pty`.
   */
  line: string
  /** A symbolic link to the pty that is made. */
  link?: string
  /** Name of the TUN device. Left out: the next free one of tun0, tun1… */
  device?: string
}

export type SlipObject = InputOf<SlipSpec>

const WORDS = ['pty', 'stdio', 'tun']

const line = textKind((text, place) => {
  if (WORDS.includes(text)) return text
  if (text.includes('/')) return checkPath(text, place)
  return refuse(place, text, `is unknown: ${suggest(text, WORDS)}, and paths with a slash`)
})

export const slip: Transport<SlipObject, SlipSpec> = {
  name: 'slip',
  example: { transport: 'slip', hostIp: '198.18.1.254' },
  stationMac: true,
  fields: [{ name: 'hostIp', kind: hostIpv4 }],
  options: [
    { name: 'line', kind: line, default: 'pty' },
    { name: 'link', kind: textKind(checkPath) },
    { name: 'device', kind: tapName },
    { name: 'gateway', kind: hostAddressV4 },
    { name: 'mac', kind: stationMac },
    { ...packetMtu, default: USUAL_IP_MTU },
    { name: 'peer', kind: ipv4Net },
    ...reconnecting,
  ],
  complete(spec) {
    checkGateway(spec)
    const isPath = !WORDS.includes(spec.line)
    const meant: Record<string, boolean> = {
      link: spec.line === 'pty',
      device: spec.line === 'tun',
      peer: spec.line !== 'tun',
      reconnect: isPath || spec.reconnect,
      wait: isPath || !spec.wait,
    }
    for (const [name, means] of Object.entries(meant)) {
      const value = spec[name as keyof SlipSpec]
      if (means || value === undefined) continue
      refuseField(
        { transport: 'slip', field: name },
        value,
        `${name} has no meaning with line=${isPath ? 'PATH' : spec.line}: leave it out`,
      )
    }
    if (spec.line === 'tun' && spec.hostIp === undefined) {
      refuseField(
        { transport: 'slip', field: 'hostIp' },
        undefined,
        'hostIp is missing: line=tun gives it to the device, as in slip,198.18.1.254,line=tun',
      )
    }
    return spec
  },
  notices({ line: path, reconnect }) {
    if (!reconnect || !path.startsWith('/dev/pts/')) return []
    return [
      `slip: ${path} is not looked for again once it has gone: its number may be another terminal's by then; a link (link=) is`,
    ]
  },
}
