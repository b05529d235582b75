/** What holds for every transport: this Node, this kernel, and who could be met here. */

import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import { checkGuests } from './mconsole.js'

/** The first kernel whose UML has neither mcast nor ucast. */
const UML_WITHOUT_MCAST = '6.16'
/** A port over UDP takes three descriptors, a switch about as many. */
const MIN_OPEN_FILES = 256

const GUESTS = [
  ['linux.uml', 'User-Mode Linux', 'user-mode-linux'],
  ['qemu-system-x86_64', 'QEMU', 'qemu-system-x86'],
] as const

export function checkHost(facts: HostFacts): Finding[] {
  const guests = GUESTS.map(([program, name, debian]): Finding => {
    if (facts.hasProgram(program)) return present(program, name, facts.programVersion?.(program))
    return {
      level: 'note',
      check: 'guests',
      what: `${name} is not on the PATH (${program})`,
      why: 'only its guests need it',
      remedy: [`apt-get install ${debian}`],
    }
  })
  return [checkNode(facts), ...checkOpenFiles(facts), ...guests, ...checkGuests(facts)]
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

function present(program: string, name: string, version: string | undefined): Finding {
  const what = `${name} is here (${program}${version === undefined ? '' : ` ${version}`})`
  if (program !== 'linux.uml' || version === undefined || !atLeast(version, UML_WITHOUT_MCAST))
    return ok('guests', what)
  return {
    level: 'note',
    check: 'guests',
    what: `${what}, without mcast and ucast`,
    why: `UML kernels from ${UML_WITHOUT_MCAST} on have no such devices; older ones, as Debian's 6.1, have`,
  }
}

/** Whether a version, such as `6.18.44-fc`, is `least` or a later one. */
export function atLeast(version: string, least: string): boolean {
  const numbers = (text: string) => text.split(/[.-]/).map((part) => Number.parseInt(part) || 0)
  const have = numbers(version)
  for (const [i, needed] of numbers(least).entries()) {
    const difference = (have[i] ?? 0) - needed
    if (difference !== 0) return difference > 0
  }
  return true
}
