// The text behind a command's help, taken apart: Examples, Exit code, options in uml_switch's way, and what else is said.
import type { EventEmitter } from 'node:events'
import type { Command } from 'commander'

export interface Block {
  /** `text`: lines are one paragraph. `verbatim`: they stay as they are. */
  kind: 'text' | 'verbatim'
  lines: string[]
}

export interface Example {
  /** More than one: a command that goes on. */
  command: string[]
  explanation: string
}

export interface HelpText {
  notes: Block[][]
  /** Term and meaning. */
  options: [string, string][]
  examples: Example[]
  exitCode: string
}

/** What `addHelpText('after', …)` has added: commander keeps it as listeners. */
export function textBehind(command: Command): string {
  let text = ''
  const write = (part: string) => (text += part)
  // An EventEmitter it is, which its types don't tell.
  const events = command as unknown as EventEmitter
  events.emit('afterHelp', { error: false, command, write })
  return text
}

export function readHelp(text: string): HelpText {
  const help: HelpText = { notes: [], options: [], examples: [], exitCode: '' }
  let isExamples = false
  for (const paragraph of paragraphs(text)) {
    const [first = '', ...rest] = paragraph
    if (/^Examples?:$/.test(first)) {
      help.examples.push(...examples(rest))
      isExamples = true
    } else if (/^Exit codes?: /.test(first)) {
      help.exitCode = paragraph.join(' ').replace(/^Exit codes?: /, '')
    } else if (/^Options\b.*:$/.test(first)) {
      help.options.push(...columns(rest))
    } else if (isExamples && paragraph.every((line) => line.startsWith('  '))) {
      help.examples.push(...examples(paragraph))
      continue
    } else {
      help.notes.push(blocks(paragraph))
    }
    isExamples &&= /^Examples?:$/.test(first)
  }
  return help
}

function paragraphs(text: string): string[][] {
  return text
    .split(/\n\s*\n|\n(?=Exit codes?: )/)
    .map((part) => part.split('\n').filter((line) => line.trim() !== ''))
    .filter((lines) => lines.length > 0)
}

/** Lines with an indent stand as they are, and a paragraph with columns. */
const isIndented = (line: string) => line.startsWith('  ')
const hasColumns = (line: string) => /^\S.*\S {3,}\S/.test(line)

function blocks(lines: readonly string[]): Block[] {
  const found: Block[] = []
  const isTable = lines.some(hasColumns)
  for (const line of lines) {
    const kind = isTable || isIndented(line) ? 'verbatim' : 'text'
    const last = found.at(-1)
    if (last?.kind === kind) last.lines.push(line)
    else found.push({ kind, lines: [line] })
  }
  return found
}

/** A line with a small indent begins an example; what stands behind a gap, or further right on lines of its own, explains it. */
function examples(lines: readonly string[]): Example[] {
  const found: Example[] = []
  // Where explanations begin: a command that just fits has but one space before its own.
  const column = Math.max(...lines.map((line) => /^ {1,2}\S.*? {3,}(?=\S)/.exec(line)?.[0].length ?? 0))
  for (const line of lines) {
    const last = found.at(-1)
    const indent = /^ */.exec(line)![0].length
    if (last?.command.at(-1)?.endsWith('\\')) {
      last.command.push(line.slice(2))
    } else if (indent <= 2) {
      const isAligned = column > 0 && /^ \S$/.test(line.slice(column - 1, column + 1))
      const [command, explanation = ''] = isAligned
        ? [line.slice(0, column).trim(), line.slice(column)]
        : line.trim().split(/ {3,}(?=\S)/)
      found.push({ command: [command!], explanation })
    } else if (last !== undefined) {
      last.explanation = `${last.explanation} ${line.trim()}`.trim()
    }
  }
  return found
}

/** Two columns; a line without the first goes on with the second. */
function columns(lines: readonly string[]): [string, string][] {
  const found: [string, string][] = []
  for (const line of lines) {
    const [, term, meaning] = /^ {1,4}(\S.*?) {2,}(\S.*)$/.exec(line) ?? []
    if (term !== undefined) found.push([term, meaning!])
    else if (found.length > 0) found.at(-1)![1] += ` ${line.trim()}`
  }
  return found
}
