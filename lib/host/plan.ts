/** What would be done, and how wish and reality compare. Pure: all is passed in. */

import { EthercastError } from '../spec/error.js'
import type { Action } from './action.js'
import type { Intention } from './journal.js'
import type { Reality } from './reality.js'
import { wishId } from './resource.js'
import type { Objection, Resource, State, Wish } from './resource.js'

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

/** What a wish is about; another wish about the same takes its place. */
function identityOf(resources: Resources, wish: Wish): string {
  // Of an unknown kind: then it is about itself alone.
  const resource = Object.hasOwn(resources, wish.kind) ? resources[wish.kind] : undefined
  return `${wish.kind} ${JSON.stringify(resource?.identity?.(wish.params) ?? wish.params)}`
}

/** What was made and is no longer wished, nor replaced by a wish about the same, in the order in which it is to be taken back. */
export function obsolete(
  resources: Resources,
  wishes: readonly Wish[],
  made: ReadonlyMap<string, Intention>,
): Intention[] {
  const wished = new Set(wishes.map((wish) => identityOf(resources, wish)))
  return [...made.values()].filter(({ wish }) => !wished.has(identityOf(resources, wish))).reverse()
}

/** What was made about the same as this wish, in another form. Several only if an earlier run was killed just then. */
export function predecessors(
  resources: Resources,
  wish: Wish,
  made: ReadonlyMap<string, Intention>,
): Intention[] {
  const identity = identityOf(resources, wish)
  const id = wishId(wish)
  return [...made.values()].filter((each) => each.id !== id && identityOf(resources, each.wish) === identity)
}

/** Every step that `up` would take, and one that does `nothing` for each wish that is fulfilled. */
export function planSteps(
  resources: Resources,
  wishes: readonly Wish[],
  made: ReadonlyMap<string, Intention>,
  reality: Reality,
): Step[] {
  const gone = obsolete(resources, wishes, made)
  const left = gone.reduce(without, reality)
  const back = gone.map(({ wish, before }): Step => {
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
    const state = resource.state(params, left)
    return {
      state: ({ made: 'nothing', missing: 'make', different: 'mend' } as const)[state],
      wish,
      title: resource.title(params),
      actions: state === 'made' ? [] : resource.make(params, left),
    }
  })
  return [...back, ...make]
}

/** What is left when this is taken back: a device takes all with it that it has. */
export function without(reality: Reality, { wish }: Intention): Reality {
  if (!MAKERS.has(wish.kind)) return reality
  const { device } = wish.params as { device: string }
  const isOther = (each: { device?: string }): boolean => each.device !== device
  return {
    ...reality,
    links: reality.links.filter(({ name }) => name !== device),
    routes: reality.routes.filter(isOther),
    otherRoutes: reality.otherRoutes.filter(isOther),
    multicast: reality.multicast.filter((each) => each !== device),
    proxies: reality.proxies.filter(isOther),
  }
}

const isKnown = (resources: Resources, wish: Wish, made: ReadonlyMap<string, Intention>): boolean =>
  made.has(wishId(wish)) || predecessors(resources, wish, made).length > 0 || isRemade(wish, made)

/** A device of ours in another form, another owner: the one that there is goes, with all that it has, and another comes. */
export function isRemade(wish: Wish, made: ReadonlyMap<string, Intention>): boolean {
  if (!MAKERS.has(wish.kind) || made.has(wishId(wish))) return false
  const { device } = wish.params as { device: string }
  return ownedDevices(made).has(device)
}

const MAKERS: ReadonlySet<string> = new Set(['tun', 'bridge'])

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
    return { state: state(resource), wish, title, ours: isKnown(resources, wish, made) }
  }
  return [
    ...wishes.map((wish) => status(wish, (resource) => resource.state(wish.params, reality))),
    ...obsolete(resources, wishes, made).map(({ wish }) => status(wish, () => 'leftover')),
  ]
}

/** The devices that ethercast has made. */
export function ownedDevices(made: ReadonlyMap<string, Intention>): Set<string> {
  const name = ({ wish }: Intention): string | undefined => {
    const { device } = wish.params as { device?: unknown }
    return MAKERS.has(wish.kind) && typeof device === 'string' ? device : undefined
  }
  return new Set([...made.values()].map(name).filter((each) => each !== undefined))
}

/** Why wishes that are not made yet can't be made on this host and taken back again. @param placeOf where in the file a device is */
export function resourceObjections(
  resources: Resources,
  wishes: readonly Wish[],
  made: ReadonlyMap<string, Intention>,
  reality: Reality,
  placeOf: (device: string) => Objection['path'] = () => [],
): Objection[] {
  return wishes
    .filter((wish) => !isKnown(resources, wish, made))
    .flatMap((wish) => {
      const resource = resourceOf(resources, wish)
      const found = resource.objection?.(wish.params, reality)
      if (found === undefined) return []
      const { device } = (wish.params ?? {}) as { device?: unknown }
      const path = typeof device === 'string' ? placeOf(device) : []
      return [{ path, ...found, message: `${resource.title(wish.params)}: ${found.message}` }]
    })
}
