/**
 * Rows of a terminal that are drawn over and over, below what was printed before.
 */

const UP_AND_CLEAR = (rows: number) => (rows > 0 ? `\x1b[${rows}A\r\x1b[J` : '\r\x1b[J')
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const CLEAR_ALL = '\x1b[2J\x1b[H'

export class LiveRows implements Disposable {
  readonly #stream: NodeJS.WriteStream
  readonly #head: readonly string[]
  #drawn = 0
  #resized = false
  readonly #onResize = () => (this.#resized = true)
  readonly #onExit = () => void this.#stream.write(SHOW_CURSOR)

  /** Prints the rows that stay: `head`. */
  constructor(stream: NodeJS.WriteStream, head: readonly string[]) {
    this.#stream = stream
    this.#head = head
    stream.on('resize', this.#onResize)
    process.on('exit', this.#onExit)
    stream.write(HIDE_CURSOR + lines(head))
  }

  /** Replaces the rows below. Those that do not fit are left out; each must fit into a row of the terminal. */
  draw(rows: readonly string[]): void {
    const fit = rows.slice(0, Math.max(1, (this.#stream.rows ?? 24) - 1))
    // A terminal that changes its width wraps what was drawn: only from the top is it certain where things are.
    const back = this.#resized ? CLEAR_ALL + lines(this.#head) : UP_AND_CLEAR(this.#drawn)
    this.#resized = false
    this.#drawn = fit.length
    this.#stream.write(back + lines(fit))
  }

  [Symbol.dispose](): void {
    this.#stream.off('resize', this.#onResize)
    process.off('exit', this.#onExit)
    this.#stream.write(SHOW_CURSOR)
  }
}

const lines = (rows: readonly string[]) => rows.map((row) => `${row}\n`).join('')
