import { join } from 'node:path'
import type { IpRow } from './ip.js'
import type { Transport } from './transport.js'

/** None: a line of IPv4 packets can't carry any frame. Its own rows are below. */
export const slip: readonly Transport[] = []

export const slipRows: readonly IpRow[] = [
  {
    name: 'slip over a pty',
    specs: (folder, mtu) => [
      { transport: 'slip', link: join(folder, 'line'), mtu },
      { transport: 'slip', line: join(folder, 'line'), wait: true, mtu },
    ],
  },
]
