import type { Transport } from './transport.js'

export const dgramPairs: readonly Transport[] = []
