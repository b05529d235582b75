// npm start: a live LAN on loopback, from a bare checkout.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { main } from './command.mjs'
import { projectRoot, setup } from './setup.mjs'

await main(async () => {
  await setup()
  // In this process, so that Ctrl-C and the exit code are the command's own.
  const cli = join(projectRoot, 'dist/cli/main.js')
  process.argv = [process.argv[0], cli, 'demo', ...process.argv.slice(2)]
  await import(pathToFileURL(cli).href)
})
