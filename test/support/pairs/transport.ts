// What the conformance suite and the bench matrix want to know of a transport: how to make a connected pair of its ports, on loopback, in
// folders and in namespaces of the test alone.
import type { SpecObject } from '../../../lib/index.js'

/** What a test may choose; everything else is the row's business. */
export interface PairOptions {
  /** Largest IP packet within a frame, for both ports. */
  mtu?: number
  /** Octets of each socket buffer, for both ports. */
  buffer?: number
}

export interface Transport {
  name: string
  /** `namespace`: needs a route that a host seldom has on loopback; runs in a network namespace that has it. */
  place: 'here' | 'namespace'
  /** Longest frame it carries, in octets. */
  maxFrame: number
  /** It has no option `buffer`: there is no socket to give one. */
  bufferless?: boolean
  /** The first spec is a listener: its client's port is the one that carries the frames. */
  listener?: boolean
  /** The two ends have a connection: when one closes, the other's port knows, and closes or looks for it. */
  connected?: boolean
  /**
   * Specs of two ports that hear each other and nobody else: fresh addresses with each call. A listener comes first.
   */
  specs(options: PairOptions): Promise<[SpecObject, SpecObject]>
}
