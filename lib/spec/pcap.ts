/**
 * `pcap,INTERFACE,FILTER,OPTION,OPTION,MAC`: listening to an interface of this host. Read-only.
 * Sources: arch/um/drivers/pcap_kern.c in Linux 6.1, pcap-filter(7).
 */

import { networkInterface, stationMac } from './address.js'
import type { Field, InputOf, Transport } from './grammar.js'
import { eitherWord, octets, packetMtu, textKind } from './kinds.js'
import type { Kind } from './kinds.js'
import { refuse } from './refuse.js'

/** A normalised `pcap` spec. */
export interface PcapSpec {
  transport: 'pcap'
  /** The interface to listen to: its name, its index in decimal, or an address it has. Default `eth0`, as in User-Mode Linux. */
  interface: string
  /** What to take, in the language of pcap-filter(7). Left out: everything. */
  filter?: string
  /** The interface also takes what is not for its own address. Default true. */
  promisc: boolean
  /** The filter is compiled with libpcap's optimizer. Default false. */
  optimize: boolean
  /** MAC address of the host port that a helper makes, canonical. Left out: made up. */
  mac?: string
  /** Size of the socket's receive buffer, in octets, 4096 to 1 GiB. Left out: 4 MiB, or as much as the host allows. */
  buffer?: number
  /** Largest IP packet inside a frame, in octets without the 14 of the Ethernet header. Left out: not limited. */
  mtu?: number
}

/** A `pcap` spec as it may be given: all but `transport` optional, `interface` also as a number. */
export type PcapObject = InputOf<PcapSpec>

/** Which words stand behind the filter: in its place they can only be meant as such. */
const OPTIONS = /^(no)?(promisc|optimize)$/
const KEYED = /^(buffer|mtu|mac)=/

/** By position, where what looks like `key=value` is an option. */
const listenedTo: Kind<string> = {
  ...networkInterface,
  fromValue(value, place) {
    const name = networkInterface.fromValue(value, place)
    if (name.includes('=')) refuse(place, value, "holds '=', which makes an option of it: give its index")
    return name
  },
}

const filter = textKind((text, place) => {
  const trimmed = text.trim()
  if (trimmed === '') refuse(place, text, 'is blank: leave it empty for everything')
  if (text.includes(','))
    refuse(place, text, 'has a comma, which no filter has: man pcap-filter has the language')
  if (OPTIONS.test(trimmed) || KEYED.test(trimmed)) {
    refuse(
      place,
      text,
      `is an option: a filter, or an empty field, goes before it, as in pcap,eth0,,${trimmed}`,
    )
  }
  return trimmed
})

const mac: Field<PcapSpec> = { name: 'mac', kind: stationMac }

export const pcap: Transport<PcapObject, PcapSpec> = {
  name: 'pcap',
  example: { transport: 'pcap', interface: 'eth0', filter: 'arp or icmp' },
  fields: [
    { name: 'interface', kind: listenedTo, default: 'eth0' },
    { name: 'filter', kind: filter, verbatim: true },
    {
      name: 'promisc',
      kind: eitherWord('promisc', 'nopromisc'),
      words: ['promisc', 'nopromisc'],
      default: true,
    },
    {
      name: 'optimize',
      kind: eitherWord('optimize', 'nooptimize'),
      words: ['optimize', 'nooptimize'],
      default: false,
    },
    mac,
  ],
  options: [{ name: 'buffer', kind: octets(4096, 2 ** 30) }, packetMtu, mac],
  readOnly: true,
  notices({ filter, optimize }) {
    if (filter !== undefined || !optimize) return []
    return ['pcap: optimize has no effect without a filter']
  },
}
