import type { Transport } from './transport.js'

export const slip: readonly Transport[] = []
