// A namespace that a test changes with the resources of lib/host, and a process in it that does so.
import { strict as assert } from 'node:assert'
import { fileURLToPath } from 'node:url'
import type { Action } from '../../lib/host/action.js'
import type { Json, Wish } from '../../lib/host/resource.js'
import { eventually } from '../support/wait.js'
import type { Host } from '../support/host.js'
import type { Running } from '../support/running.js'
import { type DumpOptions, dump } from './dump.js'
import type { calls, Made } from './inside.js'

const kInside = fileURLToPath(new URL('inside.ts', import.meta.url))
/** Devices find their carrier, addresses their uniqueness. */
const kSettleMs = 5000

type Calls = typeof calls

/** A host where IPv6 addresses stand at once, nobody being asked first: so that a dump does not change by itself a second later. */
export async function withoutDad(host: Host): Promise<Host> {
  for (const name of ['all', 'default'])
    await host.exec('sysctl', ['-qw', `net.ipv6.conf.${name}.accept_dad=0`], { check: true })
  return host
}

export class Station {
  readonly #inside: Running
  #answered = 0
  readonly #answers: string[] = []
  #wake = () => {}

  constructor(readonly host: Host) {
    this.#inside = host.node(kInside, [], {
      onLine: (line) => {
        this.#answers.push(line)
        this.#wake()
      },
    })
  }

  /** One at a time. */
  async call<Name extends keyof Calls>(
    call: Name,
    ...args: Parameters<Calls[Name]>
  ): Promise<Awaited<ReturnType<Calls[Name]>>> {
    this.#inside.write(`${JSON.stringify({ call, args: args.filter((arg) => arg !== Infinity) })}\n`)
    const index = this.#answered++
    while (this.#answers[index] === undefined) {
      if (this.#inside.exit) throw new Error(`the process inside ended: ${this.#inside.stderr}`)
      await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), this.#inside.exited])
    }
    const { value, error } = JSON.parse(this.#answers[index]) as { value: unknown; error?: string }
    if (error !== undefined) throw new Error(error)
    return value as Awaited<ReturnType<Calls[Name]>>
  }

  /** Several lines of `ip`, without that word. */
  async ip(...lines: string[]): Promise<void> {
    for (const line of lines) await this.host.ip(...line.split(' '))
  }

  dump(options?: DumpOptions): Promise<string[]> {
    return dump(this.host.namespace, options)
  }

  /** Waits until nothing differs any more from what was; the last difference is the error. */
  async isAsBefore(before: string[], options?: DumpOptions): Promise<void> {
    const isBack = async () => isSame(difference(before, await this.dump(options)))
    await eventually(isBack, kSettleMs).catch(() => {})
    assert.deepEqual(difference(before, await this.dump(options)), { lost: [], left: [] })
  }

  /** Until devices have their carrier: what is dumped then stays. */
  async settled(): Promise<string[]> {
    let last: string[] = []
    return eventually(
      async () => {
        const now = await this.dump()
        const isSteady = JSON.stringify(now) === JSON.stringify(last)
        last = now
        return isSteady ? now : undefined
      },
      kSettleMs,
      'a steady state',
    )
  }
}

const isSame = ({ lost, left }: ReturnType<typeof difference>) => lost.length + left.length === 0

/** For a message that says which, not all. */
function difference(before: string[], after: string[]): { lost: string[]; left: string[] } {
  const lost = before.filter((line) => !after.includes(line))
  const left = after.filter((line) => !before.includes(line))
  if (lost.length + left.length > 0 || before.length !== after.length) return { lost, left }
  const isElsewhere = (one: string[], other: string[]) => one.filter((line, index) => line !== other[index])
  return { lost: isElsewhere(before, after), left: isElsewhere(after, before) }
}

/** All of them, or so many spread evenly: each takes a second. */
const kMostParts = 8
function someBelow(end: number): number[] {
  const step = Math.max(1, end / kMostParts)
  return Array.from({ length: Math.min(end, kMostParts) }, (_, index) => Math.floor(index * step))
}

/** How many changes a step has, the lines of batches counted. */
export const changesOf = (actions: readonly Action[]): number =>
  actions.reduce((sum, action) => sum + lines(action), 0)
const lines = (action: Action) =>
  action.do === 'run' && action.program === 'ip' && action.input ? action.input.trim().split('\n').length : 1

/**
 * Makes one thing, again, and takes it back, whole and after parts of the making and of the taking back: all is as it was each time.
 *
 * @returns what making it took, the first time
 */
export async function comesAndGoes(station: Station, wish: Wish, options?: DumpOptions): Promise<Made> {
  const before = await station.settled()
  const files = await station.dump(options)
  const made = await station.call('make', wish)
  assert.equal(made.after, 'made', `${wish.kind} is made`)
  const again = await station.call('make', wish)
  assert.deepEqual([again.state, again.actions], ['made', []], 'a second time there is nothing to do')
  const back = await station.call('restore', wish, made.before)
  await station.isAsBefore(before)
  await station.isAsBefore(files, options)
  assert.deepEqual(await station.call('restore', wish, made.before), [], 'nothing is left to take back')
  for (const most of someBelow(changesOf(made.actions))) {
    const part = await station.call('make', wish, most)
    await station.call('restore', wish, part.before)
    await station.isAsBefore(before)
  }
  for (const most of someBelow(changesOf(back))) {
    const whole = await station.call('make', wish)
    await station.call('restore', wish, whole.before, most)
    await station.call('restore', wish, whole.before)
    await station.isAsBefore(before)
  }
  return made
}

export const wish = (kind: string, params: Json): Wish => ({ kind, params })
