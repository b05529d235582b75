import type { SpecObject } from '../../../lib/index.js'
import { freeTcp, freshPath } from '../fresh.js'
import type { PairOptions, Transport } from './transport.js'

const ends = (address: string, options: PairOptions): [SpecObject, SpecObject] => [
  { transport: 'stream', listen: address, ...options },
  { transport: 'stream', connect: address, ...options },
]
const common = { maxFrame: 65535, listener: true, connected: true } as const

export const stream: readonly Transport[] = [
  {
    ...common,
    name: 'stream over a path',
    place: 'here',
    specs: (options) => Promise.resolve(ends(freshPath(), options)),
  },
  {
    ...common,
    name: 'stream over TCP, IPv4',
    place: 'here',
    specs: async (options) => ends(await freeTcp('127.0.0.1'), options),
  },
  {
    ...common,
    name: 'stream over TCP, IPv6',
    place: 'namespace',
    specs: async (options) => ends(await freeTcp('::1'), options),
  },
]
