/**
 * A folder of our own for the paths that answers come to. A path, since the abstract names that uml_mconsole has are of one network
 * namespace; a private folder, since who may write to the path may answer.
 */

import { chownSync, mkdtempSync, rmdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** sun_path without its NUL. */
const MAX_PATH_OCTETS = 107
/** What is put behind the folder: a slash, a letter and a number. */
const NAME_OCTETS = 20

export class PrivateFolder {
  readonly #path: string
  #count = 0
  #removed = false

  /** @param consolePath of the guest that is to answer: when it is another user's, then root's folder has to be open to that user */
  constructor(consolePath: string) {
    this.#path = mkdtempSync(join(shortFolder(), 'ethercast-'))
    try {
      const { uid, gid } = statSync(consolePath)
      if (process.geteuid!() === 0 && uid !== 0) chownSync(this.#path, uid, gid)
    } catch (error) {
      this.remove()
      throw error
    }
  }

  /** A path that nothing had yet, so that late answers to former questions find nobody. */
  next(): string {
    return join(this.#path, `r${++this.#count}`)
  }

  /** Without looking into it: what a guest's user may have put there stays, and is none of ours. */
  remove(): void {
    if (this.#removed) return
    this.#removed = true
    try {
      rmdirSync(this.#path)
    } catch {
      // somebody else has put something there, or taken it away
    }
  }
}

function shortFolder(): string {
  const folder = tmpdir()
  const octets = Buffer.byteLength(join(folder, 'ethercast-XXXXXX')) + NAME_OCTETS
  return octets <= MAX_PATH_OCTETS ? folder : '/tmp'
}
