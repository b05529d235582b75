/** The network interface that `ping` speaks through, with the MAC address that fits its IP address. */

import { connect } from '../connect.js'
import type { HostPort } from '../host_port.js'
import { hostAddress } from '../net/address.js'
import { NetNode } from '../net/node.js'
import { pickFreeAddress } from '../net/source.js'
import { openError } from './opening.js'
import type { LanSpec } from './opening.js'

export interface PingNic {
  nic: HostPort
  /** The IP address to ping from; undefined: `ping` chooses one. */
  from: string | undefined
}

export interface PingNicOptions {
  /** The spec's MAC address stands in it. */
  spec: LanSpec
  target: string
  from?: string
  signal: AbortSignal
}

/**
 * Joins the LAN. Where neither a MAC address nor an IPv4 address is given, a free IPv4 address is found first and the MAC address is
 * made from it, as UML does: another run from the same address is then the same station.
 *
 * @throws EthercastError as `connect` and `pickFreeAddress`; the signal's reason
 */
export async function openPingNic({ spec, target, from, signal }: PingNicOptions): Promise<PingNic> {
  const { family } = hostAddress(target, 'target')
  const address =
    spec.mac !== undefined || family === 6 ? undefined : (from ?? (await pick(spec, target, signal)))
  try {
    return { nic: await connect(spec, { address, signal }), from: from ?? address }
  } catch (error) {
    throw openError(error, spec)
  }
}

async function pick(spec: LanSpec, target: string, signal: AbortSignal): Promise<string> {
  await using scout = await connect(spec, { signal }).catch((error: unknown) => {
    throw openError(error, spec)
  })
  await using node = new NetNode(scout, { linkLocal: false, signal })
  return await pickFreeAddress(node, target, { signal })
}
