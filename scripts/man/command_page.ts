// The page of a command: what commander knows of it, and the text behind its help.
import type { Command } from 'commander'
import { type Block, readHelp, textBehind } from './help_text.js'
import { bold, broken, italic, literal, Page, prose } from './roff.js'

/** Those that are for who runs the host. */
const SECTION_8 = new Set(['plan', 'up', 'down', 'status', 'helper', 'tunctl'])

export interface PageName {
  name: string
  section: number
}

export function pageOf(command: Command): PageName {
  const { parent } = command
  return {
    name: parent === null ? command.name() : `${parent.name()}-${command.name()}`,
    section: SECTION_8.has(command.name()) ? 8 : 1,
  }
}

export const reference = ({ name, section }: PageName): string => `${bold(name)}(${section})`

export interface Imprint {
  date: string
  version: string
}

export function commandPage(command: Command, others: readonly PageName[], imprint: Imprint): string {
  const { name, section } = pageOf(command)
  const page = new Page(name, section, imprint.date, imprint.version)
  const summary = command.summary() || command.description()
  page.section('Name').line(`${literal(name)} \\- ${prose(lowered(summary))}`)
  page.section('Synopsis').line(synopsis(command))
  const help = readHelp(textBehind(command))
  page.section('Description').paragraph(prose(command.description().replace(/(?<=\w)$/, '.')))
  for (const note of help.notes) addBlocks(page, note)
  addArguments(page, command)
  if (command.parent === null) addCommands(page, command)
  else addSubcommands(page, command)
  const options: [string, string][] = [...optionsOf(command), ...help.options]
  if (options.length > 0) {
    page.section('Options')
    for (const [flags, meaning] of options) page.item(flagText(flags), prose(meaning))
  }
  if (help.exitCode !== '') page.section('Exit status').paragraph(prose(capital(help.exitCode)))
  if (help.examples.length > 0) page.section('Examples')
  for (const { command: lines, explanation } of help.examples) {
    page.verbatim(lines.flatMap((line) => broken(line)), true)
    if (explanation !== '') page.indented(() => page.line(prose(explanation)))
  }
  const seen = others.filter((other) => other.name !== name)
  if (seen.length > 0) page.section('See also').line(seen.map(reference).join(', '))
  return page.toString()
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** Behind a dash no capital, unless it is a name's: `A virtual Ethernet` is none. */
function lowered(summary: string): string {
  return /^[A-Z] |^[A-Z][a-z]/.test(summary) ? summary[0]!.toLowerCase() + summary.slice(1) : summary
}

function synopsis(command: Command): string {
  const names: string[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name())
  const usage = command.usage().replace(/\[options\]/, hasOptions(command) ? '[options]' : '')
  const words = usage.split(/\s+/).filter(Boolean)
  return [bold(names.join(' ')), ...words.map(usageWord)].join(' ')
}

const hasOptions = (command: Command) => optionsOf(command).length > 0

/** `<spec...>`, `[options]`, `-unix`: what is filled in is in italics. */
function usageWord(word: string): string {
  const [, before, inner, after] = /^([[<]*)(.*?)((?:\.{3})?[\]>]*)$/.exec(word)!
  const isTyped = inner!.startsWith('-')
  return `${literal(before!.replace('<', ''))}${isTyped ? bold(inner!) : italic(inner!)}${literal(after!.replace('>', ''))}`
}

function optionsOf(command: Command): [string, string][] {
  const help = command.createHelp()
  return help.visibleOptions(command).map((option) => [option.flags, help.optionDescription(option)])
}

/** `-c, --count <number>`: letters as typed, values in italics. */
function flagText(flags: string): string {
  return flags
    .split(/(\s+|,)/)
    .map((part) => (/^[<[]|^[A-Z]+$/.test(part) ? italic(part.replace(/[<>]/g, '')) : /^-/.test(part) ? bold(part) : part))
    .join('')
}

function addArguments(page: Page, command: Command): void {
  const described = command.registeredArguments.filter(({ description }) => description !== '')
  if (described.length === 0) return
  const help = command.createHelp()
  page.section('Arguments')
  for (const argument of described)
    page.item(italic(`${argument.name()}${argument.variadic ? '...' : ''}`), prose(help.argumentDescription(argument)))
}

function addCommands(page: Page, program: Command): void {
  page.section('Commands')
  for (const command of program.commands) page.item(reference(pageOf(command)), prose(command.summary()))
}

/** Commands of a command have no page of their own. */
function addSubcommands(page: Page, command: Command): void {
  if (command.commands.length === 0) return
  page.section('Commands')
  for (const sub of command.commands) {
    page.subsection(`${command.name()} ${sub.name()}`).line(synopsis(sub))
    page.paragraph(prose(sub.description() || sub.summary()))
    const help = sub.createHelp()
    for (const argument of sub.registeredArguments.filter(({ description }) => description !== ''))
      page.item(italic(argument.name()), prose(help.argumentDescription(argument)))
    for (const [flags, meaning] of optionsOf(sub)) page.item(flagText(flags), prose(meaning))
    const { notes, options, examples, exitCode } = readHelp(textBehind(sub))
    for (const [flags, meaning] of options) page.item(flagText(flags), prose(meaning))
    for (const note of notes) addBlocks(page, note)
    for (const { command: lines, explanation } of examples) {
      page.verbatim(lines.flatMap((line) => broken(line)), true)
      if (explanation !== '') page.indented(() => page.line(prose(explanation)))
    }
    if (exitCode !== '') page.paragraph(prose(`Exit status: ${exitCode}`))
  }
}

function addBlocks(page: Page, blocks: readonly Block[]): void {
  for (const { kind, lines } of blocks) {
    if (kind === 'text') page.paragraph(prose(lines.join(' ')))
    else page.verbatim(lines.map((line) => line.replace(/^ {2}/, '')))
  }
}
