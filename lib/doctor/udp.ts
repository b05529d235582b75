/** What mcast and ucast have in common: a frame a UDP datagram. */

import { isIPv6 } from 'node:net'
import { ETHER_HEADER_OCTETS } from '../net/ether.js'
import type { HostFacts, HostInterface } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'

/** Octets in front of a frame's payload: outer IP and UDP header, and the Ethernet header inside (RFC 791, 8200, 768). */
const overhead = (address: string) => (isIPv6(address) ? 40 : 20) + 8 + ETHER_HEADER_OCTETS
/** What guests have unless told otherwise. */
const GUEST_MTU = 1500
/** What a port asks for when the spec gives no `buffer`: some 1700 full frames with the kernel's own bookkeeping. */
const WANTED_BUFFER = 4 << 20

/** @param address where to, for its family  @param mtu octets of the largest IP packet on the way */
export function checkMtu(address: string, mtu: number, way: string): Finding {
  const fits = mtu - overhead(address)
  if (fits >= GUEST_MTU) return ok('mtu', `full frames fit: MTU ${mtu} on ${way}`)
  return {
    level: 'warning',
    check: 'mtu',
    what: `MTU ${mtu} on ${way}: frames of more than ${fits + ETHER_HEADER_OCTETS} octets will be sent as fragments`,
    why: `a guest's full packet of ${GUEST_MTU} octets needs ${GUEST_MTU + overhead(address)}; a lost fragment loses the frame, and it costs speed`,
    remedy: [`in each guest: ip link set eth0 mtu ${fits}`],
  }
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
  if (bound === 'EACCES') {
    return {
      level: 'problem',
      check: 'port',
      what: `UDP port ${port} is for root alone (${bound})`,
      remedy: [
        `sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`,
        'or choose a port from 1024 on in the spec',
      ],
    }
  }
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
