import { formatSpec } from '../spec/index.js'
import type { EthertapSpec, TuntapSpec } from '../spec/index.js'
import type { HostFacts, HostLink } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import { atLeast } from './version.js'
import { addressTaken, holderOf } from './ip.js'

/** linux/if_tun.h: the kernel puts a virtio-net header before each frame when asked to. */
const IFF_VNET_HDR = 0x4000
/** The first kernel with UDP segmentation offload on taps. */
const USO_SINCE = '6.2'
/** What an mcast or ucast LAN over IPv4 on a network of 1500 carries in one piece. */
const USUAL_LAN_MTU = 1458
const ETHERNET_MTU = 1500

type TapSpec = TuntapSpec | EthertapSpec

/** What would keep this host from the tap of a `tuntap` or `ethertap` spec. */
export function checkTap(spec: TapSpec, facts: HostFacts): Finding[] {
  const found = spec.device === undefined ? undefined : facts.link(spec.device)
  const findings = checkTun(facts)
  if (found !== undefined && !found.isTap) return [...findings, notATap(found)]
  return [
    ...findings,
    ...(found === undefined ? checkMaking(spec, facts) : checkUsing(spec, found, facts)),
    checkMtu(spec, found, facts),
    ...checkHostIp(spec, found, facts),
    checkOffload(spec, facts),
  ]
}

const TUN_REMEDIES: Readonly<Record<string, string[]>> = {
  ENOENT: [
    'sudo modprobe tun',
    'sudo mkdir -p /dev/net; sudo mknod -m 666 /dev/net/tun c 10 200    # in a container that may',
    'docker run --device /dev/net/tun --cap-add NET_ADMIN …    # else, from outside',
  ],
  EACCES: ['sudo chmod 666 /dev/net/tun    # whose tap is whose, the kernel checks by its owner'],
  EPERM: ['allow the device: docker run --device /dev/net/tun --cap-add NET_ADMIN …'],
}

/** Whether there is a device to make taps and tuns with. */
export function checkTun(facts: HostFacts): Finding[] {
  const features = facts.tunFeatures()
  if (typeof features === 'number') return [ok('tun', '/dev/net/tun opens')]
  return [
    {
      level: 'problem',
      check: 'tun',
      what: `/dev/net/tun can't be opened (${features})`,
      remedy: TUN_REMEDIES[features] ?? ['sudo modprobe tun    # or a kernel with CONFIG_TUN'],
    },
  ]
}

function notATap({ name, kind }: HostLink): Finding {
  const what =
    kind === 'tun' ? 'a tun device: it carries IP packets without Ethernet' : `a ${kind || 'network device'}`
  return {
    level: 'problem',
    check: 'device',
    what: `${name} is not a tap but ${what}`,
    remedy: ['give another name; tuntap with an empty one takes the next free tap'],
  }
}

/** Commands that make a tap for whoever has no privilege. */
function makeFor({ uid }: HostFacts['user'], name: string, more = ''): string {
  return `sudo ip tuntap add dev ${name} mode tap${more} user ${uid === 0 ? '$USER' : uid}; sudo ip link set dev ${name} up`
}

function checkMaking(spec: TapSpec, { user }: HostFacts): Finding[] {
  const what = spec.device === undefined ? 'the next free tap' : `there is no ${spec.device} yet: the tap`
  if (user.hasNetAdmin)
    return [ok('device', `${what} is made, and ${spec.persist ? 'stays' : 'goes with its port'}`)]
  const name = spec.device ?? 'tap0'
  return [
    {
      level: 'problem',
      check: 'device',
      what: `${what} would have to be made, and this user may not`,
      why: 'making network devices takes the capability CAP_NET_ADMIN; using one that was made for you does not',
      remedy: [makeFor(user, name), `then: ${formatSpec({ ...spec, device: name })}`],
    },
  ]
}

function checkUsing(spec: TapSpec, tap: HostLink, { user }: HostFacts): Finding[] {
  return [checkOwner(tap, user), ...checkBusy(tap), ...checkUp(spec, tap, user)]
}

function checkOwner(tap: HostLink, user: HostFacts['user']): Finding {
  const { name, owner, group, hasMultiQueue } = tap
  const whose = [
    ...(owner === undefined ? [] : [`user ${owner}`]),
    ...(group === undefined ? [] : [`group ${group}`]),
  ].join(', ')
  const queues = hasMultiQueue ? ' with several queues' : ''
  const others =
    (owner !== undefined && owner !== user.uid) || (group !== undefined && !user.groups.includes(group))
  if (user.hasNetAdmin || !others) {
    return ok('device', `${name} is there, a tap${queues}${whose === '' ? '' : ` of ${whose}`}`)
  }
  const more = hasMultiQueue ? ' multi_queue' : ''
  return {
    level: 'problem',
    check: 'device',
    what: `${name} is a tap of ${whose}, and this is user ${user.uid}`,
    remedy: [
      `sudo ip tuntap del dev ${name} mode tap${more}; ${makeFor(user, name, more)}`,
      'or run as its owner, or with CAP_NET_ADMIN',
    ],
  }
}

function checkBusy({ name, hasMultiQueue, hasCarrier, queues }: HostLink): Finding[] {
  if (hasMultiQueue) {
    if (queues === 0) return []
    return [
      {
        level: 'note',
        check: 'busy',
        what: `other programs have ${queues} of ${name}'s queues`,
        why: 'the kernel spreads what it sends over all queues; offloads stay as the others have them',
      },
    ]
  }
  if (!hasCarrier) return []
  return [
    {
      level: 'problem',
      check: 'busy',
      what: `another program has ${name}`,
      why: 'a tap has one user, unless it was made with several queues',
      remedy: [
        `sudo grep -l 'iff:.*${name}' /proc/[0-9]*/fdinfo/*    # which`,
        `sudo ip tuntap add dev NAME mode tap multi_queue    # another one, for several`,
      ],
    },
  ]
}

function checkUp(
  { hostIp }: TapSpec,
  { name, isUp }: HostLink,
  { hasNetAdmin }: HostFacts['user'],
): Finding[] {
  if (isUp) return [ok('up', `${name} is up`)]
  if (hostIp !== undefined && hasNetAdmin)
    return [ok('up', `${name} is down, and will be set up with its address`)]
  return [
    {
      level: 'warning',
      check: 'up',
      what: `${name} is down`,
      why: 'a tap that was there is left as it is, and one that is down carries nothing',
      remedy: [`sudo ip link set dev ${name} up`],
    },
  ]
}

function checkMtu({ mtu }: TapSpec, tap: HostLink | undefined, { user }: HostFacts): Finding {
  if (tap === undefined) {
    if (mtu !== 'auto') return ok('mtu', `the tap gets an MTU of ${mtu}`)
    return ok('mtu', `the tap gets the MTU that its LAN carries in one piece, at most ${ETHERNET_MTU}`)
  }
  const { name } = tap
  if (mtu !== 'auto' && mtu !== tap.mtu) {
    if (user.hasNetAdmin) return ok('mtu', `${name} gets an MTU of ${mtu}`)
    return {
      level: 'warning',
      check: 'mtu',
      what: `${name} has an MTU of ${tap.mtu}, and this user may not set ${mtu}`,
      remedy: [`sudo ip link set dev ${name} mtu ${mtu}`],
    }
  }
  if (tap.mtu <= USUAL_LAN_MTU) return ok('mtu', `${name} has an MTU of ${tap.mtu}`)
  return {
    level: 'note',
    check: 'mtu',
    what: `${name} has an MTU of ${tap.mtu} and keeps it: a tap that was there is left as it is`,
    why: `an mcast or ucast LAN on a network of ${ETHERNET_MTU} carries ${USUAL_LAN_MTU} in one piece; longer packets are fragmented`,
    remedy: [`sudo ip link set dev ${name} mtu ${USUAL_LAN_MTU}    # if the LAN is such a one`],
  }
}

function checkHostIp({ hostIp }: TapSpec, tap: HostLink | undefined, facts: HostFacts): Finding[] {
  if (hostIp === undefined) return []
  const [bare] = hostIp.split('/') as [string]
  const holder = holderOf(facts, bare)
  if (holder !== undefined && holder.name === tap?.name)
    return [ok('address', `${tap.name} has the address ${bare}`)]
  if (holder !== undefined) {
    const remedy = `sudo ip addr del ${hostIp} dev ${holder.name}    # or give the tap another one`
    return [addressTaken(bare, holder, 'tap', remedy)]
  }
  if (facts.user.hasNetAdmin) return [ok('address', `the tap gets the address ${hostIp}`)]
  const length = hostIp.includes('/') ? '' : hostIp.includes(':') ? '/64' : '/24'
  return [
    {
      level: 'warning',
      check: 'address',
      what: `this user may not give the tap the address ${hostIp}`,
      remedy: [`sudo ip addr replace ${hostIp}${length} dev ${tap?.name ?? 'tap0'}`],
    },
  ]
}

function checkOffload({ offload }: TapSpec, facts: HostFacts): Finding {
  if (offload === 'off') {
    return {
      level: 'note',
      check: 'offload',
      what: 'offload=off: each frame passes the tap alone',
      why: 'several times slower for TCP',
    }
  }
  const features = facts.tunFeatures()
  if (typeof features === 'number' && (features & IFF_VNET_HDR) === 0) {
    return {
      level: 'warning',
      check: 'offload',
      what: 'this kernel has no virtio-net header on taps',
      why: 'each frame passes the tap alone: slow, but as right',
    }
  }
  if (atLeast(facts.kernel, USO_SINCE)) return ok('offload', 'TCP and UDP runs pass the tap in one piece')
  return ok('offload', `TCP runs pass the tap in one piece; UDP ones from Linux ${USO_SINCE} on`)
}
