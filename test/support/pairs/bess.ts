import type { Transport } from './transport.js'

export const bess: readonly Transport[] = []
