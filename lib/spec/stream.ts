/** Specs of `stream` ports: still to come. */

import type { InputOf, Transport } from './grammar.js'

/** A `stream` spec with every default filled in. */
export interface StreamSpec {
  transport: 'stream'
  mac?: string
  mtu?: number
}

export type StreamObject = InputOf<StreamSpec>

export const stream: Transport<StreamObject, StreamSpec> = {
  name: 'stream',
  example: { transport: 'stream' },
  fields: [],
  options: [],
}
