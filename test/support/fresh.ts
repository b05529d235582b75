// Addresses that nobody has: paths, short enough for sockets (unix(7): 107 octets) and gone with the process, and TCP ports.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { atExit } from './cleanup.js'

let folder: string | undefined
let count = 0

/** A path that nobody else has; nothing is there. */
export function freshPath(name = 'socket'): string {
  if (folder === undefined) {
    const made = mkdtempSync('/tmp/ecsock-')
    atExit(() => rmSync(made, { recursive: true, force: true }))
    folder = made
  }
  return `${folder}/${count++}-${name}`
}

/** HOST:PORT that was free a moment ago. */
export async function freeTcp(host: string): Promise<string> {
  const server = createServer().listen(0, host)
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
