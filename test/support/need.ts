// What a test needs of the machine. Without it the test is skipped, and says why and what would change that;
// where skipping is not allowed (CI) it fails instead.
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { childEnv, isRoot } from '../../scripts/command.mjs'
import { havePeer, installCommand, peers } from '../../scripts/peers.mjs'

export type PeerName =
  | 'uml'
  | 'busybox'
  | 'qemu'
  | 'tshark'
  | 'text2pcap'
  | 'tcpdump'
  | 'tcpreplay'
  | 'ip'
  | 'ping'
  | 'ethtool'
  | 'iperf3'
  | 'systemd-notify'
  | 'vde_switch'
  | 'vde_plug2tap'
  | 'uml_switch'
  | 'vde_plug'
  | 'uml_net'
  | 'tunctl'
  | 'uml_mconsole'
  | 'slirp'
  | 'passt'
  | 'slirp4netns'
  | 'socat'
  | 'setpriv'
  | 'nft'
  | 'script'
  | 'python3'
  | 'man'
  | 'groff'
  | 'mandoc'
  | 'systemd-analyze'
  | 'shellcheck'
  | 'dash'
  | 'cmake'
  | 'doctest'

export type Need = 'root' | 'netns' | 'tun' | PeerName

interface Obstacle {
  reason: string
  remedy: string
}

const kImplied: Partial<Record<Need, Need[]>> = {
  netns: ['root', 'ip'],
  tun: ['root', 'ip'],
  uml: ['netns', 'busybox'],
  tshark: ['text2pcap'],
}

const kChecks: Partial<Record<Need, () => Obstacle | undefined>> = {
  root: () => (isRoot() ? undefined : { reason: 'not root', remedy: 'run as root, with sudo' }),
  netns: () =>
    spawnSync('unshare', ['--net', 'true'], { env: childEnv() }).status === 0
      ? undefined
      : {
          reason: 'no network namespaces',
          remedy: 'run where CAP_SYS_ADMIN is (not in an unprivileged container)',
        },
  tun: () => {
    try {
      closeSync(openSync('/dev/net/tun', 'r+'))
      return undefined
    } catch {
      return { reason: 'no /dev/net/tun', remedy: 'modprobe tun, or give the container that device' }
    }
  },
}

function peerObstacle(name: Need): Obstacle | undefined {
  const peer = peers.find((candidate) => candidate.name === name)
  if (!peer) throw new Error(`nothing is known about the need '${name}'`)
  return havePeer(peer)
    ? undefined
    : { reason: `no ${peer.program} (${peer.neededFor})`, remedy: installCommand([peer]) }
}

const known = new Map<Need, Obstacle | undefined>()

function obstacle(need: Need): Obstacle | undefined {
  for (const implied of kImplied[need] ?? []) {
    const found = obstacle(implied)
    if (found) return found
  }
  if (!known.has(need)) known.set(need, (kChecks[need] ?? (() => peerObstacle(need)))())
  return known.get(need)
}

/** Why these needs are not met here, or undefined. */
export function missing(...needs: Need[]): string | undefined {
  const reasons = needs.map(obstacle).filter((found) => found !== undefined)
  const texts = reasons.map((found) => `${found.reason}; ${found.remedy}`)
  return texts.length > 0 ? [...new Set(texts)].join(', ') : undefined
}

const told = new Set<string>()

/** Skips the test or suite of `context` unless all needs are met: `need(this, 'netns', 'uml')` in `it` or `before`. */
export function need(context: Mocha.Context, ...needs: Need[]): void {
  const reason = missing(...needs)
  if (reason) skip(context, reason)
}

/** Skips with a reason, or fails with it where nothing may be skipped. */
export function skip(context: Mocha.Context, reason: string): never {
  if (process.env.CI === 'true' || process.env.ETHERCAST_NO_SKIP) {
    throw new Error(`this would be skipped, which is not allowed here: ${reason}`)
  }
  if (!told.has(reason)) process.stderr.write(`      skipped: ${reason}\n`)
  told.add(reason)
  return context.skip()
}
