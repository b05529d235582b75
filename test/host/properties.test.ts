// What holds for every text: a configuration or a ConfigError whose places are in the text; and for every valid file and its mutations.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { hostConfigSchema } from '../../lib/host/config.js'
import { ConfigError, parseConfig } from '../../lib/host/load.js'
import type { Path } from '../../lib/host/load.js'
import { FULL } from './files.js'

const lines = FULL.split('\n')

function within(text: string, { line, column }: { line: number; column: number }): void {
  const all = text.split('\n')
  assert.ok(line >= 1 && line <= all.length, `line ${line} of ${all.length}`)
  const length = all[line - 1]!.length
  assert.ok(column >= 1 && column <= length + 1, `column ${column} of ${length} in line ${line}`)
}

/** All paths of a value. */
function paths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value)
  return [path, ...entries.flatMap(([key, inner]) => paths(inner, [...path, key]))]
}

function holds(text: string): void {
  try {
    const { config, positionOf } = parseConfig(text, 'f')
    for (const path of paths(config)) within(text, positionOf(path))
    assert.deepEqual(hostConfigSchema.parse(config), config, 'defaults stay as they are')
    assert.deepEqual(parseConfig(JSON.stringify(config)).config, config, 'JSON is YAML')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    assert.ok(error.problems.length > 0)
    for (const problem of error.problems) {
      within(text, problem)
      assert.doesNotMatch(problem.message, /[\n\0]|\[object|undefined/)
      assert.ok(problem.message.length < 2000)
    }
  }
}

const word = fc.constantFrom(
  ...lines.flatMap((line) => line.match(/[\w.:/-]+/g) ?? []),
  ...[
    '-1',
    '0',
    '~',
    'yes',
    '1e9',
    '0x10',
    '.inf',
    '*a',
    '&a',
    '!!str',
    '<<',
    '"',
    "'",
    '|',
    '>',
    '? ',
    '- ',
    '---',
    '%',
  ],
)
const piece = fc.oneof(
  word,
  word,
  fc.constantFrom(
    ': ',
    ':',
    '\n',
    '\n  ',
    '\n    ',
    ' - ',
    '{',
    '}',
    '[',
    ']',
    ', ',
    ',',
    ' ',
    '\t',
    '#',
    '\r',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const soup = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))
/** The full file with some lines dropped, doubled, moved in or out, or with a word in place of another. */
const mutated = fc
  .array(fc.tuple(fc.nat(lines.length - 1), fc.nat(5), piece), { minLength: 1, maxLength: 4 })
  .map((changes) => {
    const text = [...lines]
    for (const [at, how, replacement] of changes) {
      const line = text[at] ?? ''
      text[at] = [
        () => '',
        () => `${line}\n${line}`,
        () => ` ${line}`,
        () => line.replace(/^ {2}/, ''),
        () => line.replace(/[\w.-]+(?=\W*$)/, replacement),
        () => line.replace(/\w+/, replacement),
      ][how]!()
    }
    return text.join('\n')
  })

describe('configuration: properties', function () {
  this.timeout(120_000)
  it('any text', () =>
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), holds), { numRuns: 1000 }))
  it('any soup of its words', () => fc.assert(fc.property(soup, holds), { numRuns: 2000 }))
  it('any valid file with a few mistakes', () => fc.assert(fc.property(mutated, holds), { numRuns: 2000 }))
  it('any JSON', () => fc.assert(fc.property(fc.json(), holds), { numRuns: 500 }))
  it('any value in the place of any other', () => {
    const { config } = parseConfig(FULL)
    const places = paths(config).filter((path) => path.length > 0)
    const changed = fc.tuple(fc.constantFrom(...places), fc.jsonValue()).map(([path, value]) => {
      const copy = structuredClone(config) as unknown as Record<string | number, unknown>
      const holder = path.slice(0, -1).reduce((inner, step) => inner[step] as typeof copy, copy)
      holder[path.at(-1)!] = value
      return JSON.stringify(copy, null, 1)
    })
    fc.assert(fc.property(changed, holds), { numRuns: 2000 })
  })
})
