import type { Transport } from './transport.js'

export const pcap: readonly Transport[] = []
