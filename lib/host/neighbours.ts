/**
 * Asking who has an address without any privilege: a datagram to it makes the kernel look for the neighbour, by ARP or a neighbour solicitation,
 * and its table of neighbours says who answered. The datagram goes to the discard port (RFC 863), and only to hosts on the link itself.
 *
 * States of an entry: linux/neighbour.h. An old one is asked again by the kernel in its own time (DELAY, then PROBE), which is waited for.
 */

import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Ask } from './probe.js'
import type { System } from './system.js'

const DISCARD_PORT = 9
/** Between two looks at the table. */
const LOOK_MS = 100
/** The kernel asks at once and after a second (retrans_time_ms); who has not answered by then is not there. */
const PATIENCE_MS = 1300
/** An old entry is trusted for 5 s (delay_first_probe_time), then asked three times, a second apart. */
const PATIENCE_OLD_MS = 9000
/** A machine on the link whose entry is in one of these has answered just now. */
const ANSWERED = ['REACHABLE']
/** The kernel goes by what it has heard some time ago. */
const OLD = ['STALE', 'DELAY', 'PROBE']

type Reader = Pick<System, 'read'>

/** @param system for `ip`, reading only */
export function neighbourAsk(system: Reader): Ask {
  return async (address, device) => {
    try {
      return await askKernel(system, address, device)
    } catch (error) {
      return { is: 'unknown', why: (error as Error).message }
    }
  }
}

async function askKernel(system: Reader, address: string, device: string): Promise<Answer> {
  const way = await routeTo(system, address)
  if (way !== device)
    return { is: 'unknown', why: `this host's way there is ${way ?? 'none'}, not ${device}` }
  const failure = await poke(address)
  const start = performance.now()
  for (;;) {
    const entry = await lookUp(system, address, device)
    const waited = performance.now() - start
    if (entry !== undefined) {
      const { state, mac } = entry
      if (mac !== undefined && state.some((each) => ANSWERED.includes(each))) return { is: 'somebody', mac }
      // An entry that somebody made by hand says nothing of who is there.
      if (state.includes('PERMANENT') || state.includes('NOARP'))
        return { is: 'unknown', why: `its entry in the table of neighbours was made by hand` }
      if (state.includes('FAILED')) return { is: 'nobody' }
      if (mac !== undefined && state.some((each) => OLD.includes(each))) {
        if (waited >= PATIENCE_OLD_MS)
          return { is: 'unknown', why: `${mac} had it, and was not asked again in time` }
        await sleep(LOOK_MS)
        continue
      }
    }
    if (waited >= PATIENCE_MS) {
      if (failure !== undefined) return { is: 'unknown', why: failure }
      return { is: 'nobody' }
    }
    await sleep(LOOK_MS)
  }
}

/** The device by which packets leave; undefined where a router is between, or no route leads there. */
async function routeTo(system: Reader, address: string): Promise<string | undefined> {
  let printed: string
  try {
    printed = await system.read('ip', ['-j', ...family(address), 'route', 'get', address])
  } catch {
    return undefined
  }
  const [route] = JSON.parse(printed || '[]') as { dev?: string; gateway?: string; type?: string }[]
  return route?.gateway === undefined && route?.type === undefined ? route?.dev : undefined
}

async function lookUp(
  system: Reader,
  address: string,
  device: string,
): Promise<{ state: string[]; mac?: string } | undefined> {
  const printed = await system.read('ip', [
    '-j',
    ...family(address),
    'neigh',
    'show',
    'to',
    address,
    'dev',
    device,
  ])
  const [entry] = JSON.parse(printed || '[]') as { lladdr?: string; state?: string[] }[]
  return entry === undefined ? undefined : { state: entry.state ?? [], mac: entry.lladdr }
}

const family = (address: string): string[] => (address.includes(':') ? ['-6'] : ['-4'])

/** Sends one octet. @returns why it could not be sent */
function poke(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    const end = (error?: Error | null): void => {
      socket.removeAllListeners('error')
      socket.on('error', () => {}) // an ICMP message that comes late
      socket.close()
      resolve(error ? error.message : undefined)
    }
    socket.once('error', end)
    socket.send(Uint8Array.of(0), DISCARD_PORT, address, (error) => end(error))
  })
}
