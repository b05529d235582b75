/**
 * `ucast,MAC,REMOTE,LISTEN_PORT,REMOTE_PORT`: one Ethernet frame a UDP datagram to one host.
 * Source: arch/um/drivers/umcast_kern.c in Linux 6.1.
 */

import { hostAddress, stationMac } from './address.js'
import type { InputOf, Transport } from './grammar.js'
import { isLinkLocalUnicast } from './ip.js'
import { integer } from './kinds.js'
import { refuse } from './refuse.js'
import { knownIp, settleZone, udpTuning } from './tuning.js'
import type { UdpTuning } from './tuning.js'

/** A normalised `ucast` spec. */
export interface UcastSpec extends UdpTuning {
  transport: 'ucast'
  /** MAC address of the host port that a helper makes, canonical. Left out: made up. */
  mac?: string
  /** IP address of the other side, canonical, without zone. */
  remote: string
  /** UDP port that this side listens on, 1 to 65535. Default 1102. */
  listenPort: number
  /** UDP port of the other side, 1 to 65535. Default 1102. */
  remotePort: number
}

/** A `ucast` spec as it may be given: all but `transport` and `remote` optional, `interface` also as a number. */
export type UcastObject = InputOf<UcastSpec, 'remote'>

export const ucast: Transport<UcastObject, UcastSpec> = {
  name: 'ucast',
  example: { transport: 'ucast', remote: '192.0.2.1' },
  fields: [
    { name: 'mac', kind: stationMac },
    { name: 'remote', kind: hostAddress('with zone'), required: true },
    { name: 'listenPort', kind: integer(1, 65535), default: 1102 },
    { name: 'remotePort', kind: integer(1, 65535), default: 1102 },
  ],
  options: udpTuning,
  complete(given) {
    const spec = settleZone(given, 'remote')
    if (spec.interface === undefined && isLinkLocalUnicast(knownIp(spec.remote))) {
      refuse(
        { transport: 'ucast', field: 'remote' },
        spec.remote,
        'is a link-local address and needs an interface: add interface=, as in interface=eth0',
      )
    }
    return spec
  },
}
