/**
 * `dgram,local=ADDR,remote=ADDR`: a frame a datagram between two fixed ends, both paths or both HOST:PORT. Source: net/dgram.c in QEMU 7.2.
 */

import { stationMac } from './address.js'
import { endpoint, parseEndpoint, refuseUnreachable } from './endpoint.js'
import type { InputOf, Transport } from './grammar.js'
import { choice, choiceOrInteger, packetMtu } from './kinds.js'
import { refuseField } from './refuse.js'
import type { UdpTuning } from './tuning.js'
import { socketBuffer, unixAccess } from './unix.js'
import type { UnixAccess } from './unix.js'

/** A normalised `dgram` spec. */
export interface DgramSpec extends UnixAccess, Omit<UdpTuning, 'interface'> {
  transport: 'dgram'
  /** MAC address of the host port that a helper makes, canonical. Left out: made up. */
  mac?: string
  /** This side: a path that is made, or HOST:PORT. */
  local: string
  /** The other side, of the same kind. */
  remote: string
}

/** A `dgram` spec as it may be given: all but `transport`, `local` and `remote` optional. */
export type DgramObject = InputOf<DgramSpec, 'local' | 'remote'>

export const dgram: Transport<DgramObject, DgramSpec> = {
  name: 'dgram',
  example: { transport: 'dgram', local: '/tmp/one.sock', remote: '/tmp/two.sock' },
  fields: [],
  options: [
    { name: 'mac', kind: stationMac },
    { name: 'local', kind: endpoint, required: true },
    { name: 'remote', kind: endpoint, required: true },
    ...unixAccess,
    socketBuffer,
    { name: 'mss', kind: choiceOrInteger(['auto', 'off'], 536, 65495), default: 'auto' },
    { name: 'offload', kind: choice('auto', 'off'), default: 'auto' },
    packetMtu,
  ],
  complete(spec) {
    const place = { transport: 'dgram', field: 'remote' }
    const local = parseEndpoint(spec.local, { ...place, field: 'local' })
    const remote = parseEndpoint(spec.remote, place)
    if ('path' in local !== 'path' in remote) {
      refuseField(place, spec.remote, 'local and remote must both be paths, or both HOST:PORT')
    }
    if (spec.local === spec.remote) {
      refuseField(place, spec.remote, `local and remote are the same, ${spec.local}: each side has its own`)
    }
    if ('host' in local && 'host' in remote && local.host.includes(':') !== remote.host.includes(':')) {
      refuseField(place, spec.remote, 'local and remote must both be IPv4, or both IPv6')
    }
    refuseUnreachable(place, spec.remote)
    const isPath = 'path' in local
    const elsewhere: [keyof DgramSpec, unknown][] = isPath
      ? [
          ['mss', 'auto'],
          ['offload', 'auto'],
        ]
      : [
          ['mode', undefined],
          ['group', undefined],
        ]
    for (const [field, fallback] of elsewhere) {
      if (spec[field] === fallback) continue
      const why = isPath ? 'UDP: paths have no use for it' : 'paths: whoever reaches the port may send'
      refuseField({ transport: 'dgram', field }, spec[field], `${field} is for ${why}`)
    }
    return spec
  },
}
