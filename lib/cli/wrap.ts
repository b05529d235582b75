/** Text in lines of a terminal's width. */

/** Columns of what is no terminal's business to tell. */
export const USUAL_COLUMNS = 80

/** Lines of at most so many columns, broken between words; a word that is longer has a line of its own. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
