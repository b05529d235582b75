/**
 * Echo requests to one neighbour under one identifier, and the replies to them.
 */

import type { HostAddress } from './address.js'
import { ICMP_ECHO_HEADER_OCTETS } from './icmp.js'
import { sameOctets } from './octets.js'
import type { EchoReplyPacket } from './receive.js'
import { isEchoPattern } from './requests.js'

/** An echo reply as it came in. */
export interface EchoArrival {
  /** 16 bits, as sent. */
  seq: number
  /** TTL or hop limit, 0–255. */
  ttl: number
  /** Octets of the ICMP message, its 8-octet header included, as ping(8) shows them. */
  octets: number
  /** `performance.now()` when it was read. */
  arrivedMs: number
}

/** What a session needs of its host. */
export interface EchoSessionHost {
  /** Sends one request. @returns whether the interface accepted it */
  send(seq: number, payloadOctets: number): boolean
  close(): void
}

/** Who wants to know. Neither may throw. */
export interface EchoListener {
  /** Called for each reply with a payload as we sent it, duplicates included. */
  onReply(arrival: EchoArrival): void
  /** The host has ended. */
  onEnd?(error: Error): void
}

/** One run of echo requests. Several sessions of a host do not see each other's replies. */
export class EchoSession {
  readonly target: HostAddress
  readonly #host: EchoSessionHost
  readonly #listener: EchoListener

  constructor(target: HostAddress, host: EchoSessionHost, listener: EchoListener) {
    this.target = target
    this.#host = host
    this.#listener = listener
  }

  /**
   * Sends one echo request; the target must have been resolved.
   *
   * @param seq its low 16 bits are sent
   * @returns whether the interface accepted it
   * @throws EthercastError `ERR_ETHERCAST_STATE` when the target's MAC address is not known or the host has no address of its
   *   family; `ERR_ETHERCAST_FRAME_SIZE` when the packet would exceed the MTU; `ERR_ETHERCAST_CLOSED`
   */
  send(seq: number, payloadOctets: number): boolean {
    return this.#host.send(seq & 0xffff, payloadOctets)
  }

  /** Takes a reply with this session's identifier. @returns false when its payload is not one that we send */
  accept(reply: EchoReplyPacket): boolean {
    if (!sameOctets(reply.from, this.target.octets)) return true
    if (!isEchoPattern(reply.payload)) return false
    const octets = reply.payload.length + ICMP_ECHO_HEADER_OCTETS
    this.#listener.onReply({ seq: reply.seq, ttl: reply.ttl, octets, arrivedMs: performance.now() })
    return true
  }

  /** Passes on that the host has ended. */
  end(error: Error): void {
    this.#listener.onEnd?.(error)
  }

  /** Ends the session: no replies come any more. */
  close(): void {
    this.#host.close()
  }
}
