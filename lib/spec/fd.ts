/** Specs of `fd` ports: still to come. */

import type { InputOf, Transport } from './grammar.js'

/** A `fd` spec with every default filled in. */
export interface FdSpec {
  transport: 'fd'
  mac?: string
  mtu?: number
}

export type FdObject = InputOf<FdSpec>

export const fd: Transport<FdObject, FdSpec> = {
  name: 'fd',
  example: { transport: 'fd' },
  fields: [],
  options: [],
}
