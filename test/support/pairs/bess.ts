// Rows of `bess`: a listener, and the client of it that carries the frames.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atExit } from '../cleanup.js'
import type { Transport } from './transport.js'

export const bess: readonly Transport[] = [
  {
    name: 'bess',
    place: 'here',
    maxFrame: 65535,
    listener: true,
    connected: true,
    specs(options) {
      const folder = mkdtempSync(join(tmpdir(), 'ethercast-bess-'))
      atExit(() => rmSync(folder, { recursive: true, force: true }))
      const path = join(folder, 'lan')
      return Promise.resolve([
        { transport: 'bess', listen: path, ...options },
        { transport: 'bess', connect: path, ...options },
      ])
    },
  },
]
