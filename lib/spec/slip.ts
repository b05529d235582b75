/** Specs of `slip` ports: still to come. */

import type { InputOf, Transport } from './grammar.js'

/** A `slip` spec with every default filled in. */
export interface SlipSpec {
  transport: 'slip'
  mac?: string
  mtu?: number
}

export type SlipObject = InputOf<SlipSpec>

export const slip: Transport<SlipObject, SlipSpec> = {
  name: 'slip',
  example: { transport: 'slip' },
  fields: [],
  options: [],
}
