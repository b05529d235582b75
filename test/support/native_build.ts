// The C++ build without Node (CMake, out/native): the native tests and the programs that tests start.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../../scripts/command.mjs'
import { projectRoot } from './child.js'
import { Running } from './running.js'

const kBuild = 'out/native'

/** From nothing, on a busy machine; a minute or two is usual. */
export const kNativeBuildMs = 600_000

async function run(command: string, args: string[]): Promise<void> {
  const result = await new Running(command, args, { cwd: projectRoot, input: '' }).result(kNativeBuildMs)
  assert.equal(result.code, 0, `${command} ${args.join(' ')} failed:\n${result.stdout}${result.stderr}`)
}

/** Builds everything, or one target; returns the folder with the programs. Needs `cmake` and `doctest`. */
export async function buildNative(target?: string): Promise<string> {
  // Configured once; after that CMake itself sees what has changed.
  if (!existsSync(join(projectRoot, kBuild, 'CMakeCache.txt'))) {
    const generator = findProgram('ninja') ? ['-G', 'Ninja'] : []
    await run('cmake', ['-S', '.', '-B', kBuild, ...generator])
  }
  await run('cmake', ['--build', kBuild, '--parallel', '2', ...(target ? ['--target', target] : [])])
  return join(projectRoot, kBuild)
}
