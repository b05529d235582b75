// Formats the C++ files; with --check only says which are not formatted, and fails if any is.
import { join } from 'node:path'
import { ensureProgram } from './apt.mjs'
import { main, run } from './command.mjs'
import { filesBelow } from './fingerprint.mjs'
import { projectRoot } from './setup.mjs'

await main(async () => {
  await ensureProgram('clang-format')
  const files = filesBelow(join(projectRoot, 'native')).filter((file) => /\.(h|cpp)$/.test(file))
  const mode = process.argv.includes('--check') ? ['--dry-run', '-Werror'] : ['-i']
  if (files.length > 0)
    await run('clang-format', ['--style=file', ...mode, ...files], {
      shownAs: `clang-format ${mode.join(' ')}`,
    })
})
