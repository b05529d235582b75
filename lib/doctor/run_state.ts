/** How far `ethercast up` and `down` have come, by what they leave in their folder. Reading only. */

import { readdirSync } from 'node:fs'
import { readJournal } from '../host/journal.js'
import { CLAIM, DEFAULT_STATE_FOLDER, isAlive } from '../host/state_folder.js'
import { EthercastError } from '../spec/error.js'

/** `unfinished`: one was killed while it changed this host. `other`: a set-up of another network namespace. `unknown`: this user may not look. */
export type RunState = 'none' | 'up' | 'unfinished' | 'other' | 'unknown'

export function runState(folder: string = DEFAULT_STATE_FOLDER): RunState {
  try {
    const { made, isEarlier } = readJournal(folder)
    if (isEarlier || made.size === 0) return 'none'
    // Who works on it has a claim there, and takes it along at its end.
    const claims = readdirSync(folder).filter((name) => CLAIM.test(name))
    return claims.length > 0 && !claims.some(isAlive) ? 'unfinished' : 'up'
  } catch (error) {
    if (error instanceof EthercastError && error.code === 'ERR_ETHERCAST_STATE') return 'other'
    return 'unknown'
  }
}
