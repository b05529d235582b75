// Prints which part of the native core, engine and ports the C++ tests run: a build of its own, then gcovr.
import { availableParallelism } from 'node:os'
import { ensureProgram } from './apt.mjs'
import { main, run } from './command.mjs'
import { projectRoot } from './setup.mjs'

const kBuild = 'out/coverage'

await main(async () => {
  await ensureProgram('gcovr')
  const inRoot = { cwd: projectRoot }
  await run('cmake', ['-S', '.', '-B', kBuild, '-DETHERCAST_COVERAGE=ON'], inRoot)
  await run('cmake', ['--build', kBuild, '-j', String(availableParallelism())], inRoot)
  await run(`${kBuild}/ethercast_native_tests`, [], inRoot)
  const filter = 'native/(core|engine|ports)/'
  const args = ['--root', '.', '--object-directory', kBuild, '--filter', filter]
  process.stdout.write(await run('gcovr', args, inRoot))
  return 0
})
