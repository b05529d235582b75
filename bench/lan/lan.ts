// Two hosts with an Ethernet between them, as each contestant makes it.
import type { Contestant } from '../support/contest.js'
import type { Host } from '../../test/support/host.js'
import { Lab } from '../../test/support/lab.js'
import { eventually } from '../../test/support/wait.js'

/** Two hosts and the cable between them: what a LAN is laid over. */
export interface Ground {
  lab: Lab
  a: Host
  b: Host
  /** The cable's devices and addresses, a's first. */
  devices: readonly [string, string]
  addresses: readonly [string, string]
}

export interface Lan {
  /** Addresses of the two hosts on this LAN. */
  addresses: readonly [string, string]
  /** The devices that carry these addresses, and their MTU as it is. */
  devices: readonly [string, string]
  mtu: number
  /** The processes that carry the frames; none where the kernel does. */
  pids: readonly number[]
}

export interface LanContestant extends Contestant {
  /** Octets of the longest IP packet on the cable. */
  cable: number
  lay(ground: Ground): Promise<Lan>
}

const kAddresses = ['198.18.1.1', '198.18.1.2'] as const
const kReachable_ms = 10_000

/** Host by host: the device that is on the LAN gets its address, its MTU where one is asked for, and comes up. */
export async function join(ground: Ground, devices: readonly [string, string], mtu?: number): Promise<Lan> {
  for (const [i, host] of [ground.a, ground.b].entries()) {
    const device = devices[i]!
    // Neighbour discovery is not the load.
    await host.exec('sysctl', ['-qw', `net.ipv6.conf.${device}.disable_ipv6=1`])
    if (mtu !== undefined) await host.ip('link', 'set', device, 'mtu', String(mtu))
    await host.ip('addr', 'add', `${kAddresses[i]}/24`, 'dev', device)
    await host.ip('link', 'set', device, 'up')
  }
  return { addresses: kAddresses, devices, mtu: await mtuOf(ground.a, devices[0]), pids: [] }
}

export async function mtuOf(host: Host, device: string): Promise<number> {
  const [link] = JSON.parse(await host.ip('-json', 'link', 'show', device)) as [{ mtu: number }]
  return link.mtu
}

/** Lays the LAN, works on it once its hosts reach one another, and removes all of it. */
export async function withLan<T>(
  contestant: LanContestant,
  work: (ground: Ground, lan: Lan) => Promise<T>,
): Promise<T> {
  const lab = await Lab.create()
  try {
    const [a, b] = [await lab.host('a'), await lab.host('b')]
    const { devices, addresses } = await lab.link(a, b, { mtu: contestant.cable })
    const ground = { lab, a, b, devices, addresses }
    const lan = await contestant.lay(ground)
    const reach = async () => (await b.exec('ping', ['-c1', '-W1', lan.addresses[0]])).code === 0
    await eventually(reach, kReachable_ms, 'the first answered ping')
    return await work(ground, lan)
  } finally {
    await lab.close()
  }
}
