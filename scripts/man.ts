// npm run build:man: writes the manual pages into man/, from the same source as the help. Before packing it is done anyway.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { manualPages } from './man/pages.js'

/** Packages that are built twice are to be the same: https://reproducible-builds.org/specs/source-date-epoch/ */
const seconds = process.env.SOURCE_DATE_EPOCH
const date = seconds === undefined ? new Date() : new Date(Number(seconds) * 1000)

const root = new URL('../', import.meta.url)
const pages = await manualPages(date.toISOString().slice(0, 10))
rmSync(new URL('man/', root), { recursive: true, force: true })
mkdirSync(new URL('man/', root))
for (const [file, text] of pages) writeFileSync(new URL(`man/${file}`, root), text)

// npm links only pages that are listed one by one. A new command is a new page, and the list is to be committed.
const path = new URL('package.json', root)
const before = readFileSync(path, 'utf8')
const listed = {
  ...(JSON.parse(before) as object),
  man: [...pages.keys()].sort().map((file) => `man/${file}`),
}
const after = `${JSON.stringify(listed, null, 2)}\n`
if (after !== before) writeFileSync(path, after)
