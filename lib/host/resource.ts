/**
 * Resource: one kind of thing that a host can be made to have: a tap, an address, a route… Every kind is one file in resources/ and its line in
 * resources/index.ts; whoever plans, applies or takes back knows no kind.
 *
 * `Params` and `Before` are JSON values: they go into the journal, and are read back by a later process.
 */

import type { Action } from './action.js'
import type { Reality } from './reality.js'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** `made`: as wished. `missing`: not there. `different`: there, in another form (an mtu, an owner): `make` mends it. */
export type State = 'made' | 'missing' | 'different'

export interface Resource<Params extends Json, Before extends Json> {
  /** What it is, one line: `tap0: address 198.18.1.254/24`. */
  title(params: Params): string
  state(params: Params, reality: Reality): State
  /** What `restore` will have to know, taken before the first `make`. */
  before(params: Params, reality: Reality): Before
  /** From what there is to what is wished. Empty when it is `made`. */
  make(params: Params, reality: Reality): Action[]
  /**
   * Back to what was there before `make`, from whatever there is now: `make` may have been carried out in part or not at all, and others may
   * have changed things since. Takes away only what `make` would have made; empty when there is nothing to take back.
   */
  restore(params: Params, before: Before, reality: Reality): Action[]
  /**
   * Why it can't be made on this host, or not be taken back exactly; to be asked before the first `make`, never for what the journal knows. Without
   * this method nothing stands against it.
   */
  objection?(params: Params, reality: Reality): Pick<Objection, 'message' | 'remedy'> | undefined
  /** What of `params` tells one from another of its kind; with the same identity and other params `make` changes one into the other. Default: all. */
  identity?(params: Params): Json
}

/** A wish: one resource that is to be there. Wishes are in the order in which they are made; they are taken back in the reverse. */
export interface Wish {
  /** A key of `resources`. */
  kind: string
  params: Json
}

/** The same wish has the same identity, in another process too. */
export const wishId = ({ kind, params }: Wish): string => `${kind} ${JSON.stringify(params)}`

/** Something in the file that can't be or should not be made on this host; found before anything is touched. */
export interface Objection {
  /** Where in the file: `['taps', 'tap0', 'addresses', 0]`. */
  path: (string | number)[]
  /** What is wrong, and why it matters. */
  message: string
  /** What to do. */
  remedy?: string
}
