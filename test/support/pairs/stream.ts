import type { Transport } from './transport.js'

export const stream: readonly Transport[] = []
