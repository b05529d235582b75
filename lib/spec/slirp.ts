/** Specs of `slirp` ports: still to come. */

import type { InputOf, Transport } from './grammar.js'

/** A `slirp` spec with every default filled in. */
export interface SlirpSpec {
  transport: 'slirp'
  mac?: string
  mtu?: number
}

export type SlirpObject = InputOf<SlirpSpec>

export const slirp: Transport<SlirpObject, SlirpSpec> = {
  name: 'slirp',
  example: { transport: 'slirp' },
  fields: [],
  options: [],
}
