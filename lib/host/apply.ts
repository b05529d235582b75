/**
 * Makes a host what it is wished to be, and takes it back. Knows no kind of resource: it walks wishes, journal and reality, looks again before every
 * step, and writes down what it is about to do before it does it. What fails, or is interrupted, is undone whole.
 */

import { EthercastError } from '../spec/error.js'
import type { Action } from './action.js'
import type { Intention, Journal } from './journal.js'
import { obsolete, predecessors, resourceOf, without } from './plan.js'
import type { Resources, Step } from './plan.js'
import type { Reality } from './reality.js'
import { wishId } from './resource.js'
import type { Json, Wish } from './resource.js'

/** All that applying needs of the world. */
export interface HostAccess {
  resources: Resources
  perform(action: Action): Promise<void>
  /** Looks at the host as it is now. */
  look(): Promise<Reality>
}

export interface ApplyOptions {
  /** Stops between two steps; `up` then takes back what it did. */
  signal?: AbortSignal
  /** Called for each step that was taken. */
  onStep?: (step: Step) => void
}

/** What could not be taken back. */
export interface Failure {
  title: string
  message: string
}

/** `up` has failed: what it did is taken back again, but for `left`. */
export class RolledBack extends EthercastError {
  constructor(
    readonly failure: unknown,
    /** Steps that were taken and taken back. */
    readonly undone: number,
    readonly left: readonly Failure[],
  ) {
    const { code, errno } = failure as Partial<EthercastError>
    const lines = [
      messageOf(failure),
      left.length > 0
        ? `Not all that this run did could be taken back; the journal keeps it for: ethercast down`
        : undone === 0
          ? 'Nothing was changed.'
          : 'All that this run did was taken back.',
      ...left.map(({ title, message }) => `  ${title}: ${message}`),
    ]
    super(code ?? 'ERR_ETHERCAST_STATE', lines.join('\n'), { errno, cause: failure })
    this.name = 'RolledBack'
  }
}

/**
 * Takes back what was made and is no longer wished, then makes what is missing or different.
 *
 * @returns the steps that were taken
 * @throws RolledBack
 */
export async function up(
  host: HostAccess,
  wishes: readonly Wish[],
  journal: Journal,
  options: ApplyOptions = {},
): Promise<Step[]> {
  const run = new Run(host, journal, options)
  try {
    for (const intention of obsolete(host.resources, wishes, journal.made)) await run.takeBack(intention)
    for (const wish of wishes) await run.make(wish)
    return run.steps
  } catch (failure) {
    const { undone, left } = await run.rollBack()
    throw new RolledBack(failure, undone, left)
  }
}

/** Takes back all that is in the journal, the last first. What fails stays there, and the rest goes on. */
export async function down(
  host: HostAccess,
  journal: Journal,
  { signal, onStep, onFailure }: ApplyOptions & { onFailure?: (failure: Failure) => void } = {},
): Promise<{ steps: Step[]; left: Failure[] }> {
  const run = new Run(host, journal, { signal, onStep })
  const left: Failure[] = []
  for (const intention of [...journal.made.values()].reverse()) {
    if (signal?.aborted) {
      left.push({ title: titleOf(host.resources, intention.wish), message: 'not yet tried' })
      continue
    }
    try {
      await run.takeBack(intention)
    } catch (error) {
      const failure = { title: titleOf(host.resources, intention.wish), message: messageOf(error) }
      left.push(failure)
      onFailure?.(failure)
    }
  }
  return { steps: run.steps, left }
}

/** What a run has done, for undoing it. */
type Done =
  | { did: 'made'; intention: Intention; isNew: boolean; replaced: Intention | undefined }
  | { did: 'taken back'; intention: Intention }

class Run {
  readonly steps: Step[] = []
  readonly #done: Done[] = []
  /** What the journal had before this run. */
  readonly #earlier: ReadonlyMap<string, Intention>
  #reality: Reality | undefined
  /** As it was before the first step. */
  #first: Reality | undefined
  /** The same without what has been taken back since. */
  #rest: Reality | undefined

  constructor(
    readonly host: HostAccess,
    readonly journal: Journal,
    readonly options: ApplyOptions,
  ) {
    this.#earlier = new Map(journal.made)
  }

  async make(wish: Wish): Promise<void> {
    this.options.signal?.throwIfAborted()
    const resource = resourceOf(this.host.resources, wish)
    const { params } = wish
    const title = resource.title(params)
    const reality = await this.#look()
    const state = resource.state(params, reality)
    const replaced = predecessors(this.host.resources, wish, this.journal.made)
    // As `plan` tells it: a device that this run has made is different in no way from what it was before.
    const was = resource.state(params, this.#rest!)
    const told = (was === 'made' ? state : was) === 'missing' ? 'make' : 'mend'
    if (state === 'made' && replaced.length === 0) {
      if (was !== 'made') this.#tell({ state: told, wish, title, actions: [] })
      return
    }
    const actions = resource.make(params, reality)
    this.#note(wish, resource.before(params, reality) as Json, replaced)
    await this.#perform(title, actions)
    const now = resource.state(params, await this.#look())
    if (now !== 'made') {
      const what = actions.length === 0 ? 'there is nothing that could be done' : 'all went through'
      throw new EthercastError('ERR_ETHERCAST_STATE', `${title}: ${what}, and yet it is ${now}`)
    }
    if (state !== 'made' || was !== 'made') this.#tell({ state: told, wish, title, actions })
  }

  /** Writes down what is about to be made. What was there before ethercast came stays what it was when the same is made again. */
  #note(wish: Wish, before: Json, replaced: readonly Intention[]): void {
    const id = wishId(wish)
    const isNew = !this.journal.made.has(id)
    if (isNew) this.journal.add({ id, wish, before: replaced[0]?.before ?? before })
    this.#done.push({ did: 'made', intention: { id, wish, before }, isNew, replaced: replaced[0] })
    for (const each of replaced) this.journal.forget(each.id)
  }

  async takeBack(intention: Intention): Promise<void> {
    this.options.signal?.throwIfAborted()
    const { id, wish, before } = intention
    const resource = resourceOf(this.host.resources, wish)
    const title = resource.title(wish.params)
    const actions = resource.restore(wish.params, before, await this.#look())
    this.#done.push({ did: 'taken back', intention })
    await this.#perform(title, actions)
    this.journal.forget(id)
    this.#rest = without(this.#rest!, intention)
    this.#tell({ state: 'take back', wish, title, actions })
  }

  /** The last first, on over what fails; then what earlier runs made and this one's steps took along. */
  async rollBack(): Promise<{ undone: number; left: Failure[] }> {
    const left: Failure[] = []
    const attempt = async (wish: Wish, undo: (title: string) => Promise<void>): Promise<void> => {
      const title = titleOf(this.host.resources, wish)
      try {
        await undo(title)
      } catch (error) {
        left.push({ title, message: messageOf(error) })
      }
    }
    for (const done of this.#done.reverse())
      await attempt(done.intention.wish, (title) => this.#undo(title, done))
    const takenBack = new Set(
      this.#done.flatMap(({ did, intention: { id } }) => (did === 'made' ? [] : [id])),
    )
    for (const intention of this.#earlier.values())
      if (takenBack.has(intention.id) || this.#wasMade(intention))
        await attempt(intention.wish, (title) => this.#remake(title, intention))
    return { undone: this.#done.length, left }
  }

  /** By an earlier run, and it was as wished when this one began. */
  #wasMade({ id, wish }: Intention): boolean {
    const { resources } = this.host
    if (this.#first === undefined || !this.#earlier.has(id) || !Object.hasOwn(resources, wish.kind))
      return false
    return resourceOf(resources, wish).state(wish.params, this.#first) === 'made'
  }

  async #remake(title: string, { wish }: Intention): Promise<void> {
    this.#reality = undefined
    await this.#perform(title, resourceOf(this.host.resources, wish).make(wish.params, await this.#look()))
  }

  /** But for what is an earlier run's: that is made again when all that is this one's has gone. */
  async #undo(title: string, done: Done): Promise<void> {
    const { id, wish, before } = done.intention
    if (done.did === 'taken back') {
      if (!this.journal.made.has(id)) this.journal.add(done.intention)
      return
    }
    if (!done.isNew && this.#wasMade(done.intention)) return
    const resource = resourceOf(this.host.resources, wish)
    // The step that failed may have been carried out in part.
    this.#reality = undefined
    const reality = await this.#look()
    const { replaced } = done
    if (replaced !== undefined) {
      if (!this.journal.made.has(replaced.id)) this.journal.add(replaced)
      await this.#perform(title, resource.make(replaced.wish.params, reality))
    } else {
      await this.#perform(title, resource.restore(wish.params, before, reality))
    }
    if (done.isNew) this.journal.forget(id)
  }

  #tell(step: Step): void {
    this.steps.push(step)
    this.options.onStep?.(step)
  }

  /** What was seen last serves until something is done. */
  async #look(): Promise<Reality> {
    this.#reality ??= await this.host.look()
    this.#first ??= this.#reality
    this.#rest ??= this.#first
    return this.#reality
  }

  async #perform(title: string, actions: readonly Action[]): Promise<void> {
    for (const action of actions) {
      this.#reality = undefined
      try {
        await this.host.perform(action)
      } catch (error) {
        const { code, errno } = error as Partial<EthercastError>
        throw new EthercastError(code ?? 'ERR_ETHERCAST_STATE', `${title}: ${messageOf(error)}`, {
          errno,
          cause: error,
        })
      }
    }
  }
}

function titleOf(resources: Resources, wish: Wish): string {
  try {
    return resourceOf(resources, wish).title(wish.params)
  } catch {
    return wishId(wish)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
