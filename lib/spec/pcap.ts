/** Specs of `pcap` ports: still to come. */

import type { InputOf, Transport } from './grammar.js'

/** A `pcap` spec with every default filled in. */
export interface PcapSpec {
  transport: 'pcap'
  mac?: string
  mtu?: number
}

export type PcapObject = InputOf<PcapSpec>

export const pcap: Transport<PcapObject, PcapSpec> = {
  name: 'pcap',
  example: { transport: 'pcap' },
  fields: [],
  options: [],
}
