/**
 * What one may ask of a user-space host, with units and defaults.
 */

import type { EchoArrival } from './echo_session.js'
import type { NeighbourCacheOptions } from './neighbours.js'

export interface NetNodeOptions {
  /** An IPv4 address. Default: none. */
  ipv4?: string | undefined
  /** A global IPv6 address. Default: none. */
  ipv6?: string | undefined
  /** Whether it also has a link-local address, fe80:: and its MAC address. Default true. */
  linkLocal?: boolean
  /** Octets of the largest IP packet that it sends on its own account. Default 1500. */
  mtu?: number
  neighbours?: NeighbourCacheOptions
  /** Closes the host. */
  signal?: AbortSignal | undefined
}

export interface ResolveOptions {
  /** Time until it gives up, in milliseconds. Default 1000, RetransTimer of RFC 4861. */
  timeoutMs?: number
  /** Time between two questions, in milliseconds. Default 250. */
  retryMs?: number
  signal?: AbortSignal | undefined
}

export interface ProbeOptions {
  /** Questions asked. Default 3, as RFC 5227. */
  count?: number
  /** Time to listen after each, in milliseconds. Default 200: RFC 5227 has 1000 to 2000, for links far slower than these. */
  intervalMs?: number
  signal?: AbortSignal | undefined
}

export interface NodePingOptions {
  /** Octets after the ICMP header. Default 56, as ping(8). */
  payloadOctets?: number
  /** Time for the reply, in milliseconds, and as much for finding the neighbour. Default 1000. */
  timeoutMs?: number
  /** Sequence number; its low 16 bits are sent. Default 1. */
  seq?: number
  signal?: AbortSignal | undefined
}

/** The answer to one ping. */
export interface EchoReply extends Omit<EchoArrival, 'arrivedMs'> {
  /** Who answered, canonical text. */
  from: string
  /** Round-trip time in milliseconds, this process's own delays included. */
  rttMs: number
}
