/** Whatever a program does to its own life while consoles and notices are open is safe, and leaves nothing behind. */

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { startNode } from '../support/child.js'

const life = new URL('../fixtures/mconsole_life.mjs', import.meta.url)

interface Case {
  name: string
  title: string
  times: number
  code?: number
  stderr?: RegExp
  /** Paths that a worker which is killed can't take back: the sockets in use at that moment. */
  leaves?: RegExp
}

const cases: Case[] = [
  { name: 'idle', title: 'a process ends with a console open', times: 10 },
  { name: 'exitInRequest', title: 'process.exit() while a request is under way', times: 20, code: 7 },
  { name: 'exitInReply', title: 'process.exit() behind a reply', times: 20, code: 7 },
  { name: 'exitInNotice', title: 'process.exit() in a loop over notices', times: 20, code: 7 },
  {
    name: 'throwInNotice',
    title: 'a throwing loop over notices',
    times: 10,
    code: 1,
    stderr: /thrown in a loop/,
  },
  {
    name: 'throwInCallback',
    title: 'a throwing callback',
    times: 10,
    code: 1,
    stderr: /thrown in a callback/,
  },
  { name: 'closeInCallback', title: 'a socket that closes itself in its callback', times: 10 },
  {
    name: 'terminate',
    title: 'worker.terminate() under full traffic, five workers a process',
    times: 20,
    leaves: /^ethercast-/,
  },
  { name: 'workerExits', title: 'workers that exit or throw', times: 10 },
  { name: 'forgotten', title: '300 forgotten sockets and the garbage collector', times: 3 },
  { name: 'churn', title: '1000 consoles opened and closed: no descriptor or memory left', times: 1 },
]

const ABREAST = 2

async function runOnce({ name, code = 0, stderr, leaves }: Case): Promise<void> {
  const dir = mkdtempSync('/tmp/eclab-life-')
  try {
    const child = startNode(life, [name, dir], { nodeArgs: ['--expose-gc'], input: '', env: { TMPDIR: dir } })
    const result = await child.result(60_000)
    const said = `${result.stdout}\n${result.stderr}`
    assert.equal(result.signal, null, said)
    assert.equal(result.code, code, said)
    if (stderr) assert.match(result.stderr, stderr)
    else assert.equal(result.stderr, '')
    assert.deepEqual(
      readdirSync(dir).filter((left) => leaves === undefined || !leaves.test(left)),
      [],
    )
  } finally {
    rmSync(dir, { recursive: true })
  }
}

describe('lifecycle: mconsole', function () {
  this.timeout(180_000)

  for (const each of cases) {
    it(`${each.title} (${each.times} times)`, async () => {
      let left = each.times
      const lane = async () => {
        while (left-- > 0) await runOnce(each)
      }
      await Promise.all(Array.from({ length: ABREAST }, lane))
    })
  }
})
