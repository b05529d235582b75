import type { Transport } from './transport.js'

export const ethertap: readonly Transport[] = []
