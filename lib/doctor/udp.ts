/** What mcast and ucast have in common: a frame a UDP datagram. */

import { isIPv6 } from 'node:net'
import { ETHER_HEADER_OCTETS } from '../net/ether.js'
import type { UdpTuning } from '../spec/tuning.js'
import type { HostFacts, HostInterface } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'
import { forRootAlone } from './ip.js'

/** Octets in front of a frame's payload: outer IP and UDP header, and the Ethernet header inside (RFC 791, 8200, 768). */
const overhead = (address: string) => (isIPv6(address) ? 40 : 20) + 8 + ETHER_HEADER_OCTETS
/** What guests have unless told otherwise. */
const GUEST_MTU = 1500
/** What a port asks for when the spec gives no `buffer`: some 1700 full frames with the kernel's own bookkeeping. */
const WANTED_BUFFER = 4 << 20

/** Octets of TCP and IP header without options: what an MSS leaves out (RFC 9293 section 3.7.1). */
const TCP4_HEADERS = 20 + 20
const TCP6_HEADERS = 40 + 20

type Tuned = Pick<UdpTuning, 'mtu' | 'mss' | 'offload'>

/**
 * What the MTU of the network below means for frames.
 *
 * @param address where to, for its family
 * @param mtu octets of the largest IP packet on the way
 */
export function checkMtu(tuning: Tuned, address: string, mtu: number, way: string): Finding {
  const fits = mtu - overhead(address)
  const frame = fits + ETHER_HEADER_OCTETS
  const told = Math.min(fits, tuning.mtu ?? fits)
  const tap = `taps with mtu=auto get ${Math.min(told, GUEST_MTU)}`
  if (fits >= GUEST_MTU)
    return ok('mtu', `MTU ${mtu} on ${way}: frames up to ${frame} octets go in one piece; ${tap}`)
  const tcp = clamping(tuning, told)
  if (tuning.mtu !== undefined && tuning.mtu <= fits)
    return ok('mtu', `MTU ${mtu} on ${way}, and mtu=${tuning.mtu} keeps frames below that; ${tap}, ${tcp}`)
  return {
    level: 'warning',
    check: 'mtu',
    what: `MTU ${mtu} on ${way}: frames over ${frame} octets, that is IP packets over ${fits}, will be fragmented; ${tap}, ${tcp}`,
    why: `a guest's full packet of ${GUEST_MTU} octets needs ${GUEST_MTU + overhead(address)}; a lost fragment loses the frame, and it costs speed`,
    remedy: [`in each guest: ip link set eth0 mtu ${fits}`],
  }
}

function clamping({ mss }: Tuned, mtu: number): string {
  const fitting = mtu - TCP4_HEADERS
  if (mss === 'off') return 'TCP is left alone (mss=off)'
  if (mss === 'auto') return `TCP is clamped to ${fitting} octets a segment (IPv6: ${mtu - TCP6_HEADERS})`
  return `TCP is clamped to ${mss} octets a segment${mss > fitting ? `, more than the ${fitting} that fit` : ''}`
}

/** Whether runs of frames pass the kernel in one piece, which is where the speed comes from. */
export function checkUdpOffload({ offload }: Tuned, facts: HostFacts): Finding {
  const slow = (what: string, why: string): Finding => ({ level: 'note', check: 'offload', what, why })
  if (offload === 'off')
    return slow('offload=off: each frame is a datagram of its own', 'several times slower for TCP')
  const features = facts.udpFeatures()
  if (typeof features === 'string')
    return slow(`UDP sockets can't be looked at (${features})`, 'runs of frames may be slow')
  const { segment, gro } = features
  if (segment && gro)
    return ok('offload', 'runs of frames leave and come in one piece (UDP_SEGMENT, UDP_GRO)')
  const lacking = [segment ? '' : 'UDP_SEGMENT (Linux 4.18)', gro ? '' : 'UDP_GRO (Linux 5.0)'].filter(
    Boolean,
  )
  return slow(
    `this kernel lacks ${lacking.join(' and ')}`,
    'frames pass the kernel one by one: slow, but as right',
  )
}

export function checkBuffer(facts: HostFacts, asked: number | undefined): Finding {
  const limit = Number(facts.sysctl('net.core.rmem_max') ?? NaN)
  const wanted = asked ?? WANTED_BUFFER
  if (Number.isNaN(limit)) {
    return {
      level: 'note',
      check: 'buffer',
      what: 'net.core.rmem_max can not be read: the receive buffer may be small',
    }
  }
  if (limit >= wanted)
    return ok('buffer', `receive buffers of ${wanted} octets are allowed (net.core.rmem_max ${limit})`)
  return {
    level: 'warning',
    check: 'buffer',
    what: `receive buffers are limited to ${limit} octets; ${wanted} are wanted`,
    why: 'bursts that do not fit are lost before we can read them (kernelDrops)',
    remedy: [
      `sysctl -w net.core.rmem_max=${wanted}`,
      `echo net.core.rmem_max=${wanted} > /etc/sysctl.d/90-ethercast.conf`,
    ],
  }
}

/** The interface that a spec names by name, index or address. */
export function namedInterface(facts: HostFacts, wanted: string): HostInterface | undefined {
  return facts.interfaces.find(
    ({ name, index, addresses }) => name === wanted || String(index) === wanted || addresses.includes(wanted),
  )
}

export function unknownInterface(facts: HostFacts, wanted: string): Finding {
  const names = facts.interfaces.map(({ name }) => name).join(', ')
  return {
    level: 'problem',
    check: 'interface',
    what: `there is no interface ${wanted}`,
    remedy: [`interface= takes the name, index or address of one of ${names}`],
  }
}

export function checkUp({ name, isUp }: HostInterface): Finding[] {
  if (isUp) return []
  return [
    {
      level: 'problem',
      check: 'interface',
      what: `interface ${name} is down`,
      remedy: [`ip link set ${name} up`],
    },
  ]
}

export function checkPort(
  facts: HostFacts,
  address: string,
  port: number,
  shared: boolean,
  taken: string,
): Finding {
  const bound = facts.bind(address, port, shared)
  if (typeof bound !== 'string') return ok('port', `UDP port ${port} is free to ${shared ? 'share' : 'take'}`)
  if (bound === 'EACCES') return forRootAlone('UDP', port, facts)
  return {
    level: 'problem',
    check: 'port',
    what: `UDP port ${port} can't be bound (${bound})`,
    why: bound === 'EADDRINUSE' ? taken : `binding ${address} fails`,
    remedy: [
      `ss -ulnp 'sport = :${port}'    # says who has it`,
      'end that program, or choose another port in the spec',
    ],
  }
}
