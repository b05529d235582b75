// A folder for the sockets of tests, short enough for their paths (unix(7): 107 octets), gone with the process.
import { mkdtempSync, rmSync } from 'node:fs'
import { atExit } from './cleanup.js'

let folder: string | undefined
let count = 0

/** A path that nobody else has; nothing is there. */
export function freshPath(name = 'socket'): string {
  if (folder === undefined) {
    const made = mkdtempSync('/tmp/ecsock-')
    atExit(() => rmSync(made, { recursive: true, force: true }))
    folder = made
  }
  return `${folder}/${count++}-${name}`
}
