// The programs that tests and benches meet for real: guests, other switches, dissectors.
// The library itself needs none of them.
import { existsSync } from 'node:fs'
import { aptCommand, aptInstall, aptUpdate, canInstall } from './apt.mjs'
import { findProgram } from './command.mjs'

/** `program` is looked for on PATH, or is a path; `package` is Debian's and Ubuntu's name. */
export const peers = [
  { name: 'uml', program: 'linux.uml', package: 'user-mode-linux', neededFor: 'User-Mode Linux guests' },
  {
    name: 'busybox',
    program: '/bin/busybox',
    package: 'busybox-static',
    neededFor: 'the programs inside guests',
  },
  { name: 'qemu', program: 'qemu-system-x86_64', package: 'qemu-system-x86', neededFor: 'QEMU net devices' },
  { name: 'tshark', program: 'tshark', package: 'tshark', neededFor: 'an independent look at frames' },
  {
    name: 'text2pcap',
    program: 'text2pcap',
    package: 'wireshark-common',
    neededFor: 'writing captures for tshark',
  },
  {
    name: 'tcpdump',
    program: 'tcpdump',
    package: 'tcpdump',
    neededFor: 'an independent capture, and libpcap for filters',
  },
  { name: 'tcpreplay', program: 'tcpreplay', package: 'tcpreplay', neededFor: 'captures on a wire again' },
  { name: 'ip', program: 'ip', package: 'iproute2', neededFor: 'network namespaces, taps, cables' },
  { name: 'ping', program: 'ping', package: 'iputils-ping', neededFor: 'echo requests from a host' },
  { name: 'ethtool', program: 'ethtool', package: 'ethtool', neededFor: 'offload settings of devices' },
  { name: 'iperf3', program: 'iperf3', package: 'iperf3', neededFor: 'TCP and UDP flows' },
  {
    name: 'systemd-notify',
    program: 'systemd-notify',
    package: 'systemd',
    neededFor: 'telling systemd that a service is ready',
  },
  {
    name: 'vde_switch',
    program: 'vde_switch',
    package: 'vde2',
    neededFor: 'VDE, a switch to compare with',
  },
  {
    name: 'vde_plug2tap',
    program: 'vde_plug2tap',
    package: 'vde2',
    neededFor: 'taps on a VDE switch',
  },
  {
    name: 'uml_switch',
    program: 'uml_switch',
    package: 'uml-utilities',
    neededFor: "User-Mode Linux's own switch, to compare with",
  },
  {
    name: 'tunctl',
    program: 'tunctl',
    package: 'uml-utilities',
    neededFor: 'taps that stay, to compare with',
  },
  {
    name: 'uml_mconsole',
    program: 'uml_mconsole',
    package: 'uml-utilities',
    neededFor: "User-Mode Linux's own management client, to compare with",
  },
  { name: 'vde_plug', program: 'vde_plug', package: 'vde2', neededFor: 'clients of a VDE switch' },
  {
    name: 'uml_net',
    program: 'uml_net',
    package: 'uml-utilities',
    neededFor: "User-Mode Linux's own helper, to compare with",
  },
  { name: 'slirp', program: 'slirp', package: 'slirp', neededFor: 'the way out over SLIP' },
  { name: 'passt', program: 'passt', package: 'passt', neededFor: 'the way out over a stream socket' },
  {
    name: 'slirp4netns',
    program: 'slirp4netns',
    package: 'slirp4netns',
    neededFor: 'the way out over a SEQPACKET socket',
  },
  { name: 'socat', program: 'socat', package: 'socat', neededFor: 'sockets and terminals joined' },
  { name: 'setpriv', program: 'setpriv', package: 'util-linux', neededFor: 'programs as another user' },
  {
    name: 'nft',
    program: 'nft',
    package: 'nftables',
    neededFor: 'packet filters, masquerading, port forwards',
  },
  { name: 'script', program: 'script', package: 'bsdutils', neededFor: 'programs on a terminal' },
  {
    name: 'python3',
    program: '/usr/bin/python3',
    package: 'python3',
    neededFor: 'hostile callers of the helper',
  },
  { name: 'man', program: 'man', package: 'man-db', neededFor: 'manual pages as people read them' },
  {
    name: 'groff',
    program: 'groff',
    package: 'groff-base',
    neededFor: 'warnings of the formatter of manual pages',
  },
  { name: 'mandoc', program: 'mandoc', package: 'mandoc', neededFor: 'another reader of manual pages' },
  {
    name: 'systemd-analyze',
    program: 'systemd-analyze',
    package: 'systemd',
    neededFor: 'a look at the systemd unit',
  },
  { name: 'shellcheck', program: 'shellcheck', package: 'shellcheck', neededFor: 'faults of shell scripts' },
  { name: 'dash', program: 'dash', package: 'dash', neededFor: 'a plain POSIX shell' },
  { name: 'cmake', program: 'cmake', package: 'cmake', neededFor: 'the C++ tests' },
  {
    name: 'doctest',
    program: '/usr/include/doctest/doctest.h',
    package: 'doctest-dev',
    neededFor: 'the C++ tests',
  },
]

/** Is this peer here? Headers count by existing, programs by being executable. */
export function havePeer(peer) {
  return peer.program.endsWith('.h') ? existsSync(peer.program) : findProgram(peer.program) !== undefined
}

/** The peers that are not here. */
export function missingPeers() {
  return peers.filter((peer) => !havePeer(peer))
}

/** The command that installs these peers, as a person would type it. */
export function installCommand(missing) {
  return aptCommand([...new Set(missing.map((peer) => peer.package))])
}

/**
 * Installs what is missing when this process may, one by one if all at once fails (a distribution may lack
 * one of them). Returns what is still missing, and the command that installs that.
 */
export async function installPeers(missing = missingPeers()) {
  if (missing.length > 0 && canInstall()) {
    const packages = [...new Set(missing.map((peer) => peer.package))]
    await aptUpdate()
    try {
      await aptInstall(packages)
    } catch {
      for (const name of packages) await aptInstall([name]).catch(() => {})
    }
  }
  const still = missing.filter((peer) => !havePeer(peer))
  return { missing: still, command: still.length > 0 ? installCommand(still) : '' }
}
