/**
 * What the checks may know of the host. They ask nothing else, so that a test can make up any host.
 */

/** A network interface. */
export interface InterfaceFacts {
  index: number
  name: string
  /** IFF_ flags of netdevice(7). */
  flags: number
  /** Octets of the largest IP packet. */
  mtu: number
  /** Its addresses, text without prefix length. */
  addresses: readonly string[]
}

export const InterfaceFlag = { up: 0x1, loopback: 0x8, running: 0x40, multicast: 0x1000 } as const

/** What the kernel refuses, by the name of its errno. */
export interface Refusal {
  errno: string
}

export interface RouteFacts {
  interfaceIndex: number
  /** Octets of the largest IP packet on this route. */
  mtu: number
}

/** Another program that people use with this one. */
export interface ProgramFacts {
  /** As it is called. */
  name: string
  /** What it is for. */
  role: 'uml' | 'qemu'
  /** Undefined: not on PATH. Empty: it did not say. */
  version: string | undefined
}

export interface HostFacts {
  /** Version of Node.js, without `v`. */
  node: string
  /** The versions that the package asks for, as in `>=20.20`. */
  engines: string
  /** The native part: where it is, or why it does not load. */
  addon: { path: string } | { error: string }
  /** As `uname -r`. */
  kernel: string
  /** As in `glibc 2.36`. */
  libc: string
  /** Whether this process is root. */
  root: boolean
  /** Descriptors that this process may have; undefined: not known. */
  openFiles: number | undefined
  programs: readonly ProgramFacts[]
  interfaces: readonly InterfaceFacts[]
  /** @param interfaceIndex 0: through any interface */
  routeTo(address: string, interfaceIndex?: number): RouteFacts | Refusal
  /** Binds a UDP socket for a moment; `receiveBuffer` as the kernel counts it, twice what may be used. */
  probeBind(address: string, port: number, shared: boolean): { receiveBuffer: number } | Refusal
  /** A file below /proc/sys, `net/core/rmem_max`; undefined: there is none. */
  sysctl(path: string): string | undefined
}

/** The command as this host's user must call it to be root. */
export function asRoot({ root }: HostFacts, command: string): string {
  return root ? command : `sudo ${command}`
}

/** An interface by its name, its index in decimal or an address it has, as specs name them. */
export function findInterface({ interfaces }: HostFacts, wanted: string): InterfaceFacts | undefined {
  return interfaces.find(
    ({ name, index, addresses }) => name === wanted || String(index) === wanted || addresses.includes(wanted),
  )
}

export const has = ({ flags }: InterfaceFacts, flag: keyof typeof InterfaceFlag) =>
  (flags & InterfaceFlag[flag]) !== 0
