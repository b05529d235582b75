/**
 * A free address to speak from, next to one to speak to.
 */

import { EthercastError } from '../spec/error.js'
import { fromOctets, hostAddress } from './address.js'
import type { HostAddress } from './address.js'
import { sameOctets } from './octets.js'
import type { NetNode } from './node.js'
import type { ProbeOptions } from './node_options.js'

export interface PickOptions {
  /** Addresses tried at most. Default 8. */
  tries?: number
  /** How each is probed. */
  probe?: Omit<ProbeOptions, 'signal'>
  /** Numbers from 0 to below 1. Default `Math.random`. */
  random?: () => number
  signal?: AbortSignal | undefined
}

/**
 * Finds an address of the target's /24 (IPv4, .1 to .254) or /64 (IPv6, any interface identifier) that nobody has: candidates
 * in random order, each probed first. The node does not take it: that is the caller's next step.
 *
 * @returns canonical text
 * @throws EthercastError `ERR_ETHERCAST_STATE` when all that were tried are taken; what `NetNode.probe` throws
 */
export async function pickFreeAddress(
  node: NetNode,
  target: string,
  options: PickOptions = {},
): Promise<string> {
  const { tries = 8, probe, random = Math.random, signal } = options
  const near = hostAddress(target, 'target')
  let tried = 0
  for (const candidate of candidates(near, random)) {
    if (tried++ === tries) break
    if ((await node.probe(candidate.text, { ...probe, signal })) === undefined) return candidate.text
  }
  const prefix = near.family === 4 ? '/24' : '/64'
  const message = `no free address found in the ${prefix} of ${near.text} (tried ${tries}): give one as "from"`
  throw new EthercastError('ERR_ETHERCAST_STATE', message, { field: 'from' })
}

/** Addresses near another, in random order, that one left out. IPv4: each of the /24 once. IPv6: without end. */
function* candidates(near: HostAddress, random: () => number): Generator<HostAddress> {
  if (near.family === 6) {
    for (;;) {
      const octets = near.octets.slice()
      for (let i = 8; i < 16; i++) octets[i] = Math.floor(random() * 256)
      // Interface identifier 0 is the routers' (RFC 4291 section 2.6.1).
      const isRouters = octets.subarray(8).every((octet) => octet === 0)
      if (!isRouters && !sameOctets(octets, near.octets)) yield fromOctets(octets)
    }
  }
  const hosts = Array.from({ length: 254 }, (_, index) => index + 1).filter((host) => host !== near.octets[3])
  while (hosts.length > 0) {
    const [host] = hosts.splice(Math.floor(random() * hosts.length), 1)
    yield fromOctets(Uint8Array.of(...near.octets.subarray(0, 3), host!))
  }
}
