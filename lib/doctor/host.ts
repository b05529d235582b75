/**
 * What matters whatever one wants to do: this program's own needs, and the programs it is used with.
 */

import type { HostFacts, ProgramFacts } from './facts.js'
import { finding } from './finding.js'
import type { Finding } from './finding.js'

/** A port over UDP takes three descriptors, a switch about as many. */
const MIN_OPEN_FILES = 256
/** The first kernel with UDP_SEGMENT and UDP_GRO both. */
const FAST_KERNEL = '5.0'
/** The first kernel whose UML has no mcast, ucast and daemon transports. */
const UML_WITHOUT_MCAST = '6.16'

export function checkHost(facts: HostFacts): Finding[] {
  return [
    checkNode(facts),
    checkAddon(facts),
    checkKernel(facts),
    finding('ok', 'libc', facts.libc),
    checkOpenFiles(facts),
    ...facts.programs.map((program) => (program.role === 'uml' ? checkUml(program) : checkQemu(program))),
  ]
}

function checkNode({ node, engines }: HostFacts): Finding {
  const least = /\d+(\.\d+)*/.exec(engines)?.[0] ?? '0'
  if (atLeast(node, least)) return finding('ok', 'node', `Node.js ${node}`)
  return finding('problem', 'node', `Node.js ${node} is too old`, `ethercast needs ${least} or later.`, {
    command: `nvm install ${Math.max(22, Number.parseInt(least))}`,
    when: 'with nvm',
  })
}

function checkAddon({ addon }: HostFacts): Finding {
  if (!('error' in addon)) {
    const kind = addon.path.includes('prebuilds') ? 'prebuilt' : 'built here'
    return finding('ok', 'addon', `the native part loads (${kind})`, addon.path)
  }
  return finding(
    'problem',
    'addon',
    'the native part does not load',
    `Nothing works without it, and the checks of interfaces and ports are left out. ${addon.error}.`,
    { command: 'npm rebuild ethercast', when: 'where it is installed as a package' },
    { command: 'npm start', when: 'in a checkout' },
  )
}

function checkKernel({ kernel }: HostFacts): Finding {
  if (atLeast(kernel, FAST_KERNEL)) return finding('ok', 'kernel', `Linux ${kernel}`)
  return finding(
    'note',
    'kernel',
    `Linux ${kernel}`,
    `Everything works, but batching in the kernel (UDP_SEGMENT, UDP_GRO) came with ${FAST_KERNEL}.`,
  )
}

function checkOpenFiles({ openFiles }: HostFacts): Finding {
  if (openFiles === undefined) return finding('note', 'open-files', 'the limit of open files is not known')
  if (openFiles >= MIN_OPEN_FILES) return finding('ok', 'open-files', `up to ${openFiles} open files`)
  return finding(
    'warning',
    'open-files',
    `only ${openFiles} open files`,
    'Each port takes three or so: a switch of many ports runs out (EMFILE).',
    { command: 'ulimit -n 4096', when: 'in the shell that starts it' },
  )
}

function checkUml({ name, version }: ProgramFacts): Finding {
  if (version === undefined) return absent('uml', name, 'User-Mode Linux guests', 'user-mode-linux')
  const what = `${name} ${version}`.trim()
  if (version === '' || !atLeast(version, UML_WITHOUT_MCAST)) return finding('ok', 'uml', what)
  return finding(
    'note',
    'uml',
    `${what} has no mcast and no ucast`,
    `Linux ${UML_WITHOUT_MCAST} and later dropped these devices from UML: eth0=mcast and eth0=ucast need an older kernel, such as Debian's 6.1.`,
  )
}

function checkQemu({ name, version }: ProgramFacts): Finding {
  if (version !== undefined) return finding('ok', 'qemu', `${name} ${version}`.trim())
  return absent('qemu', name, 'QEMU guests', 'qemu-system')
}

function absent(check: string, name: string, forWhat: string, debianPackage: string): Finding {
  return finding('note', check, `no ${name} on PATH`, `Only needed for ${forWhat} on this host.`, {
    command: `sudo apt install ${debianPackage}`,
    when: 'on Debian and Ubuntu',
  })
}

/** Whether a version, such as `6.18.44-fc`, is another one or later. */
export function atLeast(version: string, least: string): boolean {
  const [have, need] = [version, least].map((text) =>
    text.split(/[.-]/).map((part) => Number.parseInt(part) || 0),
  )
  for (let i = 0; i < need!.length; i++) {
    const difference = (have![i] ?? 0) - need![i]!
    if (difference !== 0) return difference > 0
  }
  return true
}
