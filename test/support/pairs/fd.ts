// Rows of `fd`. A pair of sockets shows only one of its ends, so there are two pairs with a hub between their hidden ends: what goes into
// one descriptor comes out of the other. The hub holds the descriptors, so a port may be closed and opened again with the same number.
import { Switch } from '../../../lib/index.js'
import type { SpecObject } from '../../../lib/index.js'
import type { Transport } from './transport.js'

const row = (type: 'seqpacket' | 'dgram'): Transport => ({
  name: `fd, ${type}`,
  place: 'here',
  maxFrame: 65535,
  async specs(options) {
    const hub = await Switch.create({ forwarding: 'hub' })
    const end = async (): Promise<SpecObject> => {
      const { peerDescriptor } = await hub.addPort({ transport: 'fd', type })
      return { transport: 'fd', fd: peerDescriptor, ...options }
    }
    const ends: [SpecObject, SpecObject] = [await end(), await end()]
    hub.unref()
    return ends
  },
})

export const fd: readonly Transport[] = [row('seqpacket'), row('dgram')]
