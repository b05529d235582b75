/**
 * What ping(8) does, from user space: echo requests at a steady pace, each reply as it comes, and the sum at the end.
 */

import { EthercastError } from '../spec/error.js'
import { hostAddress, isLinkLocal } from './address.js'
import type { HostAddress } from './address.js'
import type { Nic } from './nic.js'
import { NetNode } from './node.js'
import { Pinger } from './pinger.js'
import type { PingEvent, PingerOptions } from './pinger.js'
import { pickFreeAddress } from './source.js'
import type { PickOptions } from './source.js'

export interface PingOptions extends PingerOptions {
  /**
   * Address to ping from, taken as it is. Default: the node's own address of the target's kind; if it has none, a free address
   * of the target's /24 or /64, probed first; for a link-local target the link-local address.
   */
  from?: string | undefined
  /** How a free address is found. */
  pick?: Omit<PickOptions, 'signal'>
  /** Octets of the largest IP packet, when a network interface is given. Default 1500. */
  mtu?: number
}

/**
 * Pings a host of the link. First comes one `start`, then `reply` and `timeout` as they happen, last one `done`. Aborting the
 * signal leads straight to `done`.
 *
 * On a network interface it makes a host of its own and closes it in the end; it is then the interface's only reader. An address
 * that it took on a given node it gives back.
 *
 * @param target address text, IPv4 or IPv6, unicast, on the link
 * @throws EthercastError `ERR_ETHERCAST_FIELD` for addresses and numbers that are none; `ERR_ETHERCAST_STATE` when no free
 *   address was found; `ERR_ETHERCAST_FRAME_SIZE` for a payload beyond the MTU; `ERR_ETHERCAST_CLOSED` when the interface ends
 */
export async function* ping(
  on: Nic | NetNode,
  target: string,
  options: PingOptions = {},
): AsyncGenerator<PingEvent> {
  const address = hostAddress(target, 'target')
  const from = options.from === undefined ? undefined : hostAddress(options.from, 'from', address.family)
  const pinger = new Pinger(address, options)
  const node = on instanceof NetNode ? on : new NetNode(on, { mtu: options.mtu })
  let taken: string | undefined
  try {
    const source = await chooseSource(node, address, from, options).catch((error: unknown) => {
      if (options.signal?.aborted) return undefined
      throw error
    })
    if (source === undefined) {
      yield pinger.done()
      return
    }
    if (!node.addresses.includes(source)) {
      node.addAddress(source)
      taken = source
    }
    yield* pinger.run(node, source)
  } finally {
    if (node !== on) await node.close()
    else if (taken !== undefined) node.removeAddress(taken)
  }
}

async function chooseSource(
  node: NetNode,
  target: HostAddress,
  from: HostAddress | undefined,
  { pick, signal }: PingOptions,
): Promise<string> {
  signal?.throwIfAborted()
  const own = node.sourceFor(target.text)
  if (from !== undefined) {
    checkFrom(node, from, own)
    return from.text
  }
  if (own !== undefined && isLinkLocal(hostAddress(own)) === isLinkLocal(target)) return own
  return pickFreeAddress(node, target.text, { ...pick, signal })
}

/** A node speaks from one address to a target: another one than it has cannot be chosen. */
function checkFrom(node: NetNode, from: HostAddress, own: string | undefined): void {
  if (own === undefined || own === from.text || !node.addresses.includes(own)) return
  if (isLinkLocal(hostAddress(own)) && !isLinkLocal(from)) return
  const message = `from: the host speaks from ${own}, not ${from.text}`
  throw new EthercastError('ERR_ETHERCAST_FIELD', message, { field: 'from', value: from.text })
}
