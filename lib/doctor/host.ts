/** What holds for every transport: this Node, this kernel, and who could be met here. */

import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'

/** UML kernels from 6.16 on have neither mcast nor ucast; only their own version would say, so it is told, not tested. */
const GUESTS = [
  ['linux.uml', 'User-Mode Linux', 'user-mode-linux'],
  ['qemu-system-x86_64', 'QEMU', 'qemu-system-x86'],
] as const

export function checkHost(facts: HostFacts): Finding[] {
  const guests = GUESTS.map(([program, name, debian]): Finding => {
    if (facts.hasProgram(program)) return ok('guests', `${name} is here (${program})`)
    return {
      level: 'note',
      check: 'guests',
      what: `${name} is not on the PATH (${program})`,
      why: 'only its guests need it',
      remedy: [`apt-get install ${debian}`],
    }
  })
  return [ok('node', `Node.js ${facts.node} on Linux ${facts.kernel}; the native part is loaded`), ...guests]
}
