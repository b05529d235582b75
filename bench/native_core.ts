// The native core's benches: built by CMake without Node, run case by case.

import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { progress } from './support/output.js'
import type { NsResult } from './micro/run.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = 'out/bench'
const target = 'ethercast_native_bench'

const execute = promisify(execFile)
const cmake = (...args: string[]) => execute('cmake', args, { cwd: root })

/** Undefined when CMake is not installed. */
async function build(): Promise<string | undefined> {
  if (spawnSync('cmake', ['--version'], { stdio: 'ignore' }).error) return undefined
  progress('building the native benches')
  await cmake('-S', '.', '-B', folder, '-DCMAKE_BUILD_TYPE=Release', '-DETHERCAST_TESTS=OFF')
  await cmake('--build', folder, '--target', target, '-j', '2')
  return `${root}/${folder}/${target}`
}

/** Every native case, each in its own process, `runs` samples of `ms` milliseconds each; undefined when it can't be built here. */
export async function runNative(runs: number, ms: number): Promise<NsResult[] | undefined> {
  const program = await build()
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
