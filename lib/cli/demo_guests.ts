/**
 * How a guest joins the demo's LAN: complete command lines, to be pasted as they are.
 */

/** What the lines speak of. */
export interface GuestFacts {
  group: string
  port: number
  /** What the demo's nodes sit on: the name of the loopback interface. */
  interface: string
  /** The port for UML guests: where the guest listens, and where we do. */
  ucast: { guestPort: number; ownPort: number }
  /** A node to ping. */
  node: string
  /** Free addresses of the nodes' network, without prefix length. */
  addresses: { qemu: string; uml: string }
  /** MAC address for the QEMU guest: QEMU itself gives every guest the same. */
  qemuMac: string
  /** Where the host's own route to the group goes; undefined: there is none. */
  route: { interface: string; loopback: boolean } | undefined
  /** How this program is called, `npx ethercast`. */
  command: string
}

/** Command lines for a shell, unless said. */
export interface GuestLines {
  /** Reaches a node from another terminal. */
  ping: string
  /** Undefined for an IPv6 group, which QEMU can't join. */
  qemu: string | undefined
  uml: string
  /** For a shell in the UML guest. */
  umlSetup: string
  /** UML's own multicast, only where the host's routes put it on this LAN. */
  umlMcast: string | undefined
  /** Why {@link umlMcast} is missing. */
  whyNoUmlMcast: string | undefined
}

/** UML with this machine's own files as its read-only root, and a shell: needs neither disk image nor root. */
const UML =
  'linux.uml mem=128M root=none rootfstype=hostfs rootflags=/ ro init=/bin/sh con=null con0=fd:0,fd:1 quiet'

/** Prefix length of the nodes' network. */
export const PREFIX_LENGTH = 24

export function guestLines(facts: GuestFacts): GuestLines {
  const { group, port, ucast, node, addresses, qemuMac } = facts
  const ipv6 = group.includes(':')
  const mcast = ipv6 ? undefined : umlMcast(facts)
  return {
    ping: `${facts.command} ping 'mcast,,${group},${port},1,interface=${facts.interface}' ${node}`,
    qemu: ipv6
      ? undefined
      : `qemu-system-x86_64 -m 512 -netdev socket,id=lan,mcast=${group}:${port},localaddr=127.0.0.1 ` +
        `-device virtio-net-pci,netdev=lan,mac=${qemuMac}`,
    uml: `${UML} eth0=ucast,,127.0.0.1,${ucast.guestPort},${ucast.ownPort}`,
    umlSetup: `ip link set eth0 up; ip addr add ${addresses.uml}/${PREFIX_LENGTH} dev eth0; ping -c3 ${node}`,
    umlMcast: mcast,
    whyNoUmlMcast: mcast === undefined ? whyNoUmlMcast(facts, ipv6) : undefined,
  }
}

/** UML can't choose an interface: the route to the group does. */
function umlMcast({ group, port, route }: GuestFacts): string | undefined {
  return route?.loopback ? `${UML} eth0=mcast,,${group},${port}` : undefined
}

function whyNoUmlMcast({ group, route, interface: lo }: GuestFacts, ipv6: boolean): string {
  if (ipv6) return "UML's own eth0=mcast can't join: it knows IPv4 groups only"
  const way = route === undefined ? 'has no route' : `leaves by ${route.interface}`
  return `eth0=mcast ${way}, unless: sudo ip route add ${group} dev ${lo}`
}
