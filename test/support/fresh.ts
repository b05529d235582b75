// Addresses that nobody has: paths, short enough for sockets (unix(7): 107 octets) and gone with the process, and ports.
import { mkdtempSync, rmSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
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
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** UDP ports that were free a moment ago, all different. */
export async function freeUdpPorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const sockets = Array.from({ length: count }, () => createSocket(host.includes(':') ? 'udp6' : 'udp4'))
  try {
    return await Promise.all(
      sockets.map(async (socket) => {
        socket.bind(0, host)
        await once(socket, 'listening')
        return socket.address().port
      }),
    )
  } finally {
    for (const socket of sockets) socket.close()
  }
}
