/** Programs that are called, or met as guests, and their versions. */

import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import { atLeast } from './version.js'

/** The first kernel whose UML has neither mcast nor ucast. */
const UML_WITHOUT_MCAST = '6.16'

const GUESTS = [
  ['linux.uml', 'User-Mode Linux', 'user-mode-linux'],
  ['qemu-system-x86_64', 'QEMU', 'qemu-system-x86'],
] as const

/** What sets up a host. Versions are asked for as each program wants it. */
const TOOLS = [
  ['ip', 'iproute2', 'everything on the host side'],
  ['nft', 'nftables', 'masquerading and port forwards'],
] as const

/** Programs that `ethercast plan` and `up` call. */
export function checkTools(facts: HostFacts): Finding[] {
  return TOOLS.map(([program, debian, use]): Finding => {
    if (facts.hasProgram(program))
      return ok('tools', `${debian} is here (${named(program, facts.programVersion?.(program))})`)
    return {
      level: 'note',
      check: 'tools',
      what: `${debian} is not on the PATH (${program})`,
      why: `\`ethercast plan\` and \`up\` need it for ${use}`,
      remedy: [`sudo apt-get install ${debian}`],
    }
  })
}

export function checkGuests(facts: HostFacts): Finding[] {
  return GUESTS.map(([program, name, debian]): Finding => {
    if (facts.hasProgram(program)) return present(program, name, facts.programVersion?.(program))
    return {
      level: 'note',
      check: 'guests',
      what: `${name} is not on the PATH (${program})`,
      why: 'only its guests need it',
      remedy: [`sudo apt-get install ${debian}`],
    }
  })
}

const named = (program: string, version: string | undefined) =>
  version === undefined ? program : `${program} ${version}`

function present(program: string, name: string, version: string | undefined): Finding {
  const what = `${name} is here (${named(program, version)})`
  if (program !== 'linux.uml' || version === undefined || !atLeast(version, UML_WITHOUT_MCAST))
    return ok('guests', what)
  return {
    level: 'note',
    check: 'guests',
    what: `${what}, without mcast and ucast`,
    why: `UML kernels from ${UML_WITHOUT_MCAST} on have no such devices; older ones, as Debian's 6.1, have`,
  }
}
