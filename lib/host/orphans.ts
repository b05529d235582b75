/**
 * Programs that outlive a process that was killed: what they still do is to be seen before anything is decided. They are known by a variable of their
 * environment (proc_pid_environ(5)).
 */

import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { EthercastError } from '../spec/error.js'

/** Has the number of the process whose step a program is. */
export const STEP_OF = 'ETHERCAST_STEP_OF'
/** Longer than any program of a step is given, in milliseconds. */
const LONGEST_MS = 15_000
const LOOK_MS = 10

/** Resolves when no program of these processes is left. @throws EthercastError `ERR_ETHERCAST_STATE` when one does not end */
export async function orphansGone(pids: readonly string[]): Promise<void> {
  const deadline = performance.now() + LONGEST_MS
  for (;;) {
    const orphan = pids.length === 0 ? undefined : findOrphan(pids)
    if (orphan === undefined) return
    if (performance.now() > deadline) {
      const message = `process ${orphan}, started by an ethercast that was killed, is still changing this host: end it first`
      throw new EthercastError('ERR_ETHERCAST_STATE', message)
    }
    await sleep(LOOK_MS)
  }
}

function findOrphan(pids: readonly string[]): string | undefined {
  const marks = pids.map((pid) => `\0${STEP_OF}=${pid}\0`)
  return readdirSync('/proc').find((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const environment = `\0${readFileSync(`/proc/${name}/environ`, 'latin1')}`
      return marks.some((mark) => environment.includes(mark))
    } catch {
      return false // it has ended, or is another user's
    }
  })
}
