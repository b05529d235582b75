/**
 * YAML text: read with bounds, every complaint with its place, and the place of each key afterwards. YAML 1.2, one document, keys that are
 * plain text; no tags of one's own, and aliases only as many as nobody needs for an attack.
 */

import type { CST, Document, ParsedNode, YAMLError } from 'yaml'
import {
  Composer,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
} from 'yaml'
import { visit, YAMLParseError } from 'yaml'
import { show } from '../spec/refuse.js'
import type { Path, Position, Problem } from './problems.js'

/** Octets of a file. A thousand taps with addresses and owners are 100,000; the reader takes a second for the worst text of this size. */
export const MAX_FILE = 128 << 10
/** Values that an alias brings in. The usual attack needs thousands of millions. */
const MAX_ALIASES = 100
/** Of the reader's stack: collections within collections. The file itself needs nine. */
const MAX_DEPTH = 64
/** What the reader of YAML complains about is looked at up to here: one slip brings thousands. */
const MOST_COMPLAINTS = 100

export interface YamlText {
  /** Plain objects, arrays and scalars; undefined when there are problems that leave nothing to look at. */
  value: unknown
  problems: Problem[]
  positionOf: (path: Path) => Position
  /** Where the key itself stands. */
  positionOfKey: (path: Path) => Position
}

/** Control characters that no YAML text has (YAML 1.2.2, section 5.1), and halves of surrogate pairs. */
const UNPRINTABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|\p{Cs}/u

export function readYaml(text: string): YamlText {
  const lines = new LineCounter()
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, text.length))
    return line === 0 ? { line: 1, column: 1 } : { line, column: col }
  }
  const hopeless = (offset: number, message: string): YamlText => ({
    value: undefined,
    problems: [{ path: [], message, ...at(offset) }],
    positionOf: () => at(0),
    positionOfKey: () => at(0),
  })

  countLines(text, lines)
  if (Buffer.byteLength(text) > MAX_FILE)
    return hopeless(0, `the file is too long: allowed are ${MAX_FILE} octets`)
  const bad = UNPRINTABLE.exec(text)
  if (bad !== null) {
    const code = bad[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
    return hopeless(bad.index, `this is no YAML text: it has the character U+${code}`)
  }
  const document = compose(text)
  if (typeof document === 'number')
    return hopeless(document, `nested too deeply: allowed are ${MAX_DEPTH} levels`)
  return look(document, text, at)
}

/**
 * The document, as `yaml`'s parseDocument makes it; or where it is nested too deeply. That reader recurses for every level, and near the end of
 * the stack regular expressions abort the process: the depth is bounded in the pass before, which does not recurse.
 */
function compose(text: string): Document.Parsed | number {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (parser.stack.length > MAX_DEPTH) return parser.offset
  }
  for (const token of parser.end()) tokens.push(token)
  // Warnings are taken as errors, and not printed.
  const composer = new Composer<ParsedNode>({ prettyErrors: false, logLevel: 'error' })
  const [document, second] = [...composer.compose(tokens, true, text.length)] as Document.Parsed[]
  if (second !== undefined)
    document!.errors.push(new YAMLParseError([second.range[0], second.range[1]], 'MULTIPLE_DOCS', ''))
  return document!
}

function look(document: Document.Parsed, text: string, at: (offset: number) => Position): YamlText {
  const complaints = [...document.errors, ...document.warnings].slice(0, MOST_COMPLAINTS)
  const odd = oddNodes(document, at)
  const problems = [...complaints.map((error) => complaint(error, text, at)), ...odd]
  const read: YamlText = { value: undefined, problems, ...finder(document, at) }
  // A key that is there twice leaves the rest readable.
  if (odd.length > 0 || complaints.some(({ code }) => code !== 'DUPLICATE_KEY')) return read
  try {
    read.value = document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    const message = `too many aliases: allowed are ${MAX_ALIASES} values by way of *name`
    problems.push({ path: [], message, ...firstAlias(document, at) })
  }
  return read
}

function countLines(text: string, lines: LineCounter): void {
  lines.addNewLine(0)
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1)
}

function complaint(
  { code, message, pos }: YAMLError,
  text: string,
  at: (offset: number) => Position,
): Problem {
  const position = at(pos[0])
  switch (code) {
    case 'DUPLICATE_KEY': {
      const key = /^[^\s:]+/.exec(text.slice(pos[0]))?.[0] ?? 'a key'
      return { path: [], message: `${show(key)} is here a second time in the same mapping`, ...position }
    }
    case 'MULTIPLE_DOCS':
      return { path: [], message: 'a second document begins here: allowed is one', ...position }
    case 'TAG_RESOLVE_FAILED':
      return { path: [], message: `${oneLine(message)}: tags have no meaning in this file`, ...position }
    default:
      return { path: [], message: `this is no valid YAML: ${oneLine(message)}`, ...position }
  }
}

/** Longest text of the YAML reader that is repeated. */
const SHOWN = 200
const oneLine = (message: string): string =>
  message
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, SHOWN)
    .trim()

/** Keys that are no text, and the one that JavaScript would take for something else; aliases of nothing. */
function oddNodes(document: Document.Parsed, at: (offset: number) => Position): Problem[] {
  const problems: Problem[] = []
  const add = (node: unknown, message: string) =>
    problems.push({ path: [], message, ...at((node as ParsedNode | null)?.range?.[0] ?? 0) })
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value !== null && key.value !== '__proto__') return
      const name = isScalar(key) ? String(key.value) : isAlias(key) ? 'an alias' : 'a collection'
      add(key, `${name} is no key: write a name, as text`)
    },
    Alias(_, node) {
      if (node.resolve(document) === undefined)
        add(node, `*${node.source} means nothing: there is no &${node.source} before it`)
    },
  })
  return problems
}

function firstAlias(document: Document.Parsed, at: (offset: number) => Position): Position {
  let found = at(0)
  visit(document, {
    Alias(_, node) {
      found = at(node.range?.[0] ?? 0)
      return visit.BREAK
    },
  })
  return found
}

/** Places of keys and values. A collection stands where its key is, a scalar where it is itself; what is missing, where it should be. */
function finder(document: Document.Parsed, at: (offset: number) => Position) {
  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node)
  const startOf = (node: unknown): number | undefined => (node as ParsedNode | null | undefined)?.range?.[0]

  function find(path: Path, wantsKey: boolean): Position {
    let node: unknown = document.contents
    let known = startOf(node) ?? 0
    for (const [index, step] of path.entries()) {
      const inside = resolve(node)
      const isLast = index === path.length - 1
      if (isMap(inside)) {
        const pair = inside.items.findLast(({ key }) => isScalar(key) && String(key.value) === String(step))
        if (!isPair(pair)) break
        node = pair.value
        const key = startOf(pair.key) ?? known
        known = wantsKey && isLast ? key : isScalarWithText(node) ? (startOf(node) ?? key) : key
      } else if (isSeq(inside)) {
        const item = inside.items[Number(step)]
        if (item === undefined) break
        node = item
        known = startOf(node) ?? known
      } else break
    }
    return at(known)
  }

  return {
    positionOf: (path: Path) => find(path, false),
    positionOfKey: (path: Path) => find(path, true),
  }
}

/** Not the nothing behind `tap0:`, which stands nowhere in particular. */
const isScalarWithText = (node: unknown): boolean =>
  !isCollection(node) && !(isScalar(node) && node.value === null && (node.source ?? '') === '')
