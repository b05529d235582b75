/** What can be said of a path or HOST:PORT before a port is opened there. */

import { isIPv6 } from 'node:net'
import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import type { UnixKind } from './sockets.js'

const problem = (check: string, what: string, remedy: string[], why?: string): Finding => ({
  level: 'problem',
  check,
  what,
  ...(why === undefined ? {} : { why }),
  remedy,
})

/** A path where a socket is to be made. */
export function checkMaking(facts: HostFacts, path: string): Finding[] {
  const found = facts.sockets?.path(path)
  if (found === undefined) return []
  const folder = path.replace(/\/[^/]*$/, '') || '/'
  if (found.what === 'something else') {
    return [problem('path', `${path} is there and is no socket: it stays`, ['choose another path'])]
  }
  if (found.open !== undefined) {
    const remedy = [`ss -xap src ${path}    # says who has it`, 'end that program, or choose another path']
    return [problem('path', `another program has ${path} (EADDRINUSE)`, remedy)]
  }
  if (found.folder === 'missing')
    return [problem('path', `there is no folder ${folder}`, [`mkdir -p ${folder}`])]
  if (found.folder === 'closed') {
    const remedy = ['choose a path in a folder of your own, as $XDG_RUNTIME_DIR']
    return [problem('path', `this user may not make a socket in ${folder} (EACCES)`, remedy)]
  }
  if (found.what === 'socket')
    return [ok('path', `${path} is there and nobody of this namespace has it: it is replaced if it is dead`)]
  return [ok('path', `${path} can be made`)]
}

/** A path where somebody else's socket is to be. `patient`: it may come later. */
export function checkPeerPath(facts: HostFacts, path: string, kind: UnixKind, patient: boolean): Finding[] {
  const found = facts.sockets?.path(path)
  if (found === undefined) return []
  if (found.what === 'something else')
    return [problem('peer', `${path} is no socket (ENOTSOCK)`, ['give the path of the other side'])]
  if (found.what === 'nothing') {
    if (patient)
      return [{ level: 'note', check: 'peer', what: `${path} is not there yet: the port waits for it` }]
    return [problem('peer', `there is no ${path} (ENOENT)`, ['start the other side first, or give wait=on'])]
  }
  if (!found.isWritable) {
    const remedy = [`chmod g+w ${path}    # as its owner; and be in its group`]
    return [
      problem('peer', `this user may not write to ${path} (EACCES)`, remedy, 'connecting takes that right'),
    ]
  }
  if (found.open !== undefined && found.open !== kind) {
    const remedy = [found.open === 'seqpacket' ? 'it may be one for bess' : `it may be one for ${found.open}`]
    return [problem('peer', `${path} is a socket of another kind, ${found.open} (EPROTOTYPE)`, remedy)]
  }
  if (found.open === undefined) {
    return [
      {
        level: 'note',
        check: 'peer',
        what: `${path} is there, but nobody of this network namespace has it open`,
        why: 'it is left over from a program that has ended, or the program is in another namespace',
      },
    ]
  }
  return [ok('peer', `${path} is there, and somebody has it open`)]
}

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
  } else if (facts.sockets?.isTcpListening(host, port)) {
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
export function checkTcpPeer(facts: HostFacts, host: string, port: number, patient: boolean): Finding[] {
  const route = facts.route(host)
  if (typeof route === 'string')
    return [problem('route', `no route to ${host} (${route})`, [`ip route add ${host} dev NAME`])]
  if (!isHere(facts, host))
    return [ok('route', `there is a route to ${host}; who listens there is seen by connecting`)]
  if (facts.sockets === undefined) return []
  if (facts.sockets.isTcpListening(host, port))
    return [ok('peer', `somebody listens at TCP port ${port} here`)]
  const shown = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
  if (patient)
    return [{ level: 'note', check: 'peer', what: `nobody listens at ${shown} yet: the port waits` }]
  return [
    problem('peer', `nobody listens at ${shown} (ECONNREFUSED)`, [
      'start the other side first, or give wait=on',
    ]),
  ]
}
