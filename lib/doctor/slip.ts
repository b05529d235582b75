import type { SlipSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import { ok, problem } from './finding.js'
import type { Finding } from './finding.js'
import { atLeast } from './host.js'
import { checkPeer } from './unix.js'

/** The first kernel that opens a pty's other side by descriptor (TIOCGPTPEER). */
const PTY_SINCE = '4.13'

/** What would keep a `slip` port from working here. */
export function checkSlip(spec: SlipSpec, facts: HostFacts): Finding[] {
  switch (spec.line) {
    case 'pty':
      return [checkPty(facts)]
    case 'tun':
      return [...checkTunDevice(spec, facts), ...checkAddress(spec, facts)]
    case 'stdio':
      return [
        {
          level: 'note',
          check: 'line',
          what: 'the line is standard input and output, of whoever starts the port',
          why: 'a program that speaks SLIP must hold the other ends',
        },
      ]
    default:
      return [checkLine(spec, facts)]
  }
}

/** A tty that is there, or what somebody listens at. */
function checkLine({ line, wait }: SlipSpec, facts: HostFacts): Finding {
  const found = facts.sockets.at(line)
  if (typeof found !== 'object' || found.kind !== 'other')
    return checkPeer(line, { type: 'stream', isAwaited: wait }, facts)
  if (found.isWritable) return ok('line', `${line} is there, and this user may write to it`)
  return problem('line', `this user may not write to ${line} (EACCES)`, [`ls -l ${line}    # says who may`])
}

function checkPty({ kernel }: HostFacts): Finding {
  if (atLeast(kernel, PTY_SINCE)) return ok('line', 'a pty is made, for the peer to open')
  return {
    level: 'problem',
    check: 'line',
    what: `Linux ${kernel} can't make the pty as it is needed here: that takes ${PTY_SINCE}`,
    remedy: ['socat PTY,link=/tmp/line,raw UNIX-LISTEN:/tmp/line.sock    # then line=/tmp/line.sock'],
  }
}

function checkTunDevice({ device }: SlipSpec, facts: HostFacts): Finding[] {
  const features = facts.tunFeatures()
  if (typeof features !== 'number') {
    return [
      {
        level: 'problem',
        check: 'tun',
        what: `/dev/net/tun can't be opened (${features})`,
        remedy: [
          'sudo modprobe tun    # in a container: docker run --device /dev/net/tun --cap-add NET_ADMIN …',
        ],
      },
    ]
  }
  if (!facts.user.hasNetAdmin) {
    return [
      {
        level: 'problem',
        check: 'tun',
        what: 'a TUN device would have to be made, and this user may not',
        why: 'making network devices takes the capability CAP_NET_ADMIN',
        remedy: [
          'run as root, or join this host by a tap that is made for you (ethercast doctor tuntap,tap0)',
        ],
      },
    ]
  }
  const found = device === undefined ? undefined : facts.link(device)
  if (found !== undefined) {
    return [
      {
        level: 'problem',
        check: 'device',
        what: `there is a ${device} already`,
        remedy: ['give another name, or leave device= out'],
      },
    ]
  }
  return [ok('tun', 'the TUN device is made, and goes with its port')]
}

function checkAddress({ hostIp }: SlipSpec, { interfaces }: HostFacts): Finding[] {
  const [bare] = (hostIp ?? '').split('/') as [string]
  const holder = interfaces.find(({ addresses }) => addresses.includes(bare))
  if (holder === undefined) return []
  return [
    {
      level: 'warning',
      check: 'address',
      what: `${bare} is an address of ${holder.name} already`,
      why: 'with the same one on the TUN device, this host answers on one of them alone',
      remedy: ['give the port another address'],
    },
  ]
}
