/** What `plan`, `up`, `down` and `status` share: their options, and what they look at before they do anything. */

import { Option } from 'commander'
import type { Command } from 'commander'
import type { HostAccess } from '../host/apply.js'
import { readJournal } from '../host/journal.js'
import type { Intention } from '../host/journal.js'
import { ConfigError, findConfig, loadConfig } from '../host/load.js'
import type { LoadedConfig } from '../host/load.js'
import { localSystem } from '../host/local_system.js'
import { neighbourAsk } from '../host/neighbours.js'
import { objections } from '../host/objections.js'
import { isRemade, ownedDevices, resourceObjections } from '../host/plan.js'
import { addressesAnsweredFor } from '../host/probe.js'
import { readReality } from '../host/read_reality.js'
import type { Reality } from '../host/reality.js'
import { resources } from '../host/resources/index.js'
import type { Objection, Wish } from '../host/resource.js'
import { DEFAULT_STATE_FOLDER, errno } from '../host/state_folder.js'
import { wishesOf } from '../host/wishes.js'
import { EthercastError } from '../spec/error.js'
import type { System } from '../host/system.js'
import { paint, printEvent, tell } from './output.js'

export interface HostOptions {
  config?: string
  state: string
  json?: boolean
}

export const configOption = (): Option =>
  new Option('-c, --config <file>', 'the file; default ./ethercast.yaml, then /etc/ethercast/ethercast.yaml')

export function addStateOptions(command: Command): Command {
  return command
    .option('--state <dir>', 'where the journal is kept', DEFAULT_STATE_FOLDER)
    .option('--json', 'one JSON object a line on stdout')
}

/** The real host. */
export function hostAccess(): HostAccess & { system: System } {
  const system = localSystem()
  return {
    resources,
    system,
    perform: (action) => system.perform(action),
    look: () => readReality(system),
  }
}

export interface Sight {
  loaded: LoadedConfig
  wishes: Wish[]
  /** By the journal. */
  made: ReadonlyMap<string, Intention>
  reality: Reality
  /** What could not be found out. */
  notes: string[]
  /** Why `made` may be incomplete. */
  unknown?: string
}

/**
 * Looks at file, journal and host, and changes nothing.
 *
 * @param asks also asks the LANs whether another machine has one of the addresses: takes a second
 * @returns undefined when the file can't be had on this host: that is told then
 */
export async function look(
  host: HostAccess & { system: System },
  options: HostOptions,
  { asks }: { asks: boolean },
): Promise<Sight | undefined> {
  const loaded = load(options)
  if (loaded === undefined) return undefined
  const { made, unknown } = readMade(options.state)
  const reality = await host.look()
  const { config } = loaded
  const facts = {
    owned: ownedDevices(made),
    made: [...made.values()].map(({ wish }) => wish),
    uid: (account: string | number) => reality.uid(account),
    gid: (account: string | number) => reality.gid(account),
  }
  const notes = [...reality.notes, ...(unknown === undefined ? [] : [unknown])]
  const ask = async (): Promise<Objection[]> => {
    if (!asks) return []
    const answered = await addressesAnsweredFor(config, reality, neighbourAsk(host.system), facts)
    notes.push(...answered.notes)
    return answered.objections
  }
  let found = objections(config, reality, facts)
  // What is asked next takes for granted what the one before has looked at.
  const wishes = found.length === 0 ? wishesOf(config, reality) : []
  if (found.length === 0)
    found = resourceObjections(host.resources, wishes, made, reality, (device) => placeInFile(device, config))
  if (found.length === 0) found = await ask()
  notes.push(...remadeNotes(wishes, made))
  for (const objection of found) object(loaded, objection, options)
  return found.length > 0 ? undefined : { loaded, wishes, made, reality, notes, unknown }
}

function placeInFile(device: string, config: LoadedConfig['config']): Objection['path'] {
  const section = (['taps', 'slip', 'bridges'] as const).find((each) => Object.hasOwn(config[each], device))
  return section === undefined ? [] : [section, device]
}

const remadeNotes = (wishes: readonly Wish[], made: ReadonlyMap<string, Intention>): string[] =>
  wishes
    .filter((wish) => isRemade(wish, made))
    .map(({ params }) => {
      const { device } = params as { device: string }
      return `${device} is made anew, with all that it has: a guest that has it open loses it, and is to be started again`
    })

function load({ config, json = false }: HostOptions): LoadedConfig | undefined {
  try {
    return loadConfig(config ?? findConfig())
  } catch (error) {
    if (!(error instanceof EthercastError)) throw error
    if (json && error instanceof ConfigError)
      for (const problem of error.problems) printEvent('problem', { file: error.fileName, ...problem })
    tell(`${paint('red', 'ethercast:')} ${error.message}`)
    return undefined
  }
}

function object(loaded: LoadedConfig, objection: Objection, { json = false }: HostOptions): void {
  if (json)
    printEvent('problem', { file: loaded.fileName, ...loaded.positionOf(objection.path), ...objection })
  tell(`${paint('red', 'ethercast:')} ${loaded.describe(objection)}`)
}

function readMade(folder: string): Pick<Sight, 'made' | 'unknown'> {
  try {
    const { made } = readJournal(folder)
    return { made }
  } catch (error) {
    if (errno(error) !== 'EACCES') throw error
    const unknown = `${folder} can't be read (EACCES): what ethercast has set up before is not known here; as root it is`
    return { made: new Map(), unknown }
  }
}
