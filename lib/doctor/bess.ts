import { dirname, resolve } from 'node:path'
import type { BessSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'

/** Descriptors that a process has besides its clients. */
const OTHER_DESCRIPTORS = 64

const problem = (check: string, what: string, ...remedy: string[]): Finding => ({
  level: 'problem',
  check,
  what,
  remedy,
})

/** What would keep a `bess` port from working here. */
export function checkBess(spec: BessSpec, facts: HostFacts): Finding[] {
  if (spec.listen !== undefined) return checkListening(spec.listen, spec.clients, facts)
  return [checkPeer(spec.connect!, spec.wait, facts)]
}

function checkListening(path: string, clients: number, facts: HostFacts): Finding[] {
  return [
    checkFolder(dirname(path), facts) ?? checkName(path, facts),
    ...checkLimit(clients, facts),
    ok('guest', `a guest joins with vec0:transport=bess,dst=${resolve(path)},mac=fe:fd:00:00:00:01`),
  ]
}

function checkFolder(folder: string, facts: HostFacts): Finding | undefined {
  const found = facts.path?.(folder)
  if (found === undefined) {
    if (facts.path === undefined) return undefined
    return problem('socket', `there is no folder ${folder}`, `mkdir -p ${folder}`)
  }
  if (found.isWritable) return undefined
  return problem('socket', `this user may not make a socket in ${folder}`, 'choose a folder of your own')
}

function checkName(path: string, facts: HostFacts): Finding {
  const found = facts.path?.(path)
  if (found === undefined) return ok('socket', `${path} is free`)
  if (found.kind !== 'socket') {
    return problem('socket', `${path} is no socket, and stays`, 'choose another path')
  }
  if (facts.boundSocket?.(path) !== undefined) {
    return problem('socket', `another program listens at ${path}`, `ss -xlp src ${path}    # which`)
  }
  if (found.uid !== facts.user.uid) {
    return problem('socket', `${path} is another user's, and stays`, 'choose another path')
  }
  return ok('socket', `${path} is left over from a program that has ended, and will be replaced`)
}

function checkLimit(clients: number, { openFiles }: HostFacts): Finding[] {
  if (openFiles === undefined || openFiles >= clients + OTHER_DESCRIPTORS) return []
  return [
    {
      level: 'note',
      check: 'clients',
      what: `clients=${clients} needs as many descriptors, and this process may have ${openFiles}`,
      why: 'clients beyond that wait until one is free',
      remedy: [`ulimit -n ${clients + OTHER_DESCRIPTORS}`],
    },
  ]
}

function checkPeer(path: string, wait: boolean, facts: HostFacts): Finding {
  const start = `start what listens there, as in slirp4netns --target-type=bess ${path}`
  const found = facts.path?.(path)
  const bound = facts.boundSocket?.(path)
  if (found === undefined || (found.kind === 'socket' && bound === undefined)) {
    const what =
      found === undefined
        ? `there is nothing at ${path} yet`
        : `nobody listens at ${path}: it is left over from a program that has ended`
    if (wait) return { level: 'note', check: 'peer', what, why: 'wait=on: it is waited for', remedy: [start] }
    return problem(
      'peer',
      what,
      found === undefined ? start : `rm ${path}; ${start}`,
      'or wait for it: wait=on',
    )
  }
  if (found.kind !== 'socket') return problem('peer', `${path} is no socket`, start)
  if (bound !== 'seqpacket') {
    const other = bound === 'stream' ? 'stream,connect=' : 'dgram,remote='
    return problem('peer', `a ${bound} socket is at ${path}: bess needs seqpacket`, `try ${other}${path}`)
  }
  if (!found.isWritable) {
    return problem(
      'peer',
      `this user may not connect to ${path}: that takes the right to write`,
      `chmod a+w ${path}`,
    )
  }
  return ok('peer', `a program listens at ${path}`)
}
