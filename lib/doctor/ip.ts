/** What is said alike of every port over IP: of its addresses, its route and its number. */

import type { HostFacts, HostInterface } from './facts.js'
import { problem } from './finding.js'
import type { Finding } from './finding.js'

/** The interface that has an address. */
export function holderOf({ interfaces }: HostFacts, address: string): HostInterface | undefined {
  return interfaces.find(({ addresses }) => addresses.includes(address))
}

/** An address for a device that is made, which another one has. */
export function addressTaken(
  address: string,
  holder: HostInterface,
  device: string,
  remedy: string,
): Finding {
  return {
    level: 'warning',
    check: 'address',
    what: `${address} is an address of ${holder.name} already`,
    why: `with the same one on the ${device}, this host answers on one of them alone`,
    remedy: [remedy],
  }
}

export function noRoute(host: string, errno: string): Finding {
  return problem('route', `no route to ${host} (${errno})`, [`ip route add ${host} dev NAME`])
}

export function forRootAlone(protocol: string, port: number, facts: HostFacts): Finding {
  return problem('port', `${protocol} port ${port} is for root alone (EACCES)`, [
    `sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`,
    `or choose a port from ${leastPort(facts)} on in the spec`,
  ])
}

/** The least port that is for everybody, ip(7). */
export function leastPort(facts: HostFacts): number {
  return Number(facts.sysctl('net.ipv4.ip_unprivileged_port_start') ?? 1024)
}
