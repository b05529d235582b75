import type { DaemonSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import { problem } from './finding.js'
import type { Finding } from './finding.js'
import { checkPeer } from './unix.js'

/** Where UML kernels look, Debian's and those built as the source has it; the port looks in the same places. */
const USUAL = ['/var/run/uml-utilities/uml_switch.ctl', '/tmp/uml.ctl']
const start = (path: string) => [`ethercast switch -unix ${path}    # or: uml_switch -unix ${path}`]

/** What would keep a `daemon` port from its switch. */
export function checkDaemon(spec: DaemonSpec, facts: HostFacts): Finding[] {
  const named = spec.socket ?? USUAL.find((path) => facts.sockets.at(path) !== undefined)
  return [named === undefined ? checkUsual(spec) : checkControl(named, spec, facts), ...checkQueue(facts)]
}

function checkUsual({ wait }: DaemonSpec): Finding {
  const what = `no switch daemon at any of its usual places: ${USUAL.join(', ')}`
  if (wait) return { level: 'note', check: 'peer', what: `${what}: the port waits` }
  return problem('peer', what, [...start(USUAL[1]!), 'or name its socket: daemon,,unix,PATH'])
}

function checkControl(named: string, { wait }: DaemonSpec, facts: HostFacts): Finding {
  const found = facts.sockets.at(named)
  const isVde = typeof found === 'object' && found.kind === 'folder'
  const path = isVde ? `${named}/ctl` : named
  return checkPeer(
    path,
    {
      type: 'stream',
      isAwaited: wait,
      start: isVde ? [`vde_switch -s ${named}`] : start(path),
      elsewhere:
        'it is left over from a switch that was killed, or its switch is in another network namespace, where our ' +
        "data socket can't be reached: run this there (ip netns exec)",
    },
    facts,
  )
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
