// The native programs of the benches, built by CMake without Node.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findProgram } from '../../scripts/command.mjs'
import { progress } from './output.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = 'out/bench'

const execute = promisify(execFile)
const cmake = (...args: string[]) => execute('cmake', args, { cwd: root })

/** The built program; undefined when CMake is not installed. */
export async function buildNative(target: string): Promise<string | undefined> {
  if (findProgram('cmake') === undefined) return undefined
  progress(`building ${target}`)
  await cmake('-S', '.', '-B', folder, '-DCMAKE_BUILD_TYPE=Release', '-DETHERCAST_TESTS=OFF')
  await cmake('--build', folder, '--target', target, '-j', '2')
  progress('')
  return `${root}${folder}/${target}`
}
