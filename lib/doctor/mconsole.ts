/** Folders that User-Mode Linux guests left behind when they were killed (arch/um/os-Linux/umid.c). */

import { dirname } from 'node:path'
import type { FoundGuest } from '../mconsole/index.js'
import type { HostFacts } from './facts.js'
import { ok } from './finding.js'
import type { Finding } from './finding.js'

/** So many are named. */
const SHOWN = 5

/** Nothing where there are no guests, and never were. */
export function checkConsoles(facts: HostFacts): Finding[] {
  const all = facts.guests?.() ?? []
  const alive = all.filter(({ state }) => state === 'alive')
  const stale = all.filter(({ state }) => state === 'stale')
  const findings: Finding[] = []
  if (alive.length > 0) findings.push(ok('umid', `UML guests that run: ${named(alive)}`))
  if (stale.length > 0) {
    findings.push({
      level: 'warning',
      check: 'umid',
      what: `UML guests that have ended left their folders: ${named(stale)}`,
      why: 'a new guest of that umid gets another name, at random, once the pid noted there is anybody’s again',
      remedy: stale.slice(0, SHOWN).map(({ path }) => `rm -r ${quoted(dirname(path))}`),
    })
  }
  return findings
}

function named(guests: readonly FoundGuest[]): string {
  const more = guests.length > SHOWN ? ` and ${guests.length - SHOWN} more` : ''
  return (
    guests
      .slice(0, SHOWN)
      .map(({ umid }) => umid)
      .join(', ') + more
  )
}

/** For a shell. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
