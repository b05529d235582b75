/**
 * Checks that a spec is refused, and how.
 */

import assert from 'node:assert/strict'
import { EthercastError, parseSpec } from '../../lib/spec/index.js'
import type { SpecObject } from '../../lib/spec/index.js'

export const KNOWN =
  'allowed are bess, daemon, dgram, ethertap, fd, host, mcast, pcap, slip, slirp, stream, switch, tuntap, ucast'

/** The error that a spec is refused with; fails when it is not. */
export function refusal(spec: unknown): EthercastError {
  try {
    parseSpec(spec as SpecObject)
  } catch (error) {
    assert.ok(error instanceof EthercastError, String(error))
    assert.equal(error.code, 'ERR_ETHERCAST_FIELD')
    return error
  }
  return assert.fail('not refused')
}

/** One test a spec: refused with exactly this message. */
export function itRefuses(refusals: Iterable<readonly [spec: unknown, message: string]>): void {
  for (const [spec, message] of refusals) {
    it((JSON.stringify(spec) ?? String(spec)).slice(0, 80), () =>
      assert.equal(refusal(spec).message, message),
    )
  }
}
