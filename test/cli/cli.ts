// The command line tool as people run it: `dist/cli/main.js` in a process of its own.
import assert from 'node:assert/strict'
import { startNode } from '../support/child.js'
import type { Result, Running, StartOptions } from '../support/running.js'

/** The whole of what a command does takes no longer. */
const LIMIT_MS = 15_000

const running = new Set<Running>()

/** Starts `ethercast` with these arguments. It ends with the test, if not before. */
export function start(args: readonly string[], options: StartOptions = {}): Running {
  const child = startNode('dist/cli/main.js', args, options)
  running.add(child)
  void child.exited.then(() => running.delete(child))
  return child
}

/** Runs `ethercast` to its end. */
export function ethercast(...args: string[]): Promise<Result> {
  return start(args, { input: '' }).result(LIMIT_MS)
}

/** Ends what a test has left running. */
export function endAllAfterEach(): void {
  afterEach(() => Promise.all([...running].map((child) => child.kill())))
}

/** A line of `--json`. */
export type Event = { event: string } & Record<string, unknown>

/** Every line of stdout as an event. */
export function events({ stdout }: { stdout: string }): Event[] {
  assert.match(stdout, /\n$/, 'the last line is complete')
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Event)
}

/** The one event of that name. */
export function theEvent(list: readonly Event[], name: string): Event {
  const found = list.filter(({ event }) => event === name)
  assert.equal(found.length, 1, `one ${name} among ${list.map(({ event }) => event).join(' ')}`)
  return found[0]!
}

/** Fails unless a command refused what was typed, with a message that matches, and did nothing. */
export function assertRefused({ code, stdout, stderr }: Result, message: RegExp): void {
  assert.equal(code, 2, stderr)
  assert.match(stderr, message)
  assert.equal(stdout, '')
}
