// The project's own files, for tests that read the source.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../support/child.js'

/** Files below a folder, relative to the project's root, of some endings. None if there is no such folder. */
export function sourcesBelow(folder: string, ...endings: string[]): string[] {
  let entries
  try {
    entries = readdirSync(join(projectRoot, folder), { withFileTypes: true })
  } catch {
    return []
  }
  return entries
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) return sourcesBelow(path, ...endings)
      return endings.some((ending) => path.endsWith(ending)) ? [path] : []
    })
    .sort()
}

export function read(file: string): string {
  return readFileSync(join(projectRoot, file), 'utf8')
}
