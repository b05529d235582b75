// A pcap port only listens: it can't be one of two ends that are alike, and has a suite of its own (test/conformance/listening.ts).
import { writeFileSync } from 'node:fs'
import { ip } from '../namespace.js'
import type { Transport } from './transport.js'

export const pcap: readonly Transport[] = []

/** The first spec sends, the second one listens. */
export interface ListeningTransport extends Transport {
  listensOnly: true
}

let taps = 0

export const listening: readonly ListeningTransport[] = [
  {
    name: 'pcap',
    place: 'namespace',
    maxFrame: 65535,
    listensOnly: true,
    /** What a tap port writes comes in on the tap as from a cable. Removed with its namespace. */
    async specs(options) {
      const device = `heard${taps++}`
      await ip('tuntap', 'add', 'dev', device, 'mode', 'tap')
      // Else this host's own stack talks on it too.
      writeFileSync(`/proc/sys/net/ipv6/conf/${device}/disable_ipv6`, '1')
      await ip('link', 'set', device, 'up')
      return [
        { transport: 'tuntap', device },
        { transport: 'pcap', interface: device, ...options },
      ]
    },
  },
]
