/**
 * What a user-space host knows and is waiting for, and what it does when a frame changes that.
 */

import type { HostAddress } from './address.js'
import { emptyStats } from './counters.js'
import type { EchoSession } from './echo_session.js'
import { NeighbourCache } from './neighbours.js'
import type { NeighbourCacheOptions } from './neighbours.js'
import type { Nic } from './nic.js'
import { octetsKey, sameOctets } from './octets.js'
import { Outbox } from './outbox.js'
import { OwnAddresses } from './own_addresses.js'
import type { EchoReplyPacket, Receiver } from './receive.js'
import { Waiters } from './waiters.js'

/** The state behind one `NetNode`. */
export class HostState implements Receiver {
  readonly mac: Uint8Array
  readonly addresses = new OwnAddresses()
  readonly stats = emptyStats()
  readonly outbox: Outbox
  readonly cache: NeighbourCache
  /** Waits for a neighbour's MAC address, by the neighbour's key. */
  readonly asked = new Waiters<Uint8Array>()
  /** Waits for someone to claim an address, by its key. */
  readonly probed = new Waiters<Uint8Array>()
  /** Runs of echo requests, by identifier. */
  readonly sessions = new Map<number, EchoSession>()

  constructor(nic: Nic, mac: Uint8Array, neighbours?: NeighbourCacheOptions) {
    this.mac = mac
    this.outbox = new Outbox(nic, this.stats.tx)
    this.cache = new NeighbourCache(neighbours)
  }

  /** The address to speak to `target` from, checked. @throws EthercastError `ERR_ETHERCAST_STATE` */
  sourceFor(target: HostAddress): HostAddress {
    return this.addresses.requireSourceFor(target)
  }

  owns(address: Uint8Array): boolean {
    return this.addresses.has(address)
  }

  answer(frame: Uint8Array, kind: 'arp' | 'ndp' | 'echo'): void {
    this.stats.answers[kind]++
    this.outbox.gather(frame)
  }

  learn(address: Uint8Array, mac: Uint8Array): void {
    if (!this.owns(address)) this.cache.set(octetsKey(address), mac)
  }

  heard(address: Uint8Array, mac: Uint8Array, override: boolean): void {
    const key = octetsKey(address)
    this.probed.settle(key, mac.slice())
    if (this.owns(address)) {
      this.stats.conflicts++
      return
    }
    // Only what we asked for, or know already: other hosts' chatter must not push our neighbours out.
    const known = this.cache.get(key)
    const wanted = known === undefined ? this.asked.has(key) : override || sameOctets(known, mac)
    if (wanted) this.cache.set(key, mac)
    this.asked.settle(key, mac.slice())
  }

  wanted(address: Uint8Array, mac: Uint8Array): void {
    this.probed.settle(octetsKey(address), mac.slice())
  }

  echoReply(reply: EchoReplyPacket): void {
    if (this.sessions.get(reply.id)?.accept(reply) === false) this.stats.corruptReplies++
  }

  /** Ends every wait with this error. */
  fail(error: Error): void {
    this.asked.fail(error)
    this.probed.fail(error)
    for (const session of [...this.sessions.values()]) session.end(error)
  }
}
