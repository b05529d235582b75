/** Specs of `dgram` ports: still to come. */

import type { InputOf, Transport } from './grammar.js'

/** A `dgram` spec with every default filled in. */
export interface DgramSpec {
  transport: 'dgram'
  mac?: string
  mtu?: number
}

export type DgramObject = InputOf<DgramSpec>

export const dgram: Transport<DgramObject, DgramSpec> = {
  name: 'dgram',
  example: { transport: 'dgram' },
  fields: [],
  options: [],
}
