// What was lost on the way, as the kernel counts it on both hosts.
import type { Ground, Lan } from '../lan/lan.js'
import type { Host } from '../../test/support/host.js'

export interface Losses {
  /** Dropped by the devices: those of the cable, and those that are on the LAN. */
  devices: number
  /** Datagrams that found a socket's buffer full. */
  sockets: number
  /** TCP segments sent again, and all that were sent. */
  retransmitted: number
  segments: number
}

/** A line of names and one of values for each protocol. */
function snmp(text: string): Map<string, number> {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  const counters = new Map<string, number>()
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [names, values] = [lines[i]!, lines[i + 1]!]
    for (let column = 1; column < names.length; column++) {
      counters.set(`${names[0]}${names[column]}`, Number(values[column]))
    }
  }
  return counters
}

interface LinkCounters {
  stats64: { rx: { dropped: number }; tx: { dropped: number } }
}

async function dropsOf(host: Host, device: string): Promise<number> {
  const shown = await host.ip('-json', '-statistics', 'link', 'show', device)
  const [{ stats64 }] = JSON.parse(shown) as [LinkCounters]
  return stats64.rx.dropped + stats64.tx.dropped
}

async function lossesOf(host: Host, devices: readonly string[]): Promise<Losses> {
  const { stdout } = await host.exec('cat', ['/proc/net/snmp'], { check: true })
  const counters = snmp(stdout)
  let drops = 0
  for (const device of new Set(devices)) drops += await dropsOf(host, device)
  return {
    devices: drops,
    sockets: counters.get('Udp:RcvbufErrors')!,
    retransmitted: counters.get('Tcp:RetransSegs')!,
    segments: counters.get('Tcp:OutSegs')!,
  }
}

/** Of both hosts together. */
export async function readLosses(ground: Ground, lan: Lan): Promise<Losses> {
  const x = await lossesOf(ground.a, [ground.devices[0], lan.devices[0]])
  const y = await lossesOf(ground.b, [ground.devices[1], lan.devices[1]])
  return {
    devices: x.devices + y.devices,
    sockets: x.sockets + y.sockets,
    retransmitted: x.retransmitted + y.retransmitted,
    segments: x.segments + y.segments,
  }
}
