/**
 * What had the helper's name before it was installed, put aside beside it. Setuid or setgid it would go on giving its callers what the
 * policy refuses them, so it is kept without those bits; they are written down, and are back with `uninstall`.
 */

import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'

export const KEPT_SUFFIX = '.before-ethercast'
const MODE_SUFFIX = '.mode'
const SET_ID_BITS = 0o6000
const ALL_BITS = 0o7777

/** Both names are the same file then. What an earlier one's mode was is nobody's any more. */
export function putAside(path: string, kept: string): void {
  rmSync(kept + MODE_SUFFIX, { force: true })
  linkSync(path, kept)
}

/** Takes the bits off. The mode that it had, if there were any: `4754`. */
export function disarm(kept: string): string | undefined {
  const status = lstatSync(kept, { throwIfNoEntry: false })
  if (!status?.isFile() || (status.mode & SET_ID_BITS) === 0) return undefined
  const mode = (status.mode & ALL_BITS).toString(8)
  rmSync(kept + MODE_SUFFIX, { force: true })
  writeFileSync(kept + MODE_SUFFIX, `${mode}\n`, { flag: 'wx', mode: 0o644 })
  chmodSync(kept, status.mode & ALL_BITS & ~SET_ID_BITS)
  return mode
}

/** It has its name and its mode again. */
export function bringBack(kept: string, path: string): void {
  renameSync(kept, path)
  const noted = kept + MODE_SUFFIX
  if (!existsSync(noted)) return
  const mode = readFileSync(noted, 'utf8').trim()
  if (/^[0-7]{4}$/.test(mode)) chmodSync(path, Number.parseInt(mode, 8))
  rmSync(noted)
}
