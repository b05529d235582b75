/** What is left of programs that have ended: sockets nobody has, taps nobody opens, a set-up that was cut short. */

import { DEFAULT_STATE_FOLDER } from '../host/state_folder.js'
import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'

/** Where guests look for a switch (arch/um/drivers/daemon_kern.c; Debian's patch of it). */
const USUAL_SOCKETS = ['/var/run/uml-utilities/uml_switch.ctl', '/tmp/uml.ctl']
/** Where ours are, and the journal. */
const RUN_FOLDER = DEFAULT_STATE_FOLDER

export function checkLeftovers(facts: HostFacts): Finding[] {
  return [...checkSockets(facts), ...checkTaps(facts), ...checkRun(facts)]
}

function checkSockets(facts: HostFacts): Finding[] {
  const own = (facts.folder?.(RUN_FOLDER) ?? []).map((name) => `${RUN_FOLDER}/${name}`)
  const found = [...USUAL_SOCKETS, ...own].flatMap((path) => {
    const fact = facts.sockets.at(path)
    return typeof fact === 'object' && fact.kind === 'socket' ? [{ path, fact }] : []
  })
  const stale = found.filter(({ fact }) => fact.holder === undefined)
  if (stale.length === 0)
    return found.map(({ path, fact }) => ok('stale', `${fact.holder!.name} listens at ${path}`))
  return [
    {
      level: 'note',
      check: 'stale',
      what: `nobody in this network namespace has ${stale.map(({ path }) => path).join(', ')}`,
      why: 'a guest that finds it is refused (ECONNREFUSED); left over from a program that was killed, or it runs elsewhere',
      remedy: stale.map(({ path, fact }) => `${fact.owner === facts.user.uid ? '' : 'sudo '}rm ${path}`),
    },
  ]
}

/** Made to stay, and with nobody at the other end. */
function checkTaps(facts: HostFacts): Finding[] {
  const idle = facts.interfaces.flatMap(({ name }) => {
    const tap = facts.link(name)
    const isOpen = tap?.hasMultiQueue ? tap.queues > 0 : tap?.hasCarrier
    return tap?.isTap && tap.isPersistent && tap.isUp && !isOpen ? [tap] : []
  })
  if (idle.length === 0) return []
  return [
    {
      level: 'note',
      check: 'taps',
      what: `no program has open: ${idle.map(({ name }) => name).join(', ')}`,
      why: 'these taps were made to stay: they wait for a guest, or nobody needs them any more',
      remedy: idle.map(
        ({ name, hasMultiQueue }) =>
          `sudo ip tuntap del dev ${name} mode tap${hasMultiQueue ? ' multi_queue' : ''}    # if nobody does`,
      ),
    },
  ]
}

function checkRun(facts: HostFacts): Finding[] {
  switch (facts.run?.()) {
    case 'unfinished':
      return [
        {
          level: 'warning',
          check: 'leftovers',
          what: `an \`ethercast up\` or \`down\` was cut short, says its journal in ${RUN_FOLDER}`,
          why: 'some of what ethercast.yaml describes is there, and some is not',
          remedy: [
            'sudo ethercast down    # takes back what was made',
            'sudo ethercast up      # or makes the rest',
          ],
        },
      ]
    case 'other':
      return [
        {
          level: 'note',
          check: 'leftovers',
          what: `the journal in ${RUN_FOLDER} is not of this network namespace, or broken`,
          why: 'only there can it be taken back; here `ethercast up` needs a folder of its own',
          remedy: ['ethercast status    # says what is wrong with it', 'ethercast up --state DIR'],
        },
      ]
    case 'up':
      return [ok('leftovers', '`ethercast up` has set up this host; `ethercast status` says what')]
    default:
      return []
  }
}
