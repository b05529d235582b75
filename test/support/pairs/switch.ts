import type { SpecObject } from '../../../lib/index.js'
import { freshPath } from '../fresh.js'
import type { PairOptions, Transport } from './transport.js'

/** Our switch daemon, and a client of ours. */
function specs(options: PairOptions): Promise<[SpecObject, SpecObject]> {
  const socket = freshPath('ctl')
  return Promise.resolve([
    { transport: 'switch', socket, ...options },
    { transport: 'daemon', socket, ...options },
  ])
}

export const switchDaemon: readonly Transport[] = [
  { name: 'switch and daemon', place: 'here', maxFrame: 65535, listener: true, connected: true, specs },
]
