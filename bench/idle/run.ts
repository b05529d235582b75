// The idle section: what a switch costs that nobody talks through.
import { setTimeout as sleep } from 'node:timers/promises'
import { existsSync } from 'node:fs'
import { join as path } from 'node:path'
import type { Options } from '../options.js'
import { contest } from '../support/contest.js'
import type { Contestant, Outcome } from '../support/contest.js'
import { threadsOf } from '../support/processes.js'
import { wanted } from '../support/wanted.js'
import type { Host } from '../../test/support/host.js'
import { Lab } from '../../test/support/lab.js'
import { eventually } from '../../test/support/wait.js'
import { startJoin } from '../lan/ours.js'

/** The name of our I/O thread. */
const IO_THREAD = 'ethercast-io'

export const IDLE_TARGETS = { cpuShare: 0.001, wakeUpsPerS: 0 }

interface IdleContestant extends Contestant {
  /** Starts it, with two ports of its own; its process. */
  start(host: Host): Promise<number>
}

export interface Idle {
  /** Of one processor, all threads. */
  cpuShare: number
  /** A second: of the thread that moves frames, and of all. */
  ioWakeUpsPerS: number
  wakeUpsPerS: number
}

const mcast = (group: number) => `mcast,,239.1.2.${group},1102,0,interface=lo`

const contestants: readonly IdleContestant[] = [
  {
    name: 'ethercast join tuntap mcast',
    needs: ['netns', 'tun'],
    async start(host) {
      await host.ip('tuntap', 'add', 'dev', 'tap0', 'mode', 'tap')
      const { pid } = await startJoin(host, ['tuntap,tap0', mcast(1)])
      await host.ip('link', 'set', 'tap0', 'up')
      return pid
    },
  },
  {
    name: 'ethercast join mcast mcast',
    needs: ['netns'],
    start: async (host) => (await startJoin(host, [mcast(1), mcast(2)])).pid,
  },
  {
    name: 'uml_switch',
    needs: ['netns', 'uml_switch'],
    async start(host) {
      const socket = path(host.dir, 'uml.ctl')
      const { pid } = host.spawn('uml_switch', ['-unix', socket], { endSignal: 'SIGINT' })
      await eventually(() => existsSync(socket), 5000, "uml_switch's socket")
      return pid
    },
  },
  {
    name: 'vde_switch',
    needs: ['netns', 'vde_switch'],
    async start(host) {
      const socket = path(host.dir, 'vde')
      const { pid } = host.spawn('vde_switch', ['-s', socket])
      await eventually(() => existsSync(path(socket, 'ctl')), 5000, "vde_switch's socket")
      return pid
    },
  },
]

async function measure(contestant: IdleContestant, { settleMs, idleMs }: Options): Promise<Idle> {
  await using lab = await Lab.create()
  const host = await lab.host('idle')
  // Else the kernel itself looks for IPv6 neighbours on a new tap.
  await host.exec('sysctl', [
    '-qw',
    'net.ipv6.conf.all.disable_ipv6=1',
    'net.ipv6.conf.default.disable_ipv6=1',
  ])
  const pid = await contestant.start(host)
  await sleep(settleMs)
  const before = threadsOf(pid)
  await sleep(idleMs)
  const after = threadsOf(pid)
  if (after.size === 0) throw new Error('ended while nobody used it')
  const seconds = idleMs / 1000
  const idle: Idle = { cpuShare: 0, ioWakeUpsPerS: 0, wakeUpsPerS: 0 }
  // A switch of one thread moves frames with that.
  const io = [...after.values()].some(({ name }) => name === IO_THREAD)
  for (const [task, thread] of after) {
    const wakeUps = (thread.wakeUps - (before.get(task)?.wakeUps ?? 0)) / seconds
    idle.cpuShare += (thread.cpuS - (before.get(task)?.cpuS ?? 0)) / seconds
    idle.wakeUpsPerS += wakeUps
    if (!io || thread.name === IO_THREAD) idle.ioWakeUpsPerS += wakeUps
  }
  return idle
}

export function runIdle(options: Options): Promise<Outcome<Idle>[]> {
  const all = wanted(contestants, options.peers)
  return contest('idle', all, options.runs, (contestant) => measure(contestant, options))
}
