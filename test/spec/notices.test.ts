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

  it('tell that a tap which goes has no use for an owner', () => {
    const said = (spec: string) => notices(parseSpec(spec)).join()
    assert.match(said('tuntap,tap0,owner=1000'), /owner does little without persist=on/)
    assert.match(said('tuntap,tap0,group=users'), /group does little without persist=on/)
    assert.equal(said('tuntap,tap0,owner=1000,persist=on'), '')
    assert.equal(said('tuntap,tap0'), '')
  })

  it('are none for options of UDP: all have an effect', () => {
    for (const spec of ['mcast,mss=1400', 'ucast,,10.0.0.1,mss=off,offload=off'])
      assert.deepEqual(notices(parseSpec(spec)), [])
  })
})
