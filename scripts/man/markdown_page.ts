// A document of docs/ as a page: headings, paragraphs, lists, tables, code. Its title is `name: what it is`.
import type { Imprint, PageName } from './command_page.js'
import { reference } from './command_page.js'
import { broken, literal, Page, prose } from './roff.js'

export function markdownPage(
  { name, section }: PageName,
  text: string,
  others: readonly PageName[],
  { date, version }: Imprint,
): string {
  const page = new Page(name, section, date, version)
  const [title = '', ...rest] = text.split('\n')
  page.section('Name').line(`${literal(name)} \\- ${prose(title.replace(/^# +([\w.]+: )?/, ''))}`)
  page.section('Description')
  for (const block of blocksOf(rest)) addBlock(page, block)
  page.section('See also').line(
    others
      .filter((other) => other.name !== name)
      .map(reference)
      .join(', '),
  )
  return page.toString()
}

/** Runs of lines between blank ones; code between its fences is one. */
function blocksOf(lines: readonly string[]): string[][] {
  const blocks: string[][] = []
  let block: string[] = []
  let isCode = false
  const end = () => {
    if (block.length > 0) blocks.push(block)
    block = []
  }
  for (const line of lines) {
    if (line.startsWith('```')) {
      if (!isCode) end()
      isCode = !isCode
      block.push(line)
      if (!isCode) end()
    } else if (isCode || line.trim() !== '') block.push(line)
    else end()
  }
  end()
  return blocks
}

/** Lines of code that a shell is to read; others are of a file or a log. */
const SHELL = /^(sudo|PATH=|ethercast|linux)/

/** Links are their text. */
const linked = (text: string) => prose(text.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/<!--.*?-->/g, ''))

function addBlock(page: Page, block: readonly string[]): void {
  const [first = ''] = block
  const heading = /^(##+) (.*)$/.exec(first)
  if (heading !== null) {
    if (heading[1] === '##') page.section(heading[2]!.replaceAll('`', ''))
    else page.subsection(heading[2]!.replaceAll('`', ''))
    if (block.length > 1) addBlock(page, block.slice(1))
  } else if (first.startsWith('```')) page.verbatim(block.slice(1, -1).flatMap((line) => broken(line, SHELL.test(line) ? undefined : '')))
  else if (first.startsWith('|')) addTable(page, block)
  else if (/^(- |\d+\. )/.test(first)) for (const item of itemsOf(block)) page.bullet(linked(item))
  else page.paragraph(linked(block.join(' ')))
}

function itemsOf(lines: readonly string[]): string[] {
  const items: string[] = []
  for (const line of lines) {
    const [, item] = /^(?:- |\d+\. )(.*)$/.exec(line) ?? []
    if (item !== undefined) items.push(item)
    else items.push(`${items.pop() ?? ''} ${line.trim()}`)
  }
  return items
}

/** The first column is the term. */
function addTable(page: Page, lines: readonly string[]): void {
  const rows = lines.map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
  for (const [term = '', ...cells] of rows.slice(2))
    page.item(linked(term.trim()), linked(cells.map((cell) => cell.trim()).join('; ')))
}
