/**
 * Checks that every transport over UDP shares.
 */

import type { HostFacts, InterfaceFacts } from './facts.js'
import { asRoot, findInterface, has } from './facts.js'
import { finding } from './finding.js'
import type { Finding, Remedy } from './finding.js'

/** Octets of receive buffer that a port asks for unless its spec says `buffer=`. */
export const USUAL_BUFFER = 4 << 20
/** Octets of the largest IP packet that guests send unless told otherwise. */
const GUEST_MTU = 1500
const ETHERNET_HEADER = 14
/** Octets of IP and UDP headers (RFC 791, RFC 8200, RFC 768). */
const UDP_OVERHEAD = { 4: 28, 6: 48 } as const
/** Below these, IPv4 and IPv6 do not work at all (RFC 791, RFC 8200). */
const LEAST_MTU = { 4: 68, 6: 1280 } as const

/** A spec with those fields that matter here. */
interface UdpSpec {
  transport: string
  interface?: string
  buffer?: number
  mtu?: number
}

/** The interface that the spec names. Without one: undefined and no finding. */
export function namedInterface(
  facts: HostFacts,
  spec: UdpSpec,
): { found?: InterfaceFacts; findings: Finding[] } {
  if (spec.interface === undefined) return { findings: [] }
  const found = findInterface(facts, spec.interface)
  if (found !== undefined) return { found, findings: [] }
  const names = facts.interfaces.map(({ name }) => name).join(', ')
  const why = `Names, indexes and addresses are allowed; there are ${names}.`
  const what = `there is no interface ${spec.interface}`
  return {
    findings: [finding('problem', `${spec.transport}.interface`, what, why, { command: 'ip -br address' })],
  }
}

/** Whether the interface is up and has a carrier. */
export function checkUp(facts: HostFacts, transport: string, on: InterfaceFacts): Finding[] {
  const check = `${transport}.up`
  const { name } = on
  if (!has(on, 'up')) {
    const command = asRoot(facts, `ip link set ${name} up`)
    return [
      finding('problem', check, `interface ${name} is down`, 'Nothing is sent or received on it.', {
        command,
      }),
    ]
  }
  if (has(on, 'running')) return []
  const why = 'It is up, but its cable is out, or the other end is down.'
  return [
    finding('warning', check, `interface ${name} has no carrier`, why, { command: `ip link show ${name}` }),
  ]
}

/** Whether the port can be had. `receiveBuffer` as from `probeBind`, if so. */
export function checkPort(
  facts: HostFacts,
  transport: string,
  { address, port, shared }: { address: string; port: number; shared: boolean },
): { findings: Finding[]; receiveBuffer?: number } {
  const check = `${transport}.port`
  const probe = facts.probeBind(address, port, shared)
  if (!('errno' in probe)) {
    return {
      findings: [finding('ok', check, `UDP port ${port} can be had`)],
      receiveBuffer: probe.receiveBuffer,
    }
  }
  return { findings: [portRefused(facts, check, port, shared, probe.errno)] }
}

function portRefused(facts: HostFacts, check: string, port: number, shared: boolean, errno: string): Finding {
  if (errno === 'EADDRINUSE') {
    const who = { command: asRoot(facts, `ss -ulnp 'sport = :${port}'`), when: 'to see who has it' }
    const why = shared
      ? 'Another program has it without SO_REUSEADDR, and so for itself alone: end that, or agree on another port for this LAN.'
      : 'Another program has it: end that, or listen on another port.'
    return finding('problem', check, `UDP port ${port} is taken`, why, who)
  }
  if (errno === 'EACCES') {
    const limit = facts.sysctl('net/ipv4/ip_unprivileged_port_start') ?? '1024'
    const command = asRoot(facts, `sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`)
    const why = `Ports below ${limit} are for root.`
    return finding('problem', check, `UDP port ${port} needs privilege`, why, { command })
  }
  return finding('problem', check, `UDP port ${port} can't be had`, `The kernel says ${errno}.`)
}

/**
 * Whether receive buffers can be as large as they should be.
 *
 * @param probed what a socket was given, as the kernel counts: twice the payload
 */
export function checkReceiveBuffer(facts: HostFacts, wanted = USUAL_BUFFER, probed?: number): Finding[] {
  const check = 'receive-buffer'
  const text = facts.sysctl('net/core/rmem_max')
  const given = probed === undefined ? Infinity : probed / 2
  const limit = text === undefined ? given : Number(text)
  if (limit === Infinity) return []
  if (limit >= wanted && given >= wanted) {
    return [finding('ok', check, `receive buffers of up to ${octets(limit)}`)]
  }
  // With CAP_NET_ADMIN a socket goes past the limit.
  const past = probed !== undefined && given >= wanted
  const why = past
    ? `This user may go beyond the limit; others get no more, and lose what comes in bursts (${octets(wanted)} are wanted).`
    : `What comes in bursts beyond that is lost before it is read, and counted as kernelDrops; ${octets(wanted)} are wanted.`
  return [
    finding(
      past ? 'note' : 'warning',
      check,
      `small receive buffers: up to ${octets(Math.min(limit, past ? limit : given))}`,
      why,
      { command: asRoot(facts, `sysctl -w net.core.rmem_max=${wanted}`), when: 'until the next boot' },
      {
        command: `echo 'net.core.rmem_max = ${wanted}' | ${asRoot(facts, 'tee /etc/sysctl.d/60-ethercast.conf')}`,
        when: 'and for every boot after it',
      },
    ),
  ]
}

function octets(count: number): string {
  const mebi = count / 2 ** 20
  return mebi >= 1 ? `${Math.round(mebi * 10) / 10} MiB` : `${Math.round(count / 1024)} KiB`
}

/** Whether full frames fit into one packet of the network below. @param lanMtu octets of the largest IP packet there */
export function checkMtu(
  facts: HostFacts,
  { transport, mtu: limited }: UdpSpec,
  family: 4 | 6,
  { lanMtu, on }: { lanMtu: number; on: InterfaceFacts | undefined },
): Finding[] {
  const check = `${transport}.mtu`
  const overhead = ETHERNET_HEADER + UDP_OVERHEAD[family]
  const inner = limited ?? GUEST_MTU
  if (lanMtu >= inner + overhead) {
    return [finding('ok', check, `frames of ${inner + ETHERNET_HEADER} octets fit (MTU ${lanMtu})`)]
  }
  const fits = lanMtu - overhead
  const guests: Remedy = { command: `ip link set eth0 mtu ${fits}`, when: 'in each guest' }
  const jumbo: Remedy[] =
    on === undefined
      ? []
      : [
          {
            command: asRoot(facts, `ip link set ${on.name} mtu ${inner + overhead}`),
            when: 'or, if the network and all its stations can, on each of them',
          },
        ]
  const why =
    `A frame with an IP packet of ${inner} octets takes a packet of ${inner + overhead} there, so it is sent as two fragments: ` +
    `slower, and lost if either is. IP packets of up to ${fits} fit (${fits - 4} with a VLAN tag).`
  const remedies = fits >= LEAST_MTU[4] ? [guests, ...jumbo] : jumbo
  return [finding('warning', check, `an MTU of ${lanMtu} fragments full frames`, why, ...remedies)]
}
