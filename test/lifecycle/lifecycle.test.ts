/** Whatever a program does to its own life while a switch is open is safe: each case many times, in processes of their own. */

import assert from 'node:assert/strict'
import { startNode } from '../support/child.js'

const life = new URL('../fixtures/life.mjs', import.meta.url)

interface Case {
  name: string
  title: string
  /** How often; some races show once in dozens of runs. */
  times: number
  code?: number
  stderr?: RegExp
  stdout?: RegExp
  env?: Record<string, string>
}

/**
 * The C library gives octets of this and more back to the system when they are freed, as it does from the start; left alone, it raises the limit
 * with what it sees freed, keeps 256 KiB rings in its heap, and how much of that is resident says nothing of what is in use (mallopt(3)).
 */
const kGivesRingsBack = { MALLOC_MMAP_THRESHOLD_: '131072' }

const cases: Case[] = [
  { name: 'unref', title: 'the process ends with an unreferenced switch open', times: 20 },
  { name: 'exitInLoop', title: 'process.exit() in a frames() loop under full traffic', times: 40, code: 7 },
  { name: 'exitInEvent', title: 'process.exit() in an event handler', times: 20, code: 7 },
  { name: 'throwInLoop', title: 'a throwing frames() loop', times: 20, code: 1, stderr: /thrown in a loop/ },
  {
    name: 'throwInEvent',
    title: 'a throwing event handler',
    times: 20,
    code: 1,
    stderr: /thrown in a handler/,
  },
  { name: 'throwAndGoOn', title: 'a throwing handler whose program goes on: no event is lost', times: 5 },
  { name: 'terminate', title: 'worker.terminate() in full traffic, five workers a process', times: 20 },
  { name: 'workerExits', title: 'workers that exit, end or throw with switches open', times: 10 },
  { name: 'forgotten', title: '300 forgotten switches and the garbage collector', times: 3 },
  { name: 'closeUnderTraffic', title: 'closing ports and switch together under traffic', times: 5 },
  {
    name: 'churn',
    title: '500 switches made and closed: no descriptor, thread or memory left',
    times: 1,
    env: kGivesRingsBack,
  },
]

/** Processes at once: two, so that they also disturb each other. */
const ABREAST = 2

function start(name: string, env?: Record<string, string>) {
  return startNode(life, [name], { nodeArgs: ['--expose-gc'], input: '', ...(env && { env }) })
}

async function runOnce({ name, code = 0, stderr, stdout, env }: Case): Promise<void> {
  const result = await start(name, env).result(60_000)
  const said = `${result.stdout}\n${result.stderr}`
  assert.equal(result.signal, null, said)
  assert.equal(result.code, code, said)
  if (stderr) assert.match(result.stderr, stderr)
  else assert.equal(result.stderr, '')
  if (stdout) assert.match(result.stdout, stdout)
}

describe('lifecycle', function () {
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

  it('an open switch keeps the process alive, and a signal ends it', async () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
      const running = start('keeps')
      await running.waitForLine(/^open$/)
      assert.equal(running.exit, undefined)
      running.signal(signal)
      assert.equal((await running.result(5000)).signal, signal)
    }
  })

  it('without descriptors left: a coded error, and life goes on', async () => {
    // The limit is set by a shell, between it and the script. Node reads a library's modules all at once: it has to have room for those.
    const code = `
      import { spawnSync } from 'node:child_process'
      const run = spawnSync('sh', ['-c', 'ulimit -n 80; exec "$0" "$@"', process.execPath, ...process.argv.slice(1)], { encoding: 'utf8' })
      process.stdout.write(run.stdout); process.stderr.write(run.stderr); process.exitCode = run.status`
    const result = await startNode({ code }, [life.pathname, 'exhaustion'], { input: '' }).result(30_000)
    assert.equal(result.code, 0, result.stderr)
    assert.match(result.stdout, /^EMFILE$/m)
  })
})
