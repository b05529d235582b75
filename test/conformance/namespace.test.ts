/** The conformance suite for the transports that need a route which a host seldom has on loopback: run in a namespace that has it. */

import assert from 'node:assert/strict'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'

describe('conformance in a namespace', function () {
  this.timeout(180_000)

  it('every transport that needs one passes the suite', async function () {
    need(this, 'netns', 'tun')
    await using lab = await Lab.create()
    const host = await lab.host('conform')
    // Of the type `local`: the kernel turns any other route through loopback into one that rejects.
    await host.ip('-6', 'route', 'add', 'local', 'ff00::/8', 'dev', 'lo', 'table', 'local')
    const args = [
      '--import',
      'tsx',
      'node_modules/mocha/bin/mocha.js',
      '--no-config',
      'test/conformance/in_namespace.ts',
    ]
    const { code, stdout, stderr } = await host.exec(process.execPath, args, { timeoutMs: 170_000 })
    assert.equal(code, 0, `${stdout}\n${stderr}`)
    assert.match(stdout, /[1-9]\d* passing/)
  })
})
