/** The files that the documentation shows are files that load. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfig } from '../../lib/host/load.js'
import { projectRoot } from '../support/child.js'

describe('ethercast.yaml in the documentation', () => {
  it('loads as the README shows it', () => {
    const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8')
    const blocks = [...readme.matchAll(/```yaml\n([^]*?)```/g)].map(([, text]) => text!)
    assert.equal(blocks.length, 1)
    const { config } = parseConfig(blocks[0]!, 'README.md')
    assert.deepEqual(Object.keys(config.guests), ['one'])
  })
})
