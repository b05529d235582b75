// The native core's benches: built by CMake without Node, run case by case.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { buildNative } from './support/native.js'
import { progress } from './support/output.js'
import type { NsResult } from './micro/run.js'

const execute = promisify(execFile)

/** Every native case, each in its own process, `runs` samples of `ms` milliseconds each; undefined when it can't be built here. */
export async function runNative(runs: number, ms: number): Promise<NsResult[] | undefined> {
  const program = await buildNative('ethercast_native_bench')
  if (program === undefined) return undefined
  const names = (await execute(program, ['--list'])).stdout.trim().split('\n')
  const results: NsResult[] = []
  for (const name of names) {
    progress(name)
    const { stdout } = await execute(program, [name, String(runs), String(ms)])
    results.push({ name, samples: stdout.trim().split('\n').map(Number) })
  }
  progress('')
  return results
}
