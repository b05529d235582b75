// npm run bench: the benches, from a bare checkout. Arguments go to bench/main.ts.
import { foregroundNode } from './child.mjs'
import { main } from './command.mjs'
import { projectRoot, setup } from './setup.mjs'

await main(async () => {
  await setup({ peers: true })
  return foregroundNode(['--import', 'tsx', 'bench/main.ts', ...process.argv.slice(2)], { cwd: projectRoot })
})
