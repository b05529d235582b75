/** Rows of a terminal that are drawn over and over, below what was printed before. */

const upAndClear = (rows: number) => (rows > 0 ? `\x1b[${rows}A\r\x1b[J` : '\r\x1b[J')
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const CLEAR_ALL = '\x1b[2J\x1b[H'
/** Lines that are kept to be printed again when the terminal changes its size. */
const KEPT = 100

/** Whether rows can be drawn over on this stream. */
export function isLive(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env.TERM !== 'dumb'
}

/** The cursor is hidden until it is disposed of, or the process ends. */
export class LiveRows implements Disposable {
  readonly #stream: NodeJS.WriteStream
  readonly #lines: string[]
  #rows: readonly string[] = []
  #resized = false
  readonly #onResize = () => (this.#resized = true)
  readonly #onExit = () => void this.#stream.write(SHOW_CURSOR)

  /** @param head lines printed once, above the rows */
  constructor(stream: NodeJS.WriteStream, head: readonly string[] = []) {
    this.#stream = stream
    this.#lines = [...head]
    stream.on('resize', this.#onResize)
    process.on('exit', this.#onExit)
    stream.write(HIDE_CURSOR + text(head))
  }

  /** Replaces the rows. Those that do not fit are left out; each must fit into a row of the terminal. */
  draw(rows: readonly string[]): void {
    const back = this.#back()
    this.#rows = rows.slice(0, Math.max(1, (this.#stream.rows ?? 24) - 1))
    this.#stream.write(back + text(this.#rows))
  }

  /** Prints a line above the rows, for good. */
  say(line: string): void {
    const back = this.#back()
    this.#lines.push(line)
    if (this.#lines.length > KEPT) this.#lines.shift()
    this.#stream.write(back + text([line]) + text(this.#rows))
  }

  /** Takes the rows away. */
  clear(): void {
    this.draw([])
  }

  [Symbol.dispose](): void {
    this.#stream.off('resize', this.#onResize)
    process.off('exit', this.#onExit)
    this.#stream.write(SHOW_CURSOR)
  }

  #back(): string {
    // A terminal that changes its width wraps what was drawn: only from the top is it certain where things are.
    const back = this.#resized ? CLEAR_ALL + text(this.#lines) : upAndClear(this.#rows.length)
    this.#resized = false
    return back
  }
}

const text = (rows: readonly string[]) => rows.map((row) => `${row}\n`).join('')
