/** Specs of `switch` ports: still to come. */

import type { InputOf, Transport } from './grammar.js'

/** A `switch` spec with every default filled in. */
export interface SwitchSpec {
  transport: 'switch'
  mac?: string
  mtu?: number
}

export type SwitchObject = InputOf<SwitchSpec>

export const switchDaemon: Transport<SwitchObject, SwitchSpec> = {
  name: 'switch',
  example: { transport: 'switch' },
  fields: [],
  options: [],
}
