/** Specs of `ethertap` ports: still to come. */

import type { InputOf, Transport } from './grammar.js'

/** A `ethertap` spec with every default filled in. */
export interface EthertapSpec {
  transport: 'ethertap'
  mac?: string
  mtu?: number
}

export type EthertapObject = InputOf<EthertapSpec>

export const ethertap: Transport<EthertapObject, EthertapSpec> = {
  name: 'ethertap',
  example: { transport: 'ethertap' },
  fields: [],
  options: [],
}
