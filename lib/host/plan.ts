/** What would be done, and how wish and reality compare. Pure: all is passed in. */

import { EthercastError } from '../spec/error.js'
import type { Action } from './action.js'
import type { Intention } from './journal.js'
import type { Reality } from './reality.js'
import { wishId } from './resource.js'
import type { Resource, State, Wish } from './resource.js'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- params and before are each kind's own business
export type Resources = Readonly<Record<string, Resource<any, any>>>

export interface Step {
  state: 'make' | 'mend' | 'take back' | 'nothing'
  wish: Wish
  title: string
  /** Empty for `nothing`, and when what is to be taken back has gone already. */
  actions: Action[]
}

/** @throws EthercastError `ERR_ETHERCAST_STATE` for a kind that this version does not know */
export function resourceOf(resources: Resources, wish: Wish): Resources[string] {
  const resource = Object.hasOwn(resources, wish.kind) ? resources[wish.kind] : undefined
  if (resource !== undefined) return resource
  const message = `${wishId(wish)}: this version of ethercast does not know what "${wish.kind}" is: use the one that made it`
  throw new EthercastError('ERR_ETHERCAST_STATE', message)
}

/** What was made and is no longer wished, in the order in which it is to be taken back. */
export function obsolete(wishes: readonly Wish[], made: ReadonlyMap<string, Intention>): Intention[] {
  const wished = new Set(wishes.map(wishId))
  return [...made.values()].filter(({ id }) => !wished.has(id)).reverse()
}

/** Every step that `up` would take, and one that does `nothing` for each wish that is fulfilled. */
export function planSteps(
  resources: Resources,
  wishes: readonly Wish[],
  made: ReadonlyMap<string, Intention>,
  reality: Reality,
): Step[] {
  const back = obsolete(wishes, made).map(({ wish, before }): Step => {
    const resource = resourceOf(resources, wish)
    const { params } = wish
    return {
      state: 'take back',
      wish,
      title: resource.title(params),
      actions: resource.restore(params, before, reality),
    }
  })
  const make = wishes.map((wish): Step => {
    const resource = resourceOf(resources, wish)
    const { params } = wish
    const state = resource.state(params, reality)
    return {
      state: ({ made: 'nothing', missing: 'make', different: 'mend' } as const)[state],
      wish,
      title: resource.title(params),
      actions: state === 'made' ? [] : resource.make(params, reality),
    }
  })
  return [...back, ...make]
}

export interface WishStatus {
  /** `leftover`: made, and no longer wished. */
  state: State | 'leftover'
  wish: Wish
  title: string
  /** Made by ethercast: `down` takes it back. */
  ours: boolean
}

export function wishStatuses(
  resources: Resources,
  wishes: readonly Wish[],
  made: ReadonlyMap<string, Intention>,
  reality: Reality,
): WishStatus[] {
  const status = (wish: Wish, state: (resource: Resources[string]) => WishStatus['state']): WishStatus => {
    const resource = resourceOf(resources, wish)
    const title = resource.title(wish.params)
    return { state: state(resource), wish, title, ours: made.has(wishId(wish)) }
  }
  return [
    ...wishes.map((wish) => status(wish, (resource) => resource.state(wish.params, reality))),
    ...obsolete(wishes, made).map(({ wish }) => status(wish, () => 'leftover')),
  ]
}
