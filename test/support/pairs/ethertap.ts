import { cabledTaps } from './cabled_taps.js'
import type { SpecObject } from '../../../lib/index.js'
import type { Transport } from './transport.js'

export const ethertap: readonly Transport[] = [
  {
    name: 'ethertap',
    place: 'namespace',
    maxFrame: 65535,
    bufferless: true,
    async specs(options) {
      const [left, right] = await cabledTaps()
      const end = (device: string): SpecObject => ({ transport: 'ethertap', device, ...options })
      return [end(left), end(right)]
    },
  },
]
