// The load generator, native/bench/load, as a running process that is given one trial after another.
import type { Host } from '../../test/support/host.js'
import type { Running } from '../../test/support/running.js'

export interface Order {
  /** Frames a second; 0: as many as go. */
  rate: number
  ms: number
}

/** What the generator answers. */
export interface Answer {
  rate: number
  sent: number
  /** Send calls that the kernel did not take. */
  refused: number
  /** Different frames that arrived. */
  received: number
  duplicates: number
  reordered: number
  /** Frames that arrived and were none of this trial. */
  strays: number
  reads: number
  sendNs: number
  /** From the first send to the last arrival, or the last send if that was later. */
  ns: number
}

export interface LoadOptions {
  sender: string
  receiver: string
  /** With UDP segmentation and receive offload, where the ends are UDP. */
  offload: boolean
  /** Processors of the sending and the receiving thread. */
  cpus: readonly [number, number] | undefined
}

/** Beyond its own time a trial makes the stations known and waits for what is on the way. */
const kBesides_ms = 15_000

export class Load {
  readonly #running: Running
  #next: ((line: string) => void) | undefined

  private constructor(host: Host, program: string, options: LoadOptions) {
    const { sender, receiver, offload, cpus } = options
    const args = [
      sender,
      receiver,
      ...(offload ? ['--offload'] : []),
      ...(cpus ? ['--cpus', cpus.join()] : []),
    ]
    this.#running = host.spawn(program, args, {
      onLine: (line) => this.#next?.(line),
    })
  }

  static async start(host: Host, program: string, options: LoadOptions): Promise<Load> {
    const load = new Load(host, program, options)
    await load.#running.waitForLine(/^ready$/)
    return load
  }

  get pid(): number {
    return this.#running.pid
  }

  async trial({ rate, ms }: Order): Promise<Answer> {
    const line = this.#line(ms + kBesides_ms)
    this.#running.write(`${Math.round(rate)} ${Math.round(ms)}\n`)
    return JSON.parse(await line) as Answer
  }

  async #line(timeoutMs: number): Promise<string> {
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#next = resolve
        const late = () => reject(new Error(`no answer from ${this.#running.commandLine}`))
        timer = setTimeout(late, timeoutMs)
        void this.#running.exited.then(() => reject(new Error(`the load ended: ${this.#running.stderr}`)))
      })
    } finally {
      clearTimeout(timer)
      this.#next = undefined
    }
  }
}
