// npm test: all tests, from a bare checkout. Arguments go to mocha (`npm test -- --grep tap`).
import { foregroundNode } from './child.mjs'
import { main } from './command.mjs'
import { projectRoot, setup } from './setup.mjs'

await main(async () => {
  await setup({ peers: true })
  // In CI a skipped test is a hole nobody sees: there it fails, with the reason it would have been skipped for.
  const strict = process.env.CI === 'true'
  const args = ['node_modules/mocha/bin/mocha.js', ...(strict ? ['--forbid-pending'] : [])]
  return foregroundNode([...args, ...process.argv.slice(2)], {
    cwd: projectRoot,
    env: strict ? { ETHERCAST_NO_SKIP: '1' } : {},
  })
})
