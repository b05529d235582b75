import type { SlipSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import { ok, problem } from './finding.js'
import type { Finding } from './finding.js'
import { atLeast } from './version.js'
import { addressTaken, holderOf } from './ip.js'
import { checkTun } from './tap.js'
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
  const findings = checkTun(facts)
  if (!facts.user.hasNetAdmin) {
    const what = 'a TUN device would have to be made, and this user may not'
    const remedy = [
      'run as root, or join this host by a tap that is made for you (ethercast doctor tuntap,tap0)',
    ]
    const why = 'making network devices takes the capability CAP_NET_ADMIN'
    return [...findings, problem('device', what, remedy, why)]
  }
  if (device !== undefined && facts.link(device) !== undefined) {
    const remedy = ['give another name, or leave device= out']
    return [...findings, problem('device', `there is a ${device} already`, remedy)]
  }
  return [...findings, ok('device', 'the TUN device is made, and goes with its port')]
}

function checkAddress({ hostIp }: SlipSpec, facts: HostFacts): Finding[] {
  const [bare] = (hostIp ?? '').split('/') as [string]
  const holder = holderOf(facts, bare)
  return holder === undefined
    ? []
    : [addressTaken(bare, holder, 'TUN device', 'give the port another address')]
}
