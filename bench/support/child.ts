// A case in a process of its own, which answers calls. Both ends.

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

interface Call {
  id: number
  name: string
  argument: unknown
}
type Answer = { id: number; result: unknown } | { id: number; error: string }

/** What a child can be asked to do: one argument, one answer. */
export type Calls = Record<string, (argument: never) => unknown>

/** In the child: answers calls from now on. The process ends with its parent. */
export function serve(calls: Calls): void {
  process.on('disconnect', () => process.exit())
  process.on('message', (call: Call) => {
    void Promise.resolve()
      .then(() => (calls[call.name] as (argument: unknown) => unknown)(call.argument))
      .then(
        (result): Answer => ({ id: call.id, result }),
        (error: unknown): Answer => ({ id: call.id, error: String((error as Error).stack ?? error) }),
      )
      .then((answer) => process.send!(answer))
  })
  process.send!({ id: 0, result: undefined } satisfies Answer)
}

/** What the parent gave the child, as one JSON argument. */
export const childOptions = <T>() => JSON.parse(process.argv[2]!) as T

/** In the parent: a running child. */
export class Child {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  readonly #gone: Promise<void>
  #lastId = 0

  private constructor(script: string, options: object) {
    const path = fileURLToPath(new URL(`../${script}`, import.meta.url))
    this.#process = fork(path, [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] })
    this.#gone = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        const error = new Error(`${script} ended: ${signal ?? `exit code ${code}`}`)
        for (const { reject } of this.#waiting.values()) reject(error)
        this.#waiting.clear()
        resolve()
      })
    })
    this.#process.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      if ('error' in answer) waiting?.reject(new Error(answer.error))
      else waiting?.resolve(answer.result)
    })
  }

  /** Starts bench/`script`; resolves when it serves. */
  static async start(script: string, options: object): Promise<Child> {
    const child = new Child(script, options)
    await child.#answer(0)
    return child
  }

  call<T>(name: string, argument: unknown = null): Promise<T> {
    const id = ++this.#lastId
    const answer = this.#answer(id)
    this.#process.send({ id, name, argument } satisfies Call)
    return answer as Promise<T>
  }

  get pid(): number {
    return this.#process.pid!
  }

  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect()
    await this.#gone
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }
}
