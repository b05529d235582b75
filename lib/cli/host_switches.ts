/** The switches of a file, for `up --foreground`. */

import type { HostConfig } from '../host/config.js'
import type { Port } from '../port.js'
import { parseSpec } from '../spec/index.js'
import type { SpecObject } from '../spec/index.js'
import { Switch } from '../switch.js'
import { portFields } from './json_stats.js'
import type { Lifetime } from './lifetime.js'
import { openError } from './opening.js'
import { printEvent, tell } from './output.js'
import { eventText, timeOfDay } from './port_text.js'

export class HostSwitches implements AsyncDisposable {
  readonly #open = new Map<string, Switch>()

  /** @throws EthercastError when a port does not open */
  static async open(
    switches: HostConfig['switches'],
    life: Lifetime,
    json: boolean | undefined,
  ): Promise<HostSwitches> {
    const all = new HostSwitches()
    try {
      for (const [name, { forwarding, ports }] of Object.entries(switches)) {
        const lan = await Switch.create({ forwarding })
        all.#open.set(name, lan)
        all.#watch(name, lan, life, json)
        for (const spec of ports) await addPort(lan, spec as string | SpecObject, life)
        // With its last port a switch has lost its purpose.
        lan.on('port', () => lan.ports.size === 0 && life.end('failed'))
        if (lan.ports.size === 0) life.end('failed')
      }
      return all
    } catch (error) {
      // What closes from here on is no news.
      life.end('failed')
      await all[Symbol.asyncDispose]()
      throw error
    }
  }

  #watch(name: string, lan: Switch, life: Lifetime, json: boolean | undefined): void {
    lan.on('notice', ({ port, message }) => {
      if (json) printEvent('notice', { switch: name, id: port.id, name: port.name, message })
      else tell(`${timeOfDay()} ${name}: ${port.name}: ${message}`)
    })
    lan.on('port', (event) => {
      if (life.ending !== undefined) return
      const { port, ...change } = event
      if (json) printEvent('port', { switch: name, id: port.id, name: port.name, ...change })
      else tell(`${timeOfDay()} ${name}: ${eventText(event)}`)
    })
  }

  /** The ports of each, as JSON has them. */
  fields(): Record<string, object[]> {
    const ports = (lan: Switch): Port[] => [...lan.ports.values()]
    return Object.fromEntries([...this.#open].map(([name, lan]) => [name, ports(lan).map(portFields)]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map((lan) => lan.close()))
  }
}

async function addPort(lan: Switch, spec: string | SpecObject, life: Lifetime): Promise<void> {
  try {
    await lan.addPort(spec, { signal: life.signal })
  } catch (error) {
    if (life.ending !== undefined) throw error
    throw openError(error, parseSpec(spec))
  }
}
