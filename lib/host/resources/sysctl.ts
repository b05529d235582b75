/** One value below /proc/sys. */

import { sysctl as write } from '../action.js'
import type { Resource } from '../resource.js'

type Params = { name: string; value: string }
/** Null: this kernel had no such value, or no such device. */
type Before = { value: string | null }

export const sysctl: Resource<Params, Before> = {
  title: ({ name, value }) => `${name} = ${value}`,
  state({ name, value }, reality) {
    const found = reality.sysctl(name)
    if (found === undefined) return 'missing'
    return found === value ? 'made' : 'different'
  },
  before: ({ name }, reality) => ({ value: reality.sysctl(name) ?? null }),
  make(params, reality) {
    return this.state(params, reality) === 'made' ? [] : [write(params.name, params.value)]
  },
  restore({ name }, { value }, reality) {
    const found = reality.sysctl(name)
    // Gone with its device.
    return value === null || found === undefined || found === value ? [] : [write(name, value)]
  },
  identity: ({ name }) => name,
}
