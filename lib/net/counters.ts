/**
 * The counts that a user-space host keeps.
 */

import type { Outcome } from './receive.js'

/** Counts since the host began, in frames unless said. `rx.frames` is the sum of the other `rx` counts. */
export interface NetNodeStats {
  rx: Record<Outcome, number> & { frames: number }
  tx: {
    /** Accepted by the interface. */
    frames: number
    /** Not accepted. */
    dropped: number
  }
  /** Answers given to others; those the interface dropped are among them. */
  answers: { arp: number; ndp: number; echo: number }
  /** Times that another station claimed an address of ours. */
  conflicts: number
  /** Echo replies with a payload that we did not send. */
  corruptReplies: number
}

/** All zero. */
export function emptyStats(): NetNodeStats {
  return {
    rx: {
      frames: 0,
      handled: 0,
      own: 0,
      notForUs: 0,
      tagged: 0,
      malformed: 0,
      fragment: 0,
      unhandled: 0,
    },
    tx: { frames: 0, dropped: 0 },
    answers: { arp: 0, ndp: 0, echo: 0 },
    conflicts: 0,
    corruptReplies: 0,
  }
}
