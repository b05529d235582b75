// Ours, as a user runs it: `ethercast join`, built.
import type { Host } from '../../test/support/host.js'
import type { Running } from '../../test/support/running.js'
import { projectRoot } from '../../test/support/child.js'
import { OURS } from '../support/contest.js'
import { join } from './lan.js'
import type { LanContestant } from './lan.js'

const kTap = 'tap0'
const kReady_ms = 20_000

/** A running `ethercast join`, all of whose ports are up. */
export async function startJoin(host: Host, specs: readonly string[], cpu?: number): Promise<Running> {
  const args = ['dist/cli/main.js', 'join', ...specs, '--quiet']
  const all = [process.execPath, ...args]
  const pinned = cpu === undefined ? all : ['taskset', '-c', String(cpu), ...all]
  const running = host.spawn(pinned[0]!, pinned.slice(1), { cwd: projectRoot, input: '' })
  await running.waitForLine(/^ready$/, kReady_ms)
  return running
}

/**
 * Tap – mcast – tap: a switch a host. `mtu` left out: the taps are as `mtu=auto` makes them.
 */
export const overMcast = (cable: number, mtu?: number): LanContestant => ({
  name: OURS,
  needs: ['netns', 'tun'],
  cable,
  async lay(ground) {
    const asked = mtu === undefined ? '' : `,mtu=${mtu}`
    const switches = []
    for (const [i, host] of [ground.a, ground.b].entries()) {
      const mcast = `mcast,,239.1.1.9,1102,1,interface=${ground.devices[i]}${asked}`
      switches.push(await startJoin(host, [`tuntap,${kTap}${asked}`, mcast]))
    }
    const lan = await join(ground, [kTap, kTap])
    return { ...lan, pids: switches.map(({ pid }) => pid) }
  },
})

/** Tap – tap: one switch in a third place, whose taps are then moved to the two hosts, each to one. */
export const oneSwitch = (): LanContestant => ({
  name: OURS,
  needs: ['netns', 'tun'],
  cable: 1500,
  async lay(ground) {
    const middle = await ground.lab.host('c')
    const running = await startJoin(middle, ['tuntap,tap0', 'tuntap,tap1'])
    for (const [i, host] of [ground.a, ground.b].entries()) {
      await middle.ip('link', 'set', `tap${i}`, 'netns', host.namespace)
    }
    const lan = await join(ground, ['tap0', 'tap1'])
    return { ...lan, pids: [running.pid] }
  },
})
