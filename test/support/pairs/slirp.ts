import { join } from 'node:path'
import type { IpRow } from './ip.js'
import type { Transport } from './transport.js'

/** None: see slip. */
export const slirp: readonly Transport[] = []

/** A program that passes its line on to a socket, and a slip port that connects there. */
export const slirpRows: readonly IpRow[] = [
  {
    name: 'slirp, and slip over a Unix socket',
    specs: (folder, mtu) => [
      {
        transport: 'slirp',
        program: 'sh',
        // The fixture's path may have an underscore; the script finds it by the folder it is started in.
        args: ['-c', `exec node test/fixtures/slip*relay.mjs ${join(folder, 'line')}`],
        hostIp: '198.18.1.253',
        peer: '198.18.1.2',
        mtu,
      },
      { transport: 'slip', line: join(folder, 'line'), wait: true, mtu },
    ],
  },
]
