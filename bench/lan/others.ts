// What a user would take instead of ethercast: the kernel's own, VDE and QEMU.
import { join as path } from 'node:path'
import { eventually } from '../../test/support/wait.js'
import { existsSync } from 'node:fs'
import { join, mtuOf } from './lan.js'
import type { Ground, LanContestant } from './lan.js'

/** VXLAN's own over IPv4: outer IP 20, UDP 8, VXLAN 8, inner Ethernet header 14. */
const kVxlanOverhead = 50

const kTaps = ['tap0', 'tap0'] as const

/** A persistent tap on each host. */
async function makeTaps({ a, b }: Ground): Promise<void> {
  for (const host of [a, b]) await host.ip('tuntap', 'add', 'dev', kTaps[0], 'mode', 'tap')
}

/** The cable alone: what the kernel does at best. */
export const veth = (mtu: number): LanContestant => ({
  name: 'bare veth',
  needs: ['netns'],
  cable: mtu,
  lay: async ({ a, devices, addresses }) => {
    return { addresses, devices, mtu: await mtuOf(a, devices[0]), pids: [] }
  },
})

/** The kernel's VXLAN in a multicast group: `mtu` as large as the cable allows when left out. */
export const vxlan = (cable: number, mtu = cable - kVxlanOverhead): LanContestant => ({
  name: 'kernel VXLAN',
  needs: ['netns'],
  cable,
  async lay(ground) {
    for (const [i, host] of [ground.a, ground.b].entries()) {
      const how = ['type', 'vxlan', 'id', '7', 'group', '239.1.1.7', 'dstport', '4789']
      await host.ip('link', 'add', 'vx0', ...how, 'dev', ground.devices[i]!)
    }
    return join(ground, ['vx0', 'vx0'], mtu)
  },
})

/** vde_switch with a vde_plug2tap a host, as its manual shows. Its sockets are files, so the cable is not in use. */
export const vde = (mtu: number): LanContestant => ({
  name: 'vde_switch',
  needs: ['netns', 'tun', 'vde_switch', 'vde_plug2tap'],
  cable: 1500,
  async lay(ground) {
    const { a, b, lab } = ground
    const socket = path(lab.dir, 'vde')
    await makeTaps(ground)
    // Not as a daemon: it ends with its stdin, and so with us.
    const vdeSwitch = a.spawn('vde_switch', ['-s', socket])
    await eventually(() => existsSync(path(socket, 'ctl')), 5000, "vde_switch's socket")
    const plugs = [a, b].map((host) => host.spawn('vde_plug2tap', ['-s', socket, kTaps[0]]))
    const lan = await join(ground, kTaps, mtu)
    return { ...lan, pids: [vdeSwitch, ...plugs].map(({ pid }) => pid) }
  },
})

/** QEMU without a machine: a hub of a tap and a multicast socket on each host. */
export const qemu = (cable: number, mtu: number): LanContestant => ({
  name: 'QEMU hub over mcast',
  needs: ['netns', 'tun', 'qemu'],
  cable,
  async lay(ground) {
    const { a, b, addresses } = ground
    await makeTaps(ground)
    const hubs = []
    for (const [i, host] of [a, b].entries()) {
      const tap = `tap,ifname=${kTaps[0]},script=no,downscript=no`
      hubs.push(await host.qemuHub(tap, `socket,mcast=239.1.1.8:1102,localaddr=${addresses[i]}`))
    }
    const lan = await join(ground, kTaps, mtu)
    return { ...lan, pids: hubs.map(({ pid }) => pid) }
  },
})
