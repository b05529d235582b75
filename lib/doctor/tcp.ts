/** What can be said of a TCP port before it is listened on, or connected to. */

import { endpointText } from '../spec/endpoint.js'
import type { HostFacts } from './facts.js'
import { ok, problem } from './finding.js'
import type { Finding } from './finding.js'

/** Whether an address is one of this host's. */
export function isHere({ interfaces }: HostFacts, host: string): boolean {
  return host.startsWith('127.') || interfaces.some(({ addresses }) => addresses.includes(host))
}

/** A TCP port to listen on. */
export function checkTcpListen(facts: HostFacts, host: string, port: number): Finding[] {
  const findings: Finding[] = []
  const isAll = host === '0.0.0.0' || host === '::'
  if (!isAll && !isHere(facts, host)) {
    const remedy = ['give an address of this host (ip addr), or 0.0.0.0 for all']
    findings.push(problem('address', `this host has no address ${host} (EADDRNOTAVAIL)`, remedy))
  }
  const least = Number(facts.sysctl('net.ipv4.ip_unprivileged_port_start') ?? 1024)
  if (facts.user.uid !== 0 && port < least) {
    const remedy = [`choose a port from ${least} on`]
    findings.push(problem('port', `TCP port ${port} is for root alone (EACCES)`, remedy))
  } else if (facts.sockets.isTcpListening(host, port)) {
    const remedy = [`ss -tlnp 'sport = :${port}'    # says who`, 'end that program, or choose another port']
    findings.push(problem('port', `another program listens at TCP port ${port} (EADDRINUSE)`, remedy))
  } else {
    findings.push(ok('port', `TCP port ${port} is free`))
  }
  if (!host.startsWith('127.') && host !== '::1') {
    findings.push({
      level: 'note',
      check: 'access',
      what: `whoever reaches ${host === '::' ? 'this host' : host} may connect, read and write`,
      why: 'there is no encryption and no password on this wire',
    })
  }
  return findings
}

/** A TCP port to connect to. */
export function checkTcpPeer(facts: HostFacts, host: string, port: number, isAwaited: boolean): Finding {
  const route = facts.route(host)
  if (typeof route === 'string')
    return problem('route', `no route to ${host} (${route})`, [`ip route add ${host} dev NAME`])
  if (!isHere(facts, host))
    return ok('route', `there is a route to ${host}; who listens there is seen by connecting`)
  const shown = endpointText({ host, port })
  if (facts.sockets.isTcpListening(host, port)) return ok('peer', `somebody listens at ${shown}`)
  if (isAwaited)
    return { level: 'note', check: 'peer', what: `nobody listens at ${shown} yet: the port waits` }
  const remedy = ['start the other side first', 'or wait for it: wait=on']
  return problem('peer', `nobody listens at ${shown} (ECONNREFUSED)`, remedy)
}
