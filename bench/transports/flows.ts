// One TCP flow between two hosts over each transport, ours beside what speaks the same wire.
import { existsSync } from 'node:fs'
import { join as path } from 'node:path'
import { startJoin } from '../lan/ours.js'
import { join } from '../lan/lan.js'
import type { Ground, Lan, LanContestant } from '../lan/lan.js'
import { vde } from '../lan/others.js'
import { OURS } from '../support/contest.js'
import type { Target } from '../support/contest.js'
import type { TcpWork } from '../tcp/works.js'
import { projectRoot } from '../../test/support/child.js'
import type { Host } from '../../test/support/host.js'
import type { Need } from '../../test/support/need.js'
import { allowPings, folderOfNobody, startPasst } from '../../test/support/passt.js'
import { eventually } from '../../test/support/wait.js'

const CABLE = 9000
const TAP = 'tap0'
const ORDINARY = 1500
const QEMU = 'QEMU hub'

type Sides = (ground: Ground) => readonly [string, string]

/** A switch a host: its tap, and the port that leads to the other. The first is up before the second starts. */
const ours = (name: string, sides: Sides, mtu = ORDINARY): LanContestant => ({
  name,
  needs: ['netns', 'tun'],
  cable: CABLE,
  async lay(ground) {
    const switches = []
    for (const [i, host] of [ground.a, ground.b].entries()) {
      switches.push(await startJoin(host, [`tuntap,${TAP},mtu=${mtu}`, sides(ground)[i]!]))
    }
    const lan = await join(ground, [TAP, TAP])
    return { ...lan, pids: switches.map(({ pid }) => pid) }
  },
})

const qemu = (sides: Sides): LanContestant => ({
  name: QEMU,
  needs: ['netns', 'tun', 'qemu'],
  cable: CABLE,
  async lay(ground) {
    const hubs = []
    for (const [i, host] of [ground.a, ground.b].entries()) {
      await host.ip('tuntap', 'add', 'dev', TAP, 'mode', 'tap')
      hubs.push(await host.qemuHub(`tap,ifname=${TAP},script=no,downscript=no`, sides(ground)[i]!))
    }
    const lan = await join(ground, [TAP, TAP], ORDINARY)
    return { ...lan, pids: hubs.map(({ pid }) => pid) }
  },
})

const socket = ({ lab }: Ground, name: string) => path(lab.dir, name)
const PORT = 5000
const MORE: Omit<Target, 'against'> = { atLeast: 1, aim: 5 }
const versus = (...names: string[]): Target[] => names.map((against) => ({ ...MORE, against }))

/** A switch with a control socket and a tap of its own, and a client of it with another tap; both end up on the two hosts. */
const behindSwitch = (
  name: string,
  needs: readonly Need[],
  start: (host: Host, ctl: string) => Promise<number>,
): LanContestant => ({
  name,
  needs: ['netns', 'tun', ...needs],
  cable: ORDINARY,
  async lay(ground) {
    const middle = await ground.lab.host('c')
    const ctl = socket(ground, 'ctl')
    const pid = await start(middle, ctl)
    const client = await startJoin(middle, ['tuntap,tap1', `daemon,,unix,${ctl}`])
    for (const [i, host] of [ground.a, ground.b].entries()) {
      await middle.ip('link', 'set', `tap${i}`, 'netns', host.namespace)
    }
    const lan: Lan = await join(ground, ['tap0', 'tap1'], ORDINARY)
    return { ...lan, pids: [pid, client.pid] }
  },
})

async function startSwitch(
  host: Host,
  ctl: string,
  command: string,
  args: readonly string[],
): Promise<number> {
  const running = host.spawn(command, args, { cwd: projectRoot })
  // Not by its start line: uml_switch keeps that in its buffer when it writes to a pipe.
  await eventually(() => existsSync(ctl), 10_000, `${command}'s socket`)
  return running.pid
}

/** Beyond the gateway, whose own address passt takes for the host that it runs on. */
const BEYOND = '192.0.2.80'

/** The way out through passt, which runs in a third place, as nobody: from a tap of the second host to the first. */
const throughPasst = (name: string): LanContestant => ({
  name,
  needs: ['netns', 'tun', 'passt', 'setpriv'],
  cable: ORDINARY,
  async lay({ lab, a, b, devices }) {
    const gate = await lab.host('gate')
    const { addresses } = await lab.link(gate, a, { route239: false })
    // passt goes where its host's default route goes.
    await gate.ip('route', 'add', 'default', 'via', addresses[1])
    await allowPings(gate)
    const socket = path(folderOfNobody(lab.dir), 'passt')
    const passt = await startPasst(gate, socket)
    const { pid } = await startJoin(b, [`tuntap,${TAP},mtu=${ORDINARY}`, `stream,connect=${socket}`])
    await b.exec('sysctl', ['-qw', `net.ipv6.conf.${TAP}.disable_ipv6=1`])
    await b.ip('link', 'set', TAP, 'mtu', String(ORDINARY), 'up')
    await b.ip('addr', 'add', `${addresses[0]}/24`, 'dev', TAP)
    await b.ip('route', 'add', BEYOND, 'via', addresses[1])
    await a.ip('addr', 'add', `${BEYOND}/32`, 'dev', 'lo')
    return {
      addresses: [BEYOND, addresses[0]],
      devices: [devices[0], TAP],
      mtu: ORDINARY,
      pids: [passt.pid, pid],
    }
  },
})

export const flowWorks: readonly TcpWork[] = [
  {
    title: 'ucast, cable MTU 9000',
    contestants: [
      ours(OURS, ({ addresses: [a, b] }) => [`ucast,,${b},${PORT},${PORT}`, `ucast,,${a},${PORT},${PORT}`]),
      qemu(({ addresses: [a, b] }) => [
        `socket,udp=${b}:${PORT},localaddr=${a}:${PORT}`,
        `socket,udp=${a}:${PORT},localaddr=${b}:${PORT}`,
      ]),
    ],
    targets: versus(QEMU),
  },
  {
    title: 'daemon: a switch with one tap, a client with the other',
    contestants: [
      behindSwitch(OURS, [], (host, ctl) =>
        startSwitch(host, ctl, process.execPath, ['dist/cli/main.js', 'switch', '-unix', ctl, '-tap', TAP]),
      ),
      behindSwitch('uml_switch', ['uml_switch'], (host, ctl) =>
        startSwitch(host, ctl, 'uml_switch', ['-unix', ctl, '-tap', TAP]),
      ),
      vde(ORDINARY),
    ],
    targets: versus('uml_switch', 'vde_switch'),
  },
  {
    title: 'stream over TCP, cable MTU 9000',
    contestants: [
      ours(OURS, ({ addresses: [a] }) => [`stream,listen=${a}:${PORT}`, `stream,connect=${a}:${PORT}`]),
      qemu(({ addresses: [a] }) => [`socket,listen=${a}:${PORT}`, `socket,connect=${a}:${PORT}`]),
    ],
    targets: versus(QEMU),
  },
  {
    title: 'stream and bess over Unix sockets',
    contestants: [
      ours(OURS, (ground) => [
        `bess,listen=${socket(ground, 'bess')}`,
        `bess,connect=${socket(ground, 'bess')}`,
      ]),
      ours(`${OURS}, stream`, (ground) => [
        `stream,listen=${socket(ground, 'stream')}`,
        `stream,connect=${socket(ground, 'stream')}`,
      ]),
      qemu((ground) => {
        const address = `addr.type=unix,addr.path=${socket(ground, 'stream')}`
        return [`stream,server=on,${address}`, `stream,server=off,${address}`]
      }),
    ],
    targets: versus(QEMU),
  },
  {
    title: 'dgram over Unix sockets',
    contestants: [
      ours(OURS, (ground) => {
        const [a, b] = [socket(ground, 'a'), socket(ground, 'b')]
        return [`dgram,local=${a},remote=${b}`, `dgram,local=${b},remote=${a}`]
      }),
      qemu((ground) => {
        const [a, b] = [socket(ground, 'a'), socket(ground, 'b')]
        const side = (local: string, remote: string) =>
          `dgram,local.type=unix,local.path=${local},remote.type=unix,remote.path=${remote}`
        return [side(a, b), side(b, a)]
      }),
    ],
    targets: versus(QEMU),
  },
  {
    // Towards the LAN. QEMU's hub in our place is not here: with passt of 2023 its connection breaks off in either direction.
    title: 'from outside through passt (stream)',
    reverse: true,
    contestants: [throughPasst(OURS)],
    targets: [],
  },
]
