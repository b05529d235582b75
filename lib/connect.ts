import type { HostPort, WaitOptions } from './host_port.js'
import { EthercastError } from './spec/error.js'
import { formatSpec, hasStationMac, isReadOnly, macFromIpv4, parseSpec } from './spec/index.js'
import type { PcapObject, PortSpec, SpecObject } from './spec/index.js'
import { show } from './spec/refuse.js'
import { Switch } from './switch.js'

export interface ConnectOptions extends WaitOptions {
  /** IPv4 address that the program will use: its MAC is then `fe:fd` and the address's four octets, as UML's HOWTO has it. */
  address?: string
  /** Hear also unicast frames between other stations. Default false. */
  promiscuous?: boolean
  /** Size of each of the NIC's rings, in octets: a power of two. Default 4 MiB. */
  ringOctets?: number
}

/** A NIC that only listens: what `connect` gives for a transport through which nothing can be sent. */
export type ListeningNic = Omit<HostPort, 'send' | 'drained'>

/** The spec strings of transports that only listen. */
export type ListeningText = 'pcap' | `pcap,${string}` | `eth${number}=pcap` | `eth${number}=pcap,${string}`

/**
 * A NIC on a LAN, in one call: a switch of its own with the port that `spec` names and a host port. Closing the NIC closes the switch.
 *
 * The MAC is that of the spec, unless the transport has a station of its own (slip, slirp); left out, it follows from `address`, else it is random (locally administered).
 *
 * A transport that only listens (`pcap`) gives a NIC without `send`; where the type does not know the spec, `send` throws
 * `ERR_ETHERCAST_STATE`.
 *
 * @throws EthercastError as `Switch.addPort`
 */
export function connect(spec: ListeningText | PcapObject, options?: ConnectOptions): Promise<ListeningNic>
export function connect(spec: string | SpecObject, options?: ConnectOptions): Promise<HostPort>
export async function connect(
  spec: string | SpecObject,
  { signal, address, promiscuous = false, ringOctets, ...unknown }: ConnectOptions = {},
): Promise<HostPort> {
  const [key] = Object.keys(unknown)
  if (key !== undefined) {
    throw new EthercastError(
      'ERR_ETHERCAST_FIELD',
      `connect: ${key} is no option: the options are address, promiscuous, ringOctets and signal`,
      { field: key, value: (unknown as Record<string, unknown>)[key] },
    )
  }
  const parsed = parseSpec(spec)
  if (parsed.transport === 'host') {
    throw new EthercastError(
      'ERR_ETHERCAST_FIELD',
      'connect makes the host port itself: name the LAN to join, as in mcast',
      {
        field: 'transport',
        value: 'host',
      },
    )
  }
  const { mac: given, ...rest } = parsed
  // Else two stations would have the same address.
  const [asked, plain] = hasStationMac(parsed) ? [undefined, parsed] : [given, rest]
  const mac = asked ?? (address === undefined ? undefined : macOf(address))
  // A NIC speaks and hears the protocols of links, too: it is no bridge, at which they would end.
  const lan = await Switch.create({ forwarding: promiscuous ? 'hub' : 'learning', reserved: 'forward' })
  try {
    await lan.addPort(plain as SpecObject, { signal })
    const nic = await lan.addPort({ transport: 'host', mac, ringOctets }, { signal })
    nic.once('close', () => void lan.close())
    const listening = isReadOnly(parsed) ? { send: () => refuseToSend(parsed) } : {}
    return Object.assign(nic, { close: () => lan.close(), ...listening })
  } catch (error) {
    await lan.close()
    throw error
  }
}

function refuseToSend(spec: PortSpec): never {
  throw new EthercastError(
    'ERR_ETHERCAST_STATE',
    `send: a ${spec.transport} port only listens: to send as well, connect to a LAN (mcast…) or a tap (tuntap) in one bridge with the interface`,
    { port: formatSpec(spec) },
  )
}

function macOf(address: string): string {
  try {
    return macFromIpv4(address)
  } catch (cause) {
    throw new EthercastError(
      'ERR_ETHERCAST_FIELD',
      `connect: address ${show(address)} is not an IPv4 address, as in 192.168.0.1`,
      { field: 'address', value: address, cause },
    )
  }
}
