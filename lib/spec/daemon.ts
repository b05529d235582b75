/** Specs of `daemon` ports: still to come. */

import type { InputOf, Transport } from './grammar.js'

/** A `daemon` spec with every default filled in. */
export interface DaemonSpec {
  transport: 'daemon'
  mac?: string
  mtu?: number
}

export type DaemonObject = InputOf<DaemonSpec>

export const daemon: Transport<DaemonObject, DaemonSpec> = {
  name: 'daemon',
  example: { transport: 'daemon' },
  fields: [],
  options: [],
}
