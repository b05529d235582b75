/**
 * What is said about a valid spec.
 */

import assert from 'node:assert/strict'
import { notices, parseSpec } from '../../lib/spec/index.js'

describe('notices', () => {
  it('are none for defaults', () => {
    for (const spec of ['mcast,mss=auto,offload=auto,mtu=1400', 'ucast,,10.0.0.1', 'host']) {
      assert.deepEqual(notices(parseSpec(spec)), [])
    }
  })

  it('name options that have no effect yet', () => {
    assert.deepEqual(notices(parseSpec('mcast,mss=1400')), [
      'mcast: option mss=1400 has no effect in this version: the MSS of TCP is not clamped yet',
    ])
    assert.deepEqual(notices(parseSpec('ucast,,10.0.0.1,mss=off,offload=off')), [
      'ucast: option mss=off has no effect in this version: the MSS of TCP is not clamped yet',
      'ucast: option offload=off has no effect in this version: segments are not offloaded to the kernel yet',
    ])
  })
})
