// A host made up of named values, with kinds of resources for them: what is planned, applied and taken back knows no kind.
import type { Action } from '../../lib/host/action.js'
import { sysctl } from '../../lib/host/action.js'
import type { HostAccess } from '../../lib/host/apply.js'
import type { Resources } from '../../lib/host/plan.js'
import type { Reality } from '../../lib/host/reality.js'
import type { Resource, State, Wish } from '../../lib/host/resource.js'

type Values = Map<string, string>

/** Some values that belong together: each is one action, so that making can stop in between. */
type Group = Record<string, string>
type Before = Record<string, string | null>

const group: Resource<Group, Before> = {
  title: (params) => `values ${Object.keys(params).join(' ')}`,
  state(params, reality): State {
    const names = Object.keys(params)
    if (names.every((name) => reality.sysctl(name) === params[name])) return 'made'
    return names.every((name) => reality.sysctl(name) === undefined) ? 'missing' : 'different'
  },
  before: (params, reality) =>
    Object.fromEntries(Object.keys(params).map((name) => [name, reality.sysctl(name) ?? null])),
  make: (params, reality) =>
    Object.entries(params)
      .filter(([name, value]) => reality.sysctl(name) !== value)
      .map(([name, value]) => sysctl(name, value)),
  restore: (_params, before, reality) =>
    Object.entries(before)
      .filter(([name, value]) => (reality.sysctl(name) ?? null) !== value)
      .map(([name, value]) => sysctl(name, value ?? '')),
}

/** One value that is the same thing whatever it is. */
const one: Resource<{ name: string; value: string }, string | null> = {
  title: ({ name }) => `value ${name}`,
  identity: ({ name }) => name,
  state: ({ name, value }, reality) => group.state({ [name]: value }, reality),
  before: ({ name }, reality) => reality.sysctl(name) ?? null,
  make: ({ name, value }, reality) => group.make({ [name]: value }, reality),
  restore: ({ name }, before, reality) => group.restore({}, { [name]: before }, reality),
}

export const madeUpResources: Resources = { group, one }

export const oneWish = (name: string, value: string): Wish => ({ kind: 'one', params: { name, value } })

export const wish = (params: Group): Wish => ({ kind: 'group', params })

export class MadeUpHost implements HostAccess {
  readonly resources = madeUpResources
  /** Actions that were carried out, and those that failed. */
  performed = 0
  /** Called before each action, with its number from 0: throws to let it fail. */
  onPerform: (action: Action, index: number) => void = () => {}
  readonly values: Values

  constructor(values: Record<string, string> = {}) {
    this.values = new Map(Object.entries(values))
  }

  look(): Promise<Reality> {
    const values = new Map(this.values)
    return Promise.resolve({
      links: [],
      routes: [],
      otherRoutes: [],
      multicast: [],
      notes: [],
      proxies: [],
      neighbours: [],
      sysctl: (name) => values.get(name),
      access: () => undefined,
      uid: () => undefined,
      gid: () => undefined,
    })
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what throws is to reject
  async perform(action: Action): Promise<void> {
    this.onPerform(action, this.performed++)
    if (action.do !== 'sysctl') throw new Error('a made-up host has values alone')
    if (action.value === '') this.values.delete(action.name)
    else this.values.set(action.name, action.value)
  }

  dump(): Record<string, string> {
    return Object.fromEntries([...this.values].sort())
  }
}
