// Each wire with a switch behind it, ours beside those that speak it too: plain ends, which make one system call a frame.
import { join as path } from 'node:path'
import { startJoin } from '../lan/ours.js'
import { OURS } from '../support/contest.js'
import type { Target } from '../support/contest.js'
import { startOther } from '../switch/switches.js'
import type { Plugged, SwitchContestant } from '../switch/switches.js'
import type { Host } from '../../test/support/host.js'
import { startQemuHub } from '../../test/support/qemu.js'

export interface Wire {
  title: string
  contestants: readonly SwitchContestant[]
  targets: readonly Target[]
}

type Start = (host: Host, cpu: number | undefined) => Promise<Plugged>

const contestant = (name: string, needs: SwitchContestant['needs'], start: Start): SwitchContestant => ({
  name,
  needs: ['netns', 'cmake', ...needs],
  offload: false,
  start,
})

/** Ours with these specs; the ends are made once it is ready. */
const ours = (specs: (host: Host) => readonly string[], ends: (host: Host) => readonly [string, string]) =>
  contestant(OURS, [], async (host, cpu) => {
    const { pid } = await startJoin(host, specs(host), cpu)
    const [sender, receiver] = ends(host)
    return { pids: [pid], sender, receiver }
  })

const QEMU = 'QEMU hub'

const qemu = (netdevs: (host: Host) => readonly string[], ends: (host: Host) => readonly [string, string]) =>
  contestant(QEMU, ['qemu'], async (host, cpu) => {
    const { pid } = await startQemuHub(host, netdevs(host), cpu)
    const [sender, receiver] = ends(host)
    return { pids: [pid], sender, receiver }
  })

const file = ({ dir }: Host, name: string) => path(dir, name)
const both = (end: string): readonly [string, string] => [end, end]
const notBelow = (...others: string[]): Target[] =>
  others.map((against) => ({ against, atLeast: 1, aim: 1.5 }))

const daemon: Wire = {
  title: "the daemon's wire (daemon, switch)",
  contestants: [
    ours(
      (host) => [`switch,,unix,${file(host, 'ctl')}`],
      (host) => both(`uml:${file(host, 'ctl')}`),
    ),
    contestant('uml_switch', ['uml_switch'], (host, cpu) => {
      const socket = file(host, 'uml.ctl')
      return startOther(host, cpu, ['uml_switch', '-unix', socket], socket, 'uml')
    }),
    contestant('vde_switch', ['vde_switch'], (host, cpu) => {
      const socket = file(host, 'vde')
      return startOther(host, cpu, ['vde_switch', '-s', socket], socket, 'vde')
    }),
  ],
  targets: notBelow('uml_switch'),
}

const streamServers = (host: Host) =>
  ['s0', 's1'].map((name) => `stream,server=on,addr.type=unix,addr.path=${file(host, name)}`)
const streamEnds = (host: Host): readonly [string, string] => [
  `stream:${file(host, 's0')}`,
  `stream:${file(host, 's1')}`,
]

const stream: Wire = {
  title: 'stream, over Unix sockets',
  contestants: [
    ours(
      (host) => [`stream,listen=${file(host, 'stream')}`],
      (host) => both(`stream:${file(host, 'stream')}`),
    ),
    qemu(streamServers, streamEnds),
  ],
  targets: notBelow(QEMU),
}

const bess: Wire = {
  title: 'bess; QEMU, which has none, over its stream',
  contestants: [
    ours(
      (host) => [`bess,listen=${file(host, 'bess')}`],
      (host) => both(`packet:${file(host, 'bess')}`),
    ),
    qemu(streamServers, streamEnds),
  ],
  targets: notBelow(QEMU),
}

const dgramEnds = (host: Host): readonly [string, string] => [
  `dgram:${file(host, 'e0')}:${file(host, 's0')}`,
  `dgram:${file(host, 'e1')}:${file(host, 's1')}`,
]

const dgram: Wire = {
  title: 'dgram, over Unix sockets',
  contestants: [
    ours(
      (host) => [0, 1].map((i) => `dgram,local=${file(host, `s${i}`)},remote=${file(host, `e${i}`)}`),
      dgramEnds,
    ),
    qemu(
      (host) =>
        [0, 1].map((i) => {
          const [local, remote] = [file(host, `s${i}`), file(host, `e${i}`)]
          return `dgram,local.type=unix,local.path=${local},remote.type=unix,remote.path=${remote}`
        }),
      dgramEnds,
    ),
  ],
  targets: notBelow(QEMU),
}

const PORTS = [
  [4001, 4002],
  [4003, 4004],
] as const
const udpEnds = (): readonly [string, string] => [
  `udp:${PORTS[0][1]}:${PORTS[0][0]}`,
  `udp:${PORTS[1][1]}:${PORTS[1][0]}`,
]

const ucast: Wire = {
  title: 'ucast (UDP)',
  contestants: [
    ours(() => PORTS.map(([own, there]) => `ucast,,127.0.0.1,${own},${there}`), udpEnds),
    qemu(
      () => PORTS.map(([own, there]) => `socket,udp=127.0.0.1:${there},localaddr=127.0.0.1:${own}`),
      udpEnds,
    ),
  ],
  targets: notBelow(QEMU),
}

export const wires: readonly Wire[] = [daemon, stream, bess, dgram, ucast]
