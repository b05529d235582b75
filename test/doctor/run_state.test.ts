/** What the doctor makes of the journal of `ethercast up`: of one that works, one that has ended, and one that was killed at it. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runState } from '../../lib/doctor/run_state.js'
import { Journal } from '../../lib/host/journal.js'
import { startNode } from '../support/child.js'

/** Opens the journal, writes down one step, and stays at it. */
const AT_IT = `
  import { Journal } from './lib/host/journal.ts'
  const journal = await Journal.open(process.argv[1])
  journal.add({ id: 'x', wish: { kind: 'tun', params: {} }, before: null })
  console.log('at it')
  setInterval(() => {}, 1000)
`

describe('doctor: the state of a set-up', () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'ethercast-run-')), 'state')
  after(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

  it('none, at work, killed at it, up, and none again', async () => {
    assert.equal(runState(folder), 'none')
    const child = startNode({ code: AT_IT }, [folder], { nodeArgs: ['--import', 'tsx'] })
    await child.waitForLine(/^at it$/)
    assert.equal(runState(folder), 'up', 'it works')
    process.kill(child.pid, 'SIGKILL')
    await child.exited
    assert.equal(runState(folder), 'unfinished')
    const journal = await Journal.open(folder)
    journal[Symbol.dispose]()
    assert.equal(runState(folder), 'up', 'who came next has looked after it')
    const last = await Journal.open(folder)
    for (const id of [...last.made.keys()]) last.forget(id)
    last[Symbol.dispose]()
    assert.equal(runState(folder), 'none')
  })

  it('of another network namespace', async () => {
    const here = {
      boot: (await import('../../lib/host/journal.js')).whereabouts().boot,
      namespace: 'net:[1]',
    }
    const journal = await Journal.open(folder, here)
    journal.add({ id: 'x', wish: { kind: 'tun', params: {} }, before: null })
    journal[Symbol.dispose]()
    assert.equal(runState(folder), 'other')
  })

  it('where there is no folder but something else', () => {
    assert.equal(runState('/dev/null'), 'unknown')
  })
})
