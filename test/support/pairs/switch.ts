import type { Transport } from './transport.js'

export const switchDaemon: readonly Transport[] = []
