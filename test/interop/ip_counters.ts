// What a host's own kernel has counted: the yardstick for what we count.
import type { Host } from '../support/host.js'

/** The kernel's IP counters of a host, by their names in /proc/net/snmp. */
export async function ipCounters(host: Host): Promise<Record<string, number>> {
  const { stdout } = await host.exec('cat', ['/proc/net/snmp'], { check: true })
  const [names, values] = stdout
    .split('\n')
    .filter((line) => line.startsWith('Ip:'))
    .map((line) => line.split(' ').slice(1))
  return Object.fromEntries(names!.map((name, i) => [name, Number(values![i])]))
}
