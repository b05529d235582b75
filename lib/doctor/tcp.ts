/** What can be said of a TCP port before it is listened on, or connected to. */

import { endpointText } from '../spec/endpoint.js'
import type { HostFacts } from './facts.js'
import { ok, problem } from './finding.js'
import type { Finding } from './finding.js'
import { forRootAlone, holderOf, leastPort, noRoute } from './ip.js'

function isHere(facts: HostFacts, host: string): boolean {
  return host.startsWith('127.') || holderOf(facts, host) !== undefined
}

/** A TCP port to listen on. */
export function checkTcpListen(facts: HostFacts, host: string, port: number): Finding[] {
  const findings: Finding[] = []
  const isAll = host === '0.0.0.0' || host === '::'
  if (!isAll && !isHere(facts, host)) {
    const remedy = ['give an address of this host (ip addr), or 0.0.0.0 for all']
    findings.push(problem('address', `this host has no address ${host} (EADDRNOTAVAIL)`, remedy))
  }
  if (facts.user.uid !== 0 && port < leastPort(facts)) {
    findings.push(forRootAlone('TCP', port, facts))
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
  if (typeof route === 'string') return noRoute(host, route)
  if (!isHere(facts, host))
    return ok('route', `there is a route to ${host}; who listens there is seen by connecting`)
  const shown = endpointText({ host, port })
  if (facts.sockets.isTcpListening(host, port)) return ok('peer', `somebody listens at ${shown}`)
  if (isAwaited)
    return { level: 'note', check: 'peer', what: `nobody listens at ${shown} yet: the port waits` }
  const remedy = ['start the other side first', 'or wait for it: wait=on']
  return problem('peer', `nobody listens at ${shown} (ECONNREFUSED)`, remedy)
}
