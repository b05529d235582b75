// All manual pages by their file names: a page for each command, one for the file it reads, one for the program that UML starts.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { loadProgram } from '../../lib/cli/program.js'
import { commandPage, type Imprint, pageOf, type PageName } from './command_page.js'
import { filePage } from './file_page.js'
import { markdownPage } from './markdown_page.js'

interface Document extends PageName {
  /** Below docs/. */
  document: string
  /** One section of it alone, and what the page calls itself. */
  part?: { heading: string; title: string }
}

/** Texts that are pages as well. */
const DOCUMENTS: readonly Document[] = [
  { name: 'uml_net', section: 8, document: 'helper.md' },
  {
    name: 'helper.policy',
    section: 5,
    document: 'helper.md',
    part: { heading: 'The policy', title: 'which user may have which devices and addresses from uml_net' },
  },
]
const FILE: PageName = { name: 'ethercast.yaml', section: 5 }

/** @param date of the pages; as 2026-01-31 */
export async function manualPages(date: string): Promise<Map<string, string>> {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  const imprint: Imprint = { date, version }
  const program = await loadProgram()
  const all = [program, ...program.commands]
  const names = [...all.map(pageOf), FILE, ...DOCUMENTS].sort(
    (a, b) => a.section - b.section || a.name.localeCompare(b.name),
  )
  const pages = new Map<string, string>()
  const add = ({ name, section }: PageName, text: string) => pages.set(`${name}.${section}`, text)
  for (const command of all) add(pageOf(command), commandPage(command, names, imprint))
  add(FILE, filePage(FILE, names, imprint))
  for (const document of DOCUMENTS) add(document, markdownPage(document, textOf(document), names, imprint))
  return pages
}

function textOf({ document, part }: Document): string {
  const text = readFileSync(new URL(`../../docs/${document}`, import.meta.url), 'utf8')
  if (part === undefined) return text
  const [, section] = text.split(new RegExp(`^## ${part.heading}$`, 'm'))
  if (section === undefined) throw new Error(`docs/${document} has no section "${part.heading}"`)
  return `# ${part.title}\n${section.replace(/^## [^]*/m, '')}`
}
