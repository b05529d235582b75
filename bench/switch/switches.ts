// The switches that are compared, each as its users start it, and the ends that are plugged into it.
import { existsSync } from 'node:fs'
import { join as path } from 'node:path'
import type { Contestant, Target } from '../support/contest.js'
import { startJoin } from '../lan/ours.js'
import type { Host } from '../../test/support/host.js'
import { eventually } from '../../test/support/wait.js'

export interface Plugged {
  /** The switch's processes. */
  pids: readonly number[]
  sender: string
  receiver: string
}

export interface SwitchContestant extends Contestant {
  /** Ends with UDP offload, as ours are; else one datagram a system call. */
  offload: boolean
  start(host: Host, cpu: number | undefined): Promise<Plugged>
}

const kGroups = ['239.1.3.1', '239.1.3.2'] as const
const kPort = 1102

/** The command, on one processor alone where there is one for it. */
export const pinned = (cpu: number | undefined, command: readonly string[]) =>
  cpu === undefined ? command : ['taskset', '-c', String(cpu), ...command]

/** Somebody else's switch with a control socket, as its users start it. */
export async function startOther(
  host: Host,
  cpu: number | undefined,
  command: readonly string[],
  socket: string,
  kind: 'uml' | 'vde',
): Promise<Plugged> {
  const [program, ...args] = pinned(cpu, command)
  const { pid } = host.spawn(program!, args)
  await eventually(
    () => existsSync(kind === 'vde' ? path(socket, 'ctl') : socket),
    5000,
    `${command[0]}'s socket`,
  )
  const end = `${kind}:${socket}`
  return { pids: [pid], sender: end, receiver: end }
}

async function startOurs(host: Host, cpu: number | undefined): Promise<Plugged> {
  const specs = kGroups.map((group) => `mcast,,${group},${kPort},0,interface=lo`)
  const { pid } = await startJoin(host, specs, cpu)
  const [sender, receiver] = kGroups.map((group) => `mcast:${group}:${kPort}`)
  return { pids: [pid], sender: sender!, receiver: receiver! }
}

export const PLAIN = 'ethercast, plain ends'
export const OFFLOAD = 'ethercast, GSO and GRO ends'

export const switches: readonly SwitchContestant[] = [
  { name: PLAIN, needs: ['netns', 'cmake'], offload: false, start: startOurs },
  { name: OFFLOAD, needs: ['netns', 'cmake'], offload: true, start: startOurs },
  {
    name: 'uml_switch',
    needs: ['netns', 'cmake', 'uml_switch'],
    offload: false,
    start: (host, cpu) => {
      const socket = path(host.dir, 'uml.ctl')
      return startOther(host, cpu, ['uml_switch', '-unix', socket], socket, 'uml')
    },
  },
  {
    name: 'vde_switch',
    needs: ['netns', 'cmake', 'vde_switch'],
    offload: false,
    start: (host, cpu) => {
      const socket = path(host.dir, 'vde')
      return startOther(host, cpu, ['vde_switch', '-s', socket], socket, 'vde')
    },
  },
  {
    // What the plain ends reach at best over multicast: whatever stands between them only adds to that.
    name: 'no switch, plain ends',
    needs: ['netns', 'cmake'],
    offload: false,
    start: () => {
      const end = `mcast:${kGroups[0]}:${kPort}`
      return Promise.resolve({ pids: [], sender: end, receiver: end })
    },
  },
]

/** The others' switches. */
export const OTHERS: readonly string[] = ['uml_switch', 'vde_switch']

/** Of ours with these ends, against either of the others. */
export const SWITCH_TARGETS: Readonly<Record<string, Omit<Target, 'against'>>> = {
  [PLAIN]: { atLeast: 1.5, aim: 3 },
  [OFFLOAD]: { atLeast: 10, aim: 30 },
}
