// The ways of a User-Mode Linux guest onto a LAN with this host: each as a user would lay it.
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join as path } from 'node:path'
import { startJoin } from '../lan/ours.js'
import type { Contestant } from '../support/contest.js'
import { projectRoot } from '../../test/support/child.js'
import type { Guest } from '../../test/support/guest.js'
import type { Host } from '../../test/support/host.js'
import type { Need } from '../../test/support/need.js'
import { eventually } from '../../test/support/wait.js'

const GUEST = '198.18.2.1'
const HOST = '198.18.2.2'
const MAC = 'fe:fd:c6:12:02:01'
const TAP = 'tap0'
const ours = `tuntap,${TAP},,${HOST}`

export interface Way extends Contestant {
  /** Boots a guest that reaches the address of this host. */
  lay(host: Host): Promise<{ guest: Guest; address: string }>
}

const way = (
  name: string,
  device: (host: Host) => string,
  before: (host: Host) => Promise<unknown>,
  needs: readonly Need[] = [],
): Way => ({
  name,
  needs: ['uml', 'tun', 'iperf3', ...needs],
  async lay(host) {
    await before(host)
    return { guest: await boot(host, device(host)), address: HOST }
  },
})

const boot = (host: Host, device: string, programs?: string) =>
  host.uml('guest', `${GUEST}/24`, [device], { lifeSeconds: 120, programs })

/** A folder with our helper under the name by which UML looks for its own. */
function helperFolder(host: Host): string {
  const folder = path(host.dir, 'helper')
  mkdirSync(folder, { recursive: true })
  const name = path(folder, 'uml_net')
  const helper = path(projectRoot, 'build/Release/uml_net')
  if (!existsSync(helper)) throw new Error(`${helper} is not built`)
  if (!existsSync(name)) symlinkSync(helper, name)
  return folder
}

const withHelper = (name: string, device: string): Way => ({
  name,
  needs: ['uml', 'tun', 'iperf3'],
  lay: async (host) => ({ guest: await boot(host, device, helperFolder(host)), address: HOST }),
})

const ctl = ({ dir }: Host) => path(dir, 'ctl')
const socket = ({ dir }: Host) => path(dir, 'bess')

// gro=1: without it the guest refuses the long segments that a tap hands over.
export const ways: readonly Way[] = [
  way(
    'mcast',
    () => `eth0=mcast,${MAC}`,
    (host) => startJoin(host, ['mcast', ours]),
  ),
  way(
    'ucast',
    () => `eth0=ucast,${MAC},127.0.0.1,4002,4001`,
    (host) => startJoin(host, ['ucast,,127.0.0.1,4001,4002', ours]),
  ),
  way(
    'daemon, our switch',
    (host) => `eth0=daemon,${MAC},unix,${ctl(host)}`,
    (host) => startJoin(host, [`switch,,unix,${ctl(host)}`, ours]),
  ),
  way(
    'daemon, uml_switch',
    (host) => `eth0=daemon,${MAC},unix,${ctl(host)}`,
    async (host) => {
      host.spawn('uml_switch', ['-unix', ctl(host), '-tap', TAP])
      await eventually(() => existsSync(ctl(host)), 5000, "uml_switch's socket")
      await host.ip('addr', 'add', `${HOST}/24`, 'dev', TAP)
      await host.ip('link', 'set', TAP, 'up')
    },
    ['uml_switch'],
  ),
  way(
    'tuntap, a tap of the host',
    () => `eth0=tuntap,${TAP},${MAC}`,
    (host) => host.tap(TAP, `${HOST}/24`),
  ),
  withHelper('tuntap, our helper', `eth0=tuntap,,${MAC},${HOST}`),
  withHelper('ethertap, our helper', `eth0=ethertap,${TAP},${MAC},${HOST}`),
  way(
    'vector bess',
    (host) => `vec0:transport=bess,dst=${socket(host)},mac=${MAC}`,
    (host) => startJoin(host, [`bess,listen=${socket(host)}`, ours]),
  ),
  way(
    'vector tap',
    () => `vec0:transport=tap,ifname=${TAP},mac=${MAC},gro=1`,
    (host) => host.tap(TAP, `${HOST}/24`),
  ),
]
