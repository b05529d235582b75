/** What holds for every transport: this Node, this kernel, and who could be met here. Each check in a file of its own, host_*.ts. */

import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import { checkHelper } from './helper.js'
import type { Finding } from './finding.js'
import { checkAccess } from './host_access.js'
import { checkBridges } from './host_bridges.js'
import { checkBuffers } from './host_buffers.js'
import { checkLeftovers } from './host_leftovers.js'
import { checkGuests, checkTools } from './host_programs.js'
import { checkConsoles } from './mconsole.js'
import { checkFirewall, checkForwarding, checkReversePath } from './host_routing.js'
import { atLeast } from './version.js'

/** A port over UDP takes three descriptors, a switch about as many. */
const MIN_OPEN_FILES = 256

/** @param isAlone no port is meant: else its own checks say what of this concerns it */
export function checkHost(facts: HostFacts, isAlone: boolean): Finding[] {
  return [
    checkNode(facts),
    ...checkOpenFiles(facts),
    ...(isAlone ? [...checkBuffers(facts), ...checkAccess(facts), ...checkForwarding(facts)] : []),
    ...checkReversePath(facts),
    ...checkFirewall(facts),
    ...checkBridges(facts),
    ...checkLeftovers(facts),
    ...(isAlone ? checkTools(facts) : []),
    ...checkGuests(facts),
    ...checkConsoles(facts),
    ...(facts.helper === undefined ? [] : checkHelper(facts.helper())),
  ]
}

function checkNode({ node, engines, kernel, libc }: HostFacts): Finding {
  const least = /\d+(\.\d+)*/.exec(engines ?? '')?.[0] ?? '0'
  const system = `Linux ${kernel}${libc === undefined ? '' : ` with ${libc}`}`
  if (atLeast(node, least)) return ok('node', `Node.js ${node} on ${system}; the native part is loaded`)
  return {
    level: 'problem',
    check: 'node',
    what: `Node.js ${node} on ${system} is older than ${least}`,
    remedy: [`nvm install ${Math.max(22, Number.parseInt(least))}    # or as your system has it`],
  }
}

function checkOpenFiles({ openFiles }: HostFacts): Finding[] {
  if (openFiles === undefined) return []
  if (openFiles >= MIN_OPEN_FILES) return [ok('files', `${openFiles} files may be open at once`)]
  return [
    {
      level: 'warning',
      check: 'files',
      what: `only ${openFiles} files may be open at once`,
      why: 'each port takes about three: a switch of many ports runs out (EMFILE)',
      remedy: ['ulimit -n 4096'],
    },
  ]
}
