import type { PcapSpec } from '../spec/index.js'
import type { HostFacts, HostInterface } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import { checkBuffer, namedInterface, unknownInterface } from './udp.js'

/** linux/if_arp.h: packets that start with an Ethernet header. */
const ARPHRD_ETHER = 1
const ARPHRD_LOOPBACK = 772

/** What would keep a `pcap` port from hearing what it should. */
export function checkPcap(spec: PcapSpec, facts: HostFacts): Finding[] {
  const heard = namedInterface(facts, spec.interface)
  return [
    ...(heard === undefined ? [unknown(spec, facts)] : checkHeard(spec, heard, facts)),
    checkRight(facts),
    ...checkFilter(spec, facts),
    checkBuffer(facts, spec.buffer),
  ]
}

function unknown(spec: PcapSpec, facts: HostFacts): Finding {
  const names = facts.interfaces.map(({ name }) => name).join(', ')
  const why = 'eth0 is what a pcap port listens to when no interface is named, as in User-Mode Linux'
  return {
    ...unknownInterface(facts, spec.interface),
    ...(spec.interface === 'eth0' ? { why } : {}),
    remedy: [`name one of ${names} first in the spec, as in pcap,${facts.interfaces[0]?.name ?? 'lo'}`],
  }
}

function checkHeard(spec: PcapSpec, { name, isUp, isLoopback }: HostInterface, facts: HostFacts): Finding[] {
  const medium = facts.medium?.(name)
  const type = medium?.linkType ?? (isLoopback ? ARPHRD_LOOPBACK : ARPHRD_ETHER)
  if (type !== ARPHRD_ETHER && type !== ARPHRD_LOOPBACK) {
    return [
      {
        level: 'problem',
        check: 'interface',
        what: `${name} carries no Ethernet (link type ${type})`,
        why: 'frames are all that a switch knows',
        remedy: ['listen to the interface below it, where its packets are in their envelopes'],
      },
    ]
  }
  const up: Finding = isUp
    ? ok('interface', `${name} is there, up, and carries Ethernet`)
    : {
        level: 'warning',
        check: 'interface',
        what: `${name} is down`,
        why: 'the port opens, and hears nothing until it is up',
        remedy: [`sudo ip link set dev ${name} up`],
      }
  return [up, checkPromisc(spec, name, isLoopback, medium?.isWireless === true)]
}

function checkPromisc(
  { promisc }: PcapSpec,
  name: string,
  isLoopback: boolean,
  isWireless: boolean,
): Finding {
  if (isLoopback) return ok('promisc', 'loopback hears everything of this host, once')
  if (!promisc)
    return ok('promisc', `nopromisc: what ${name} sends, and what is for its address or for groups`)
  if (isWireless) {
    return {
      level: 'note',
      check: 'promisc',
      what: `${name} is wireless: promisc changes nothing for most adapters`,
      why: "an access point's other stations have keys of their own; only this station's frames are heard",
    }
  }
  return ok('promisc', `promisc: all that reaches ${name}; what a switch keeps from its cable is not heard`)
}

function checkRight({ user }: HostFacts): Finding {
  if (user.hasNetRaw !== false) return ok('capability', 'this process may capture (CAP_NET_RAW)')
  return {
    level: 'problem',
    check: 'capability',
    what: 'this process may not capture',
    why: 'it takes the capability CAP_NET_RAW',
    remedy: [
      'run it as root, with sudo',
      'sudo setcap cap_net_raw+ep "$(readlink -f "$(command -v node)")"    # for every program that this node runs',
      'docker run --cap-add NET_RAW …    # in a container',
    ],
  }
}

function checkFilter({ filter }: PcapSpec, facts: HostFacts): Finding[] {
  if (filter === undefined) return [ok('filter', 'no filter: everything is heard, and libpcap is not needed')]
  const checked = facts.checkFilter?.(filter)
  if (checked === undefined) return []
  if ('by' in checked) return [ok('filter', `the filter is one; it is compiled by ${checked.by}`)]
  if (checked.field !== undefined) {
    return [{ level: 'problem', check: 'filter', what: checked.message, remedy: ['man pcap-filter'] }]
  }
  return [
    {
      level: 'problem',
      check: 'filter',
      what: 'there is no libpcap, which compiles filters',
      remedy: [
        'sudo apt install libpcap0.8    # newest Debian and Ubuntu: libpcap0.8t64',
        'or leave the filter out',
      ],
    },
  ]
}
