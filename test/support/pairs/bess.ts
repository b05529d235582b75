// Rows of `bess`: a listener, and the client of it that carries the frames.
import { freshPath } from '../fresh.js'
import type { Transport } from './transport.js'

export const bess: readonly Transport[] = [
  {
    name: 'bess',
    place: 'here',
    maxFrame: 65535,
    listener: true,
    connected: true,
    specs(options) {
      const path = freshPath()
      return Promise.resolve([
        { transport: 'bess', listen: path, ...options },
        { transport: 'bess', connect: path, ...options },
      ])
    },
  },
]
