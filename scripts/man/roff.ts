// Pages in the language of man(7), for groff and mandoc. Everything that goes in is plain text; what comes out is ASCII.

/** Columns of a source line: mandoc's lint wants no more than 80. */
const SOURCE_COLUMNS = 78

/** Signs that groff makes other signs of, or takes as its own. */
const SIGNS: Readonly<Record<string, string>> = {
  '\\': '\\e',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
}

function escaped(text: string): string {
  return text
    .replace(/[\\'`^~]/g, (sign) => SIGNS[sign]!)
    .replace(
      /[^\x20-\x7e]/gu,
      (sign) => `\\[u${sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`,
    )
}

/** Text that is typed as it stands: every hyphen is a minus. */
export function literal(text: string): string {
  return escaped(text).replaceAll('-', '\\-')
}

/** No word of these is hyphenated. */
const whole = (text: string) => literal(text).replace(/(?<=^| )(?=[^ ])/g, '\\%')
export const bold = (text: string): string => `\\fB${whole(text)}\\fR`
export const italic = (text: string): string => `\\fI${whole(text)}\\fR`

/** Running text: `so` and **so** in bold, options as they are typed. */
export function prose(text: string): string {
  return text
    .split(/(`[^`]+`|\*\*[^*]+\*\*)/)
    .map((part, i) => {
      if (i % 2 === 1) return bold(part.replace(/^(`|\*\*)|(`|\*\*)$/g, ''))
      // Paths, addresses and options are not hyphenated.
      const kept = part.replace(/(?<=^|[\s("])[^\s]*(?:[/_=]|[\w,][.,]\w|--)[^\s]*/g, '\x01$&')
      return escaped(kept)
        .replaceAll('\\[u0001]', '\\%')
        .replace(/(?<![\w-])--?(?=\w)/g, (dashes) => '\\-'.repeat(dashes.length))
    })
    .join('')
}

/** Columns that a page of 80 leaves for text. */
const TEXT_COLUMNS = 71

/** What is too long for a line goes on in the next. @param mark what says so: a shell's, unless it is no shell's line */
export function broken(text: string, mark = ' \\'): string[] {
  if (text.length <= TEXT_COLUMNS) return [text]
  const at = text.slice(0, TEXT_COLUMNS - mark.length).lastIndexOf(' ')
  if (at <= 0) return [text]
  return [`${text.slice(0, at)}${mark}`, ...broken(`    ${text.slice(at + 1)}`, mark)]
}

/** A line that begins with a dot or an apostrophe would be an order. */
const guarded = (line: string) => (/^[.']/.test(line) ? `\\&${line}` : line)

/** Source lines of formatted running text. */
function filled(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line !== '' && line.length + 1 + word.length > SOURCE_COLUMNS) {
      lines.push(guarded(line))
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, guarded(line)]
}

export class Page {
  readonly #lines: string[]

  /** @param date as 2026-01-31 */
  constructor(name: string, section: number, date: string, version: string) {
    this.#lines = [
      String.raw`.\" Made by scripts/man.ts from the same source as the help: change that.`,
      `.TH ${literal(name.toUpperCase())} ${section} "${date}" "ethercast ${version}" "ethercast"`,
      '.ad l',
    ]
  }

  section(title: string): this {
    this.#lines.push(`.SH ${literal(title.toUpperCase())}`)
    return this
  }

  subsection(title: string): this {
    this.#lines.push(`.SS ${literal(title)}`)
    return this
  }

  /** A paragraph; already formatted. */
  paragraph(formatted: string): this {
    const last = this.#lines.at(-1)!
    if (!/^\.(SH|SS|RS)/.test(last)) this.#lines.push('.PP')
    this.#lines.push(...filled(formatted))
    return this
  }

  /** A line without a paragraph around it, as in NAME; already formatted. */
  line(formatted: string): this {
    this.#lines.push(...filled(formatted))
    return this
  }

  /** A term and what it means, both formatted already. */
  item(term: string, meaning: string): this {
    this.#lines.push('.TP', guarded(term), ...(meaning === '' ? ['\\&'] : filled(meaning)))
    return this
  }

  bullet(formatted: string): this {
    this.#lines.push('.IP \\(bu 2', ...filled(formatted))
    return this
  }

  /** Lines as they stand. */
  verbatim(lines: readonly string[], isBold = false): this {
    const last = this.#lines.at(-1)!
    if (!/^\.(SH|SS|RS)/.test(last)) this.#lines.push('.PP')
    const shown = lines.map((line) => guarded(isBold ? `\\fB${literal(line)}\\fR` : literal(line)))
    this.#lines.push('.EX', ...shown, '.EE')
    return this
  }

  /** What `fill` adds stands further right. */
  indented(fill: () => void): this {
    this.#lines.push('.RS 4')
    fill()
    this.#lines.push('.RE')
    return this
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`
  }
}
