// Builds and runs the C++ tests of core, engine and ports (native/test), and reports each of them as a test here.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import Mocha from 'mocha'
import { projectRoot } from '../support/child.js'
import { buildNative, kNativeBuildMs } from '../support/native_build.js'
import { need } from '../support/need.js'
import { Running } from '../support/running.js'
import { type NativeCase, parseReport } from './report.js'

const kRunMs = 120_000

async function runTests(folder: string): Promise<{ cases: NativeCase[]; problem: string | undefined }> {
  const tests = new Running(join(folder, 'ethercast_native_tests'), ['-r=xml'], {
    cwd: projectRoot,
    input: '',
    keptOctets: 16 * 1024 * 1024,
  })
  const { code, signal, stdout, stderr } = await tests.result(kRunMs)
  const cases = parseReport(stdout)
  const told = cases.some((each) => each.failure !== undefined)
  const ended = signal === null && (code === 0 || told) && stdout.includes('</doctest>')
  const how = signal ?? `exit code ${code}`
  return { cases, problem: ended ? undefined : `${how} after ${cases.at(-1)?.name}\n${stderr}` }
}

describe('native core, engine and ports', function () {
  let problem: string | undefined
  let count = 0

  before(async function () {
    need(this, 'cmake', 'doctest')
    this.timeout(2 * kNativeBuildMs + kRunMs)
    const outcome = await runTests(await buildNative())
    problem = outcome.problem
    count = outcome.cases.length
    // Known only now: mocha takes tests that are added before the suite's first one runs.
    for (const { name, failure } of outcome.cases) {
      this.test!.parent!.addTest(new Mocha.Test(name, () => assert.equal(failure, undefined, failure)))
    }
  })

  it('the tests are built, and run to their end', function () {
    assert.equal(problem, undefined)
    assert.ok(count > 0, 'no test was run')
  })
})
