import type { Transport } from './transport.js'

export const slirp: readonly Transport[] = []
