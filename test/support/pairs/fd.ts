import type { Transport } from './transport.js'

export const fd: readonly Transport[] = []
