import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { SpecObject } from '../../../lib/index.js'
import { atExit } from '../cleanup.js'
import type { PairOptions, Transport } from './transport.js'

/** A folder that goes with this process. */
let folder: string | undefined
let names = 0

/** A path that nobody has. */
export function freePath(): string {
  if (folder === undefined) {
    folder = mkdtempSync(`/tmp/ecsock-${process.pid}-`)
    const made = folder
    atExit(() => rmSync(made, { recursive: true, force: true }))
  }
  return `${folder}/${names++}`
}

/** HOST:PORT that was free a moment ago. */
export async function freeTcp(host: string): Promise<string> {
  const server = createServer().listen(0, host)
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

const ends = (address: string, options: PairOptions): [SpecObject, SpecObject] => [
  { transport: 'stream', listen: address, ...options },
  { transport: 'stream', connect: address, ...options },
]
const common = { maxFrame: 65535, listener: true, connected: true } as const

export const stream: readonly Transport[] = [
  {
    ...common,
    name: 'stream over a path',
    place: 'here',
    specs: (options) => Promise.resolve(ends(freePath(), options)),
  },
  {
    ...common,
    name: 'stream over TCP, IPv4',
    place: 'here',
    specs: async (options) => ends(await freeTcp('127.0.0.1'), options),
  },
  {
    ...common,
    name: 'stream over TCP, IPv6',
    place: 'namespace',
    specs: async (options) => ends(await freeTcp('::1'), options),
  },
]
