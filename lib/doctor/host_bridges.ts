/** The kernel's own bridges: packet filters they pass through, groups that die, ports with unlike MTUs. */

import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'

export function checkBridges(facts: HostFacts): Finding[] {
  const bridges = facts.network?.().devices.filter(({ snooping }) => snooping !== undefined) ?? []
  if (bridges.length === 0) return []
  return [...checkFiltering(facts), ...checkSnooping(facts), ...checkMtus(facts)]
}

/** br_netfilter's switches; the module is loaded by Docker and Kubernetes, above all. */
const FILTERS = ['iptables', 'ip6tables', 'arptables'].map((by) => `net.bridge.bridge-nf-call-${by}`)

function checkFiltering(facts: HostFacts): Finding[] {
  const on = FILTERS.filter((name) => facts.sysctl(name) === '1')
  if (on.length === 0) return [ok('filtering', 'frames of bridges do not pass through packet filters')]
  return [
    {
      level: 'note',
      check: 'filtering',
      what: `frames between ports of a bridge pass through packet filters (${on.map((name) => name.slice('net.bridge.'.length)).join(', ')})`,
      why: 'a rule for forwarded packets, such as the policy that Docker sets, then drops frames within a LAN',
      remedy: on.map((name) => `sudo sysctl -w ${name}=0    # if no container network counts on it`),
    },
  ]
}

function checkSnooping(facts: HostFacts): Finding[] {
  return facts.network!().devices.flatMap(({ name, snooping }): Finding[] => {
    if (snooping === undefined || !snooping.isOn) return []
    if (snooping.isQuerier) return [ok('snooping', `${name} snoops, and asks for groups itself`)]
    return [
      {
        level: 'note',
        check: 'snooping',
        what: `${name} snoops (mcast_snooping 1) and asks nobody for groups (mcast_querier 0)`,
        why:
          'if no router on its LAN asks either, switches that snoop forget a group some minutes after it was joined, and ' +
          'an mcast LAN across them falls apart',
        remedy: [
          `sudo ip link set dev ${name} type bridge mcast_querier 1    # ask`,
          `sudo ip link set dev ${name} type bridge mcast_snooping 0    # or flood always`,
        ],
      },
    ]
  })
}

function checkMtus(facts: HostFacts): Finding[] {
  const { devices } = facts.network!()
  return devices.flatMap((bridge): Finding[] => {
    if (bridge.snooping === undefined) return []
    const members = [bridge, ...devices.filter((device) => device.bridge === bridge.name)]
    const least = Math.min(...members.map(({ mtu }) => mtu))
    if (members.every(({ mtu }) => mtu === least)) return []
    const list = members.map(({ name, mtu }) => `${name} ${mtu}`).join(', ')
    return [
      {
        level: 'warning',
        check: 'mtus',
        what: `the MTUs on bridge ${bridge.name} are unlike: ${list}`,
        why: 'a frame that is too long for the port it leaves by is dropped, and nobody is told',
        remedy: members
          .filter(({ mtu }) => mtu > least)
          .map(({ name }) => `sudo ip link set dev ${name} mtu ${least}`),
      },
    ]
  })
}
