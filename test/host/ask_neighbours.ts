// Runs in a test's namespace: asks for addresses on a device, and prints the answers.
import { localSystem } from '../../lib/host/local_system.js'
import { neighbourAsk } from '../../lib/host/neighbours.js'

const [device, ...addresses] = process.argv.slice(2)
const ask = neighbourAsk(localSystem())
process.stdout.write(
  JSON.stringify(await Promise.all(addresses.map((address) => ask(address, device!)))) + '\n',
)
