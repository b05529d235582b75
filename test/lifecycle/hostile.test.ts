/** Processes and workers that end at the worst of moments, and what must not be left of them. */

import assert from 'node:assert/strict'
import { startNode } from '../support/child.js'
import type { Result } from '../support/running.js'

const script = new URL('../fixtures/hostile_life.mjs', import.meta.url)

interface Case {
  title: string
  times: number
  code?: number
  signal?: string
  stdout?: RegExp
  stderr?: RegExp
}

const cases: Record<string, Case> = {
  waitsUnreferenced: {
    title: 'what is waited for keeps the process alive, also without a reference',
    times: 5,
    stdout: /^all came$/m,
  },
  readsUnreferenced: { title: 'a waiting reader of an unreferenced switch does not', times: 5 },
  terminateInCalls: { title: '48 workers terminated while they call everything there is', times: 6 },
  exitWithoutHandlers: {
    title: 'process.exit() after somebody removed all exit handlers',
    times: 30,
    code: 7,
  },
  reallyExit: { title: 'an exit that asks nobody', times: 30, code: 7 },
  abort: { title: 'SIGTERM under full traffic', times: 10, signal: 'SIGTERM' },
  exitInCloseHandler: { title: 'process.exit() in a close handler', times: 20, code: 7 },
  throwInCloseHandler: { title: 'a throwing close handler', times: 10, code: 1, stderr: /thrown at closing/ },
  throwAtExit: {
    title: 'a handler that throws while the process ends: its exit code stays',
    times: 10,
    code: 7,
  },
  collected: {
    title: '3000 native switches that only the garbage collector ends',
    times: 2,
    stdout: /"left":0/,
  },
  inherits: { title: 'a child process inherits no descriptor', times: 2, stdout: /^none$/m },
}

async function check(name: string): Promise<void> {
  const { code = 0, signal, stdout, stderr } = cases[name]!
  const result = await startNode(script, [name], { nodeArgs: ['--expose-gc'], input: '' }).result(60_000)
  const said = `${result.stdout}\n${result.stderr}`
  if (signal === undefined) assert.deepEqual([result.signal, result.code], [null, code], said)
  else assert.equal(result.signal, signal, said)
  if (stderr) assert.match(result.stderr, stderr)
  else assert.equal(result.stderr, '')
  if (stdout) assert.match(result.stdout, stdout)
}

describe('lifecycle, at the worst of moments', function () {
  this.timeout(180_000)

  for (const [name, { title, times }] of Object.entries(cases)) {
    it(`${title} (${times} times)`, async () => {
      let left = times
      const lane = async () => {
        while (left-- > 0) await check(name)
      }
      await Promise.all([lane(), lane()])
    })
  }

  it('without descriptors the error has the errno, the system call and the library’s type; later all is well', async () => {
    const code = `
      import { spawnSync } from 'node:child_process'
      const run = spawnSync('sh', ['-c', 'ulimit -n 60; exec "$0" "$@"', process.execPath, ...process.argv.slice(1)], { encoding: 'utf8' })
      process.stdout.write(run.stdout); process.stderr.write(run.stderr); process.exitCode = run.status ?? 99`
    const result: Result = await startNode({ code }, [script.pathname, 'exhausted'], { input: '' }).result(
      30_000,
    )
    assert.equal(result.code, 0, result.stderr)
    const { codes, syscall, ...error } = JSON.parse(result.stdout) as { codes: string[]; syscall: string }
    assert.deepEqual(error, { isOurs: true, name: 'EthercastError', code: 'EMFILE', errno: 'EMFILE' })
    assert.match(syscall, /^(epoll_create1|eventfd)$/)
    assert.ok(
      codes.includes('EMFILE') && codes.every((each) => ['EMFILE', 'opened'].includes(each)),
      codes.join(),
    )
  })
})
