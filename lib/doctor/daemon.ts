import type { DaemonSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'

/** Where UML kernels look, Debian's and those built as the source has it; the port looks in the same places. */
const USUAL = ['/var/run/uml-utilities/uml_switch.ctl', '/tmp/uml.ctl']
const start = (path: string) => [`ethercast switch -unix ${path}    # or: uml_switch -unix ${path}`]

/** What would keep a `daemon` port from its switch. */
export function checkDaemon(spec: DaemonSpec, facts: HostFacts): Finding[] {
  const named = spec.socket ?? USUAL.find((path) => facts.socketFile(path) !== undefined)
  if (named === undefined) {
    return [
      {
        level: 'problem',
        check: 'socket',
        what: `no switch daemon at any of its usual places: ${USUAL.join(', ')}`,
        remedy: [...start(USUAL[1]!), 'or name its socket: daemon,,unix,PATH'],
      },
    ]
  }
  const isFolder = kindOf(facts, named) === 'folder'
  const path = isFolder ? `${named}/ctl` : named
  return [checkControl(path, isFolder, spec, facts), ...checkQueue(facts)]
}

function kindOf(facts: HostFacts, path: string): string | undefined {
  const found = facts.socketFile(path)
  return typeof found === 'object' ? found.kind : undefined
}

function checkControl(path: string, isVde: boolean, spec: DaemonSpec, facts: HostFacts): Finding {
  const found = facts.socketFile(path)
  const problem = (what: string, remedy: string[], why?: string): Finding => ({
    level: 'problem',
    check: 'socket',
    what,
    ...(why === undefined ? {} : { why }),
    remedy,
  })
  if (found === undefined) {
    if (isVde)
      return problem(`${path} is not there: no vde_switch has this folder`, [
        `vde_switch -s ${path.slice(0, -4)}`,
      ])
    if (spec.wait) return ok('socket', `${path} is not there yet, and will be waited for (wait=on)`)
    return problem(`${path} is not there`, [...start(path), 'or wait for it: wait=on'])
  }
  if (typeof found === 'string') return problem(`${path} can't be looked at (${found})`, [`ls -ld ${path}`])
  if (found.kind !== 'socket')
    return problem(`${path} is no socket`, ['name the control socket of the switch'])
  if (!found.isWritable) {
    return problem(
      `${path} belongs to user ${found.owner}, with mode ${found.mode.toString(8)}: this user may not connect`,
      [`sudo chgrp GROUP ${path}; sudo chmod g+w ${path}    # a group of yours`],
      'connecting takes the right to write to the socket',
    )
  }
  if (found.listener === undefined) {
    return problem(
      `nobody in this network namespace listens at ${path}`,
      [...start(path), 'if it runs in another namespace: run this there, with ip netns exec'],
      "it is left over from a switch that was killed, or its switch lives where our data socket can't be reached: abstract names end with the namespace",
    )
  }
  return ok('socket', `${found.listener} listens at ${path}`)
}

/** unix(7): messages that wait in a socket nobody is connected to both ways, as uml_switch's and UML's are. */
const FEW_MESSAGES = 64

function checkQueue(facts: HostFacts): Finding[] {
  const length = Number(facts.sysctl('net.unix.max_dgram_qlen'))
  if (!(length < FEW_MESSAGES)) return []
  return [
    {
      level: 'note',
      check: 'queue',
      what: `the kernel lets ${length} frames wait in the socket of a uml_switch or a UML guest`,
      why: 'bursts beyond that wait on this side, or are lost on the other; between our own ends it is not in use',
      remedy: ['sudo sysctl -w net.unix.max_dgram_qlen=512'],
    },
  ]
}
