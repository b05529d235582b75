// Tells whether inputs changed since a step was last done. By content, not by time: a checkout or a copy
// changes times of files that are the same, and an edited file may get an older time.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** All files below a folder, sorted, without the named subfolders. */
export function filesBelow(folder, { without = [] } = {}) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !without.includes(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesBelow(path)
      return entry.isFile() ? [path] : []
    })
    .sort()
}

/** A digest of files (names and contents) and of further facts. */
export function fingerprint(root, files, facts = []) {
  const hash = createHash('sha256').update(JSON.stringify(facts))
  for (const file of files) hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file))
  return hash.digest('hex')
}

// Inside node_modules, so that whoever removes that folder also removes what we believe about it.
const stampFile = (root, name) => join(root, 'node_modules', '.ethercast-setup', name)

export function isStamped(root, name, value) {
  try {
    return readFileSync(stampFile(root, name), 'utf8') === value
  } catch {
    return false
  }
}

export function stamp(root, name, value) {
  mkdirSync(join(root, 'node_modules', '.ethercast-setup'), { recursive: true })
  writeFileSync(stampFile(root, name), value)
}
