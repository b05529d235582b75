// Runs in a test's namespace and does what the test asks for, a line of JSON each way: the real System, and one resource at a time.
import { createInterface } from 'node:readline'
import type { Action } from '../../lib/host/action.js'
import { type HostConfigInput, hostConfigSchema } from '../../lib/host/config.js'
import { localSystem } from '../../lib/host/local_system.js'
import { readReality } from '../../lib/host/read_reality.js'
import type { Json, Wish } from '../../lib/host/resource.js'
import { resources } from '../../lib/host/resources/index.js'
import { wishesOf } from '../../lib/host/wishes.js'

const system = localSystem()

export interface Made {
  /** Before it was made, and after. */
  state: string
  after: string
  before: Json
  actions: Action[]
}

export const calls = {
  /** @param most of all its smallest changes, so many are carried out: as if it had been killed then */
  async make(this: void, wish: Wish, most = Infinity): Promise<Made> {
    const resource = resources[wish.kind]!
    const reality = await readReality(system)
    const state = resource.state(wish.params, reality)
    const before = throughJson(resource.before(wish.params, reality) as Json)
    const actions = resource.make(wish.params, reality)
    await perform(actions, most)
    return { state, before, actions, after: resource.state(wish.params, await readReality(system)) }
  },
  async restore(this: void, wish: Wish, before: Json, most = Infinity): Promise<Action[]> {
    const actions = resources[wish.kind]!.restore(wish.params, before, await readReality(system))
    await perform(actions, most)
    return actions
  },
  async state(this: void, wish: Wish): Promise<string> {
    return resources[wish.kind]!.state(wish.params, await readReality(system))
  },
  async objection(this: void, wish: Wish): Promise<string | undefined> {
    return resources[wish.kind]!.objection?.(wish.params, await readReality(system))?.message
  },
  async perform(this: void, actions: Action[]): Promise<void> {
    await perform(actions)
  },
  wishes: (config: HostConfigInput): Promise<Wish[]> =>
    Promise.resolve(wishesOf(hostConfigSchema.parse(config), system)),
  async reality(this: void): Promise<unknown> {
    return readReality(system)
  },
  sysctl: (name: string): Promise<string | undefined> => Promise.resolve(system.sysctl(name)),
}

/** As the journal keeps it. */
const throughJson = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json

/** Each line of a batch is a change by itself. */
const pieces = (action: Action): Action[] =>
  action.do === 'run' && action.program === 'ip' && action.input !== undefined
    ? action.input
        .trim()
        .split('\n')
        .map((line) => ({ ...action, input: `${line}\n` }))
    : [action]

async function perform(actions: Action[], most = Infinity): Promise<void> {
  const all = most === Infinity ? actions : actions.flatMap(pieces).slice(0, most)
  for (const action of all) await system.perform(action)
}

for await (const line of createInterface({ input: process.stdin })) {
  const { call, args } = JSON.parse(line) as { call: keyof typeof calls; args: never[] }
  const method: (this: void, ...all: never[]) => Promise<unknown> = calls[call]
  const answer = await method(...args).then(
    (value) => ({ value }),
    (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
  )
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
