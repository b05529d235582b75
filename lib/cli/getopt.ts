/** The words of a command line as GNU's getopt(3) takes them: short options alone or in one word, values, operands anywhere, `--`. */

export interface OptionWord {
  option: string
  /** Empty for options without one. */
  value: string
  /** What is wrong, in getopt's words; then the other two say nothing. */
  fault?: string
}

export class Getopt implements Iterable<OptionWord> {
  /** What is no option; complete once all options are read. */
  readonly operands: string[] = []

  /**
   * @param known letters, those with a value with a colon behind
   */
  constructor(
    private readonly args: readonly string[],
    private readonly known: string,
  ) {}

  *[Symbol.iterator](): Iterator<OptionWord> {
    const left = [...this.args]
    for (let word = left.shift(); word !== undefined; word = left.shift()) {
      if (word === '--') {
        this.operands.push(...left)
        return
      }
      if (!word.startsWith('-') || word === '-') this.operands.push(word)
      else yield* this.#readWord(word.slice(1), left)
    }
  }

  *#readWord(letters: string, left: string[]): Iterable<OptionWord> {
    while (letters !== '') {
      const option = letters[0]!
      letters = letters.slice(1)
      const at = option === ':' ? -1 : this.known.indexOf(option)
      if (at < 0) {
        yield { option: '', value: '', fault: `invalid option -- '${option}'` }
      } else if (this.known[at + 1] !== ':') {
        yield { option, value: '' }
      } else {
        const value = letters === '' ? left.shift() : letters
        if (value === undefined)
          yield { option: '', value: '', fault: `option requires an argument -- '${option}'` }
        else yield { option, value }
        return
      }
    }
  }
}
