// Runs in a test's namespace: what stands against files on this real host. Arguments: the files. Prints one list of lines for each.
import { ConfigError, loadConfig } from '../../lib/host/load.js'
import { localSystem } from '../../lib/host/local_system.js'
import { neighbourAsk } from '../../lib/host/neighbours.js'
import { objections } from '../../lib/host/objections.js'
import { addressesAnsweredFor } from '../../lib/host/probe.js'
import { readReality } from '../../lib/host/read_reality.js'

const system = localSystem()

async function judge(path: string): Promise<string[]> {
  try {
    const { config, describe } = loadConfig(path)
    const reality = await readReality(system)
    const found = objections(config, reality)
    const asked = await addressesAnsweredFor(config, reality, neighbourAsk(system))
    return [...found, ...asked.objections].map(describe)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
}

process.stdout.write(JSON.stringify(await Promise.all(process.argv.slice(2).map(judge))))
