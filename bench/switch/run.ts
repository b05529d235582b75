// The switch section: frames of 64 octets through a switch, from one station to another that it knows.
import { availableParallelism } from 'node:os'
import type { Options } from '../options.js'
import { contest } from '../support/contest.js'
import type { Outcome } from '../support/contest.js'
import { buildNative } from '../support/native.js'
import { cpuSeconds, machineSeconds } from '../support/processes.js'
import { wanted } from '../support/wanted.js'
import { missing } from '../../test/support/need.js'
import { Lab } from '../../test/support/lab.js'
import { Load } from './load.js'
import type { Answer, Order } from './load.js'
import { highestRate } from './search.js'
import { switches } from './switches.js'
import type { SwitchContestant } from './switches.js'

/** Datagrams in the queue of a UNIX socket: what systemd sets; the kernel's own 10 would starve uml_switch and vde_switch. */
const UNIX_QUEUE = 512

export interface Trial extends Answer {
  /** Of the switch's process, and of the whole machine, ends included. */
  switchS: number
  machineS: number
}

export interface Throughput {
  /** At a loss that counts as none; undefined if there is no such rate. */
  steady: Trial | undefined
  /** As many as the sender can send. */
  flood: Trial
}

interface Places {
  sender: number
  receiver: number
  switch: number
}

/** As asked for; else the switch has a processor for itself, and the two ends share one where there are only two. */
function places(asked: Options['cpus']): Places | undefined {
  if (asked === 'free') return undefined
  if (asked !== undefined) return { sender: asked[0], switch: asked[1], receiver: asked[2] }
  const cores = availableParallelism()
  if (cores < 2) return undefined
  return { sender: 0, switch: 1, receiver: cores > 2 ? 2 : 0 }
}

/** One contestant's rate, in a namespace of its own. */
export async function measureThroughput(
  contestant: SwitchContestant,
  program: string,
  { searchMs, confirmMs, cpus: asked }: Options,
): Promise<Throughput> {
  await using lab = await Lab.create()
  const host = await lab.host('switch')
  await host.exec('sysctl', ['-qw', `net.unix.max_dgram_qlen=${UNIX_QUEUE}`], { check: true })
  const place = places(asked)
  const { pids, sender, receiver } = await contestant.start(host, place?.switch)
  const cpus = place && ([place.sender, place.receiver] as const)
  const load = await Load.start(host, program, { sender, receiver, offload: contestant.offload, cpus })
  const trial = async (order: Order): Promise<Trial> => {
    const [switchBefore, machineBefore] = [cpuSeconds(pids), machineSeconds()]
    const answer = await load.trial(order)
    return {
      ...answer,
      switchS: cpuSeconds(pids) - switchBefore,
      machineS: machineSeconds() - machineBefore,
    }
  }
  await trial({ rate: 0, ms: searchMs }) // warm-up
  const flood = await trial({ rate: 0, ms: confirmMs })
  return { flood, steady: await highestRate(trial, flood, searchMs, confirmMs) }
}

/** Builds the load generator, if any of these can run. */
export async function buildLoad(contestants: readonly SwitchContestant[]): Promise<string | undefined> {
  const able = contestants.some(({ needs }) => missing(...needs) === undefined)
  return able ? buildNative('ethercast_switch_load') : undefined
}

export async function runSwitch(options: Options): Promise<Outcome<Throughput>[]> {
  const contestants = wanted(switches, options.peers)
  const program = await buildLoad(contestants)
  return contest('64-octet frames', contestants, options.runs, (contestant) =>
    measureThroughput(contestant, program!, options),
  )
}
