/** The manual pages: all that the help says is in them, and three readers of theirs have nothing to complain of. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { commands, loadProgram } from '../../lib/cli/program.js'
import { hostJsonSchema } from '../../lib/host/json_schema.js'
import type { JsonSchema } from '../../lib/host/json_schema.js'
import { parseConfig } from '../../lib/host/load.js'
import { pageOf } from '../../scripts/man/command_page.js'
import { EXAMPLE } from '../../scripts/man/file_page.js'
import { readHelp, textBehind } from '../../scripts/man/help_text.js'
import { markdownPage } from '../../scripts/man/markdown_page.js'
import { manualPages } from '../../scripts/man/pages.js'
import { literal, prose } from '../../scripts/man/roff.js'
import { projectRoot } from '../support/child.js'
import { need } from '../support/need.js'

const COLUMNS = 80
const DATE = '2026-01-31'

describe('manual pages', function () {
  this.timeout(60_000)
  const folder = mkdtempSync(join(tmpdir(), 'ethercast-man-'))
  let pages: Map<string, string>
  let program: Command

  before(async () => {
    pages = await manualPages(DATE)
    program = await loadProgram()
    for (const [file, text] of pages) writeFileSync(join(folder, file), text)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  function run(
    command: string,
    args: readonly string[],
  ): { stdout: string; stderr: string; status: number | null } {
    const env = {
      ...process.env,
      MANWIDTH: String(COLUMNS),
      MANPAGER: 'cat',
      LC_ALL: 'C.UTF-8',
      MAN_KEEP_FORMATTING: '',
    }
    return spawnSync(command, args, { encoding: 'utf8', env, timeout: 20_000 })
  }

  /** As a person reads it, the words with single spaces between them. */
  function words(file: string): string {
    return run('man', ['-l', join(folder, file)])
      .stdout.replace(/.\x08/g, '')
      .replace(/\s+/g, ' ')
  }

  it('there is one for each command, for the program, for its file, and for the helper', () => {
    const names = [...pages.keys()].map((file) => file.replace(/\.\d$/, ''))
    for (const name of [
      'ethercast',
      ...commands.map((name) => `ethercast-${name}`),
      'ethercast.yaml',
      'uml_net',
      'helper.policy',
    ])
      assert.ok(names.includes(name), name)
  })

  it('package.json lists them all, for npm links no others', () => {
    const { man } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { man: string[] }
    assert.deepEqual(
      man,
      [...pages.keys()].sort().map((file) => `man/${file}`),
      'npm run build:man brings it up to date',
    )
  })

  it('groff, man and mandoc have no warnings', function () {
    need(this, 'man', 'groff', 'mandoc')
    for (const file of pages.keys()) {
      const path = join(folder, file)
      const groff = run('groff', ['-man', '-Tutf8', '-ww', '-b', path])
      assert.equal(groff.stderr, '', file)
      assert.equal(groff.status, 0)
      assert.equal(run('man', ['--warnings', '-l', path]).stderr, '', file)
      const lint = run('mandoc', ['-T', 'lint', '-W', 'warning', path])
      assert.equal(lint.stdout + lint.stderr, '', file)
      assert.equal(lint.status, 0)
    }
  })

  it('fit into 80 columns', function () {
    need(this, 'man')
    for (const file of pages.keys()) {
      const { stdout } = run('man', ['-l', join(folder, file)])
      assert.ok(stdout.length > 500, file)
      const long = stdout.split('\n').filter((line) => [...line.replace(/.\x08/g, '')].length > COLUMNS)
      assert.deepEqual(long, [], file)
    }
  })

  it('have every option, argument, example and exit code of the help', function () {
    need(this, 'man')
    for (const command of [program, ...program.commands]) {
      const { name, section } = pageOf(command)
      const page = words(`${name}.${section}`).replaceAll('‐ ', '')
      const has = (text: string) => {
        const plain = text.replaceAll('`', '').replace(/\s+/g, ' ').trim()
        // What is broken at the end of a line, by a hyphen of its own or by none, is still the same.
        const squeezed = (of: string) => of.replace(/[\s\\<>-]+/g, '').toLowerCase()
        assert.ok(squeezed(page).includes(squeezed(plain)), `${name}.${section} has: ${plain}`)
      }
      const help = command.createHelp()
      has(command.description())
      for (const option of help.visibleOptions(command)) {
        has(option.flags)
        has(help.optionDescription(option))
      }
      for (const argument of help.visibleArguments(command)) has(help.argumentDescription(argument))
      const text = readHelp(textBehind(command))
      for (const [flags, meaning] of text.options) [flags, meaning].forEach(has)
      for (const { command: lines, explanation } of text.examples) [...lines, explanation].forEach(has)
      for (const note of text.notes) for (const { lines } of note) has(lines.join(' '))
      has(text.exitCode)
      for (const sub of command === program ? [] : command.commands) {
        has(`${command.name()} ${sub.name()}`)
        for (const option of help.visibleOptions(sub)) has(option.flags)
      }
    }
  })

  it('nothing of the text behind a help is lost on the way', () => {
    for (const command of [program, ...program.commands]) {
      const text = textBehind(command)
      const { notes, options, examples, exitCode } = readHelp(text)
      const kept = [
        ...notes.flat().flatMap(({ lines }) => lines),
        ...options.flat(),
        ...examples.flatMap(({ command: lines, explanation }) => [...lines, explanation]),
        exitCode,
      ]
      const count = (from: string) => from.split(/\s+/).filter(Boolean).length
      // What introduces a part is its heading on the page.
      const headings = text.match(/^(Examples:|Exit codes?:|Options\b.*:$)/gm) ?? []
      assert.equal(count(kept.join(' ')), count(text) - count(headings.join(' ')), command.name())
      if (command.parent !== null || command === program)
        assert.notEqual(exitCode, '', `${command.name()}: exit codes are told`)
    }
  })

  it('ethercast.yaml(5) has every key of the schema, and a file that is valid', function () {
    need(this, 'man')
    const page = words('ethercast.yaml.5')
    const keys = (schema: JsonSchema): string[] => {
      const inner = [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])]
      const of = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)
      return [
        ...of.flatMap(([key, value]) => [key, ...keys(value)]),
        ...inner.filter((each): each is JsonSchema => typeof each === 'object').flatMap(keys),
      ]
    }
    const all = new Set(keys(hostJsonSchema()))
    assert.ok(all.size > 30)
    for (const key of all) assert.match(page, new RegExp(` ${key}(:| )`), key)
    assert.doesNotThrow(() => parseConfig(EXAMPLE, 'ethercast.yaml'))
  })

  it('text that looks like orders stays text', function () {
    need(this, 'man', 'mandoc')
    const hostile = [
      '# evil: a title with \\fB and "quotes"',
      '',
      ".so /etc/passwd and 'br, `.SH NOT` at the start",
      "'br again — \\n[.x] ~ ^ …",
      '',
      '```',
      '.SH not a section',
      '\'\\" no comment',
      '\\ a backslash',
      '```',
      '',
      '- .TP of a list',
      '',
      '| a | b |',
      '| - | - |',
      '| `.PP` | one \\\\ two |',
    ].join('\n')
    const path = join(folder, 'evil.7')
    writeFileSync(path, markdownPage({ name: 'evil', section: 7 }, hostile, [], { date: DATE, version: '1' }))
    const { stdout, stderr } = run('man', ['--warnings', '-l', path])
    assert.equal(stderr, '')
    for (const text of [
      '.so /etc/passwd',
      "'br again — \\n[.x] ~ ^ …",
      '.SH not a section',
      '\'\\" no comment',
      '\\ a backslash',
      '.TP of a list',
      '.PP',
      'one \\\\ two',
    ])
      assert.ok(stdout.includes(text), `${text} in ${stdout}`)
    assert.equal(run('mandoc', ['-T', 'lint', '-W', 'warning', path]).stdout, '')
  })

  it('options keep their hyphens, words theirs', () => {
    assert.equal(literal('--json'), '\\-\\-json')
    assert.equal(prose('with --json a well-known -c'), 'with \\%\\-\\-json a well-known \\-c')
    assert.equal(prose("it's `ip -j`"), 'it\\(aqs \\fB\\%ip \\%\\-j\\fR')
  })

  it('say what they are made of, and when', () => {
    for (const [file, text] of pages) assert.match(text, /^\.TH \S+ \d "2026-01-31" "ethercast \d/m, file)
  })
})
