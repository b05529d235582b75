import type { Transport } from './transport.js'

export const daemon: readonly Transport[] = []
