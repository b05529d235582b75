// npm test: all tests, from a bare checkout. Arguments go to mocha (`npm test -- --grep tap`); with --coverage first,
// c8 prints what part of lib/ ran, child processes included.
import { foregroundNode } from './child.mjs'
import { main } from './command.mjs'
import { projectRoot, setup } from './setup.mjs'

await main(async () => {
  await setup({ peers: true })
  // In CI a skipped test is a hole nobody sees: there it fails, with the reason it would have been skipped for.
  const strict = process.env.CI === 'true'
  const [first, ...others] = process.argv.slice(2)
  const coverage = first === '--coverage'
  const args = [
    ...(coverage
      ? [
          'node_modules/c8/bin/c8.js',
          '--reporter=text',
          '--include=lib/**',
          '--exclude-after-remap',
          process.execPath,
        ]
      : []),
    'node_modules/mocha/bin/mocha.js',
    ...(strict ? ['--forbid-pending'] : []),
  ]
  return foregroundNode([...args, ...(coverage || first === undefined ? others : [first, ...others])], {
    cwd: projectRoot,
    env: strict ? { ETHERCAST_NO_SKIP: '1' } : {},
  })
})
