/** Specs of `bess` ports: still to come. */

import type { InputOf, Transport } from './grammar.js'

/** A `bess` spec with every default filled in. */
export interface BessSpec {
  transport: 'bess'
  mac?: string
  mtu?: number
}

export type BessObject = InputOf<BessSpec>

export const bess: Transport<BessObject, BessSpec> = {
  name: 'bess',
  example: { transport: 'bess' },
  fields: [],
  options: [],
}
