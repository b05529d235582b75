// All manual pages by their file names: a page for each command, one for the file it reads, one for the program that UML starts.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { loadProgram } from '../../lib/cli/program.js'
import { commandPage, type Imprint, pageOf, type PageName } from './command_page.js'
import { filePage } from './file_page.js'
import { markdownPage } from './markdown_page.js'

/** Texts that are pages as well: documents of docs/. */
const DOCUMENTS: readonly (PageName & { document: string })[] = [
  { name: 'uml_net', section: 8, document: 'helper.md' },
  { name: 'helper.policy', section: 5, document: 'helper.policy.md' },
]
const FILE: PageName = { name: 'ethercast.yaml', section: 5 }

/** @param date of the pages; as 2026-01-31 */
export async function manualPages(date: string): Promise<Map<string, string>> {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  const imprint: Imprint = { date, version }
  const program = await loadProgram()
  const documents = DOCUMENTS.filter(({ document }) => existsSync(pathOf(document)))
  const all = [program, ...program.commands]
  const names = [...all.map(pageOf), FILE, ...documents].sort(
    (a, b) => a.section - b.section || a.name.localeCompare(b.name),
  )
  const pages = new Map<string, string>()
  const add = ({ name, section }: PageName, text: string) => pages.set(`${name}.${section}`, text)
  for (const command of all) add(pageOf(command), commandPage(command, names, imprint))
  add(FILE, filePage(FILE, names, imprint))
  for (const { document, ...name } of documents)
    add(name, markdownPage(name, readFileSync(pathOf(document), 'utf8'), names, imprint))
  return pages
}

const pathOf = (document: string) => new URL(`../../docs/${document}`, import.meta.url)
