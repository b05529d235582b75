// The TCP works of the bench: what is laid between the two hosts, and what is asked of ours beside each.
import type { Target } from '../support/contest.js'
import type { LanContestant } from '../lan/lan.js'
import { oneSwitch, overMcast } from '../lan/ours.js'
import { qemu, vde, veth, vxlan } from '../lan/others.js'

export interface TcpWork {
  title: string
  contestants: readonly LanContestant[]
  targets: readonly Target[]
  /** From the first host to the second. */
  reverse?: boolean
}

const JUMBO = 9000
const ORDINARY = 1500
/** IPv4 20, UDP 8, the inner Ethernet header 14. */
const OVERHEAD = 42

const VXLAN: Target = { against: 'kernel VXLAN', atLeast: 0.45, aim: 0.65 }
const VDE: Target = { against: 'vde_switch', atLeast: 9, aim: 15 }
const QEMU: Target = { against: 'QEMU hub over mcast', atLeast: 9, aim: 15 }

const named = (contestant: LanContestant, name: string): LanContestant => ({ ...contestant, name })

export const tcpWorks: readonly TcpWork[] = [
  {
    title: `tap – mcast – tap, underlay MTU ${JUMBO}, taps as they come`,
    contestants: [
      overMcast(JUMBO),
      vxlan(JUMBO),
      named(vxlan(JUMBO, ORDINARY), 'kernel VXLAN, MTU 1500'),
      vde(ORDINARY),
      qemu(JUMBO, ORDINARY),
      veth(JUMBO),
    ],
    targets: [VXLAN, { ...VXLAN, against: 'kernel VXLAN, MTU 1500' }, VDE, QEMU],
  },
  {
    title: `tap – mcast – tap, underlay MTU ${JUMBO}, jumbo taps`,
    // Without VDE: vde_switch 2.3.2 carries no frame longer than an ordinary one.
    contestants: [
      overMcast(JUMBO, JUMBO - OVERHEAD),
      vxlan(JUMBO),
      qemu(JUMBO, JUMBO - OVERHEAD),
      veth(JUMBO),
    ],
    targets: [VXLAN, QEMU],
  },
  {
    title: 'tap – tap in one switch',
    contestants: [oneSwitch(), veth(ORDINARY)],
    targets: [{ against: 'bare veth', atLeast: 0.5, aim: 0.8 }],
  },
  {
    title: `tap – mcast – tap, underlay MTU ${ORDINARY}`,
    contestants: [overMcast(ORDINARY), vxlan(ORDINARY), veth(ORDINARY)],
    targets: [{ against: 'kernel VXLAN', atLeast: 0.4, aim: 0.6 }],
  },
]
