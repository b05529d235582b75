import type { SpecObject } from '../../../lib/index.js'
import { freeUdpPorts, freshPath } from '../fresh.js'
import type { PairOptions, Transport } from './transport.js'

/** Two UDP addresses that were free a moment ago, as HOST:PORT. */
async function freeUdp(host: string): Promise<[string, string]> {
  const ports = await freeUdpPorts(2, host.replace(/[[\]]/g, ''))
  return ports.map((port) => `${host}:${port}`) as [string, string]
}

function ends([one, two]: readonly [string, string], options: PairOptions): [SpecObject, SpecObject] {
  return [
    { transport: 'dgram', local: one, remote: two, ...options },
    { transport: 'dgram', local: two, remote: one, ...options },
  ]
}

export const dgramPairs: readonly Transport[] = [
  {
    name: 'dgram between paths',
    place: 'here',
    maxFrame: 65535,
    connected: true,
    specs: (options) => Promise.resolve(ends([freshPath(), freshPath()], options)),
  },
  {
    name: 'dgram over UDP, IPv4',
    place: 'here',
    maxFrame: 65507,
    specs: async (options) => ends(await freeUdp('127.0.0.1'), options),
  },
  {
    name: 'dgram over UDP, IPv6',
    place: 'namespace',
    maxFrame: 65527,
    specs: async (options) => ends(await freeUdp('[::1]'), options),
  },
]
