// How programs get hold of the library: what it exports, import and require().
import assert from 'node:assert/strict'
import * as ethercast from '../../lib/index.js'
import { runNode } from '../support/child.js'

describe('the module', () => {
  it('exports this and no more', () => {
    assert.deepEqual(Object.keys(ethercast).sort(), [
      'EthercastError',
      'HostPort',
      'Mconsole',
      'MconsoleError',
      'MconsoleNotify',
      'Port',
      'Switch',
      'attachDevice',
      'connect',
      'detachDevice',
      'formatMac',
      'formatSpec',
      'hasDevice',
      'listGuests',
      'macFromIpv4',
      'parseMac',
      'parseSpec',
      'randomMac',
    ])
  })

  it('can be required by CommonJS where Node does that, and is the same module then', async function () {
    // Node 20.19 and later, and 22.12 and later.
    if (!process.features.require_module) return this.skip()
    const result = await runNode(new URL('../fixtures/require.cjs', import.meta.url))
    assert.deepEqual([result.code, result.stdout], [0, '1 frame\ntrue\n'], result.stderr)
  })

  it('starts nothing by being loaded: a program that only imports it ends', async () => {
    const result = await runNode({
      code: `import './dist/index.js'; console.log('loaded')`,
    })
    assert.deepEqual([result.code, result.stdout], [0, 'loaded\n'], result.stderr)
  })
})
