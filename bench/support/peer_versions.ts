// Which versions of the others were met: by Debian's and Ubuntu's packages, since not all of them tell it themselves.
import { spawnSync } from 'node:child_process'
import { havePeer, peers } from '../../scripts/peers.mjs'
import type { PeerName } from '../../test/support/need.js'

const kMet: readonly PeerName[] = ['iperf3', 'ping', 'qemu', 'vde_switch', 'uml_switch']

/** Package by package; those that are not here are left out. */
export function peerVersions(): Record<string, string> {
  const met = peers.filter((peer) => kMet.includes(peer.name as PeerName) && havePeer(peer))
  return Object.fromEntries(
    met.map((peer) => {
      const asked = spawnSync('dpkg-query', ['-W', '-f', '${Version}', peer.package], { encoding: 'utf8' })
      return [peer.package, asked.status === 0 ? asked.stdout : 'unknown']
    }),
  )
}
