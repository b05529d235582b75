/** What the doctor says of guests that run, and of what killed ones left. */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { examine, hostFacts } from '../../lib/doctor/index.js'
import type { FoundGuest } from '../../lib/index.js'
import { host } from './made_up.js'

const guest = (umid: string, state: FoundGuest['state']): FoundGuest => ({
  umid,
  state,
  path: `/var/guests/${umid}/mconsole`,
})
const findings = (...guests: FoundGuest[]) =>
  examine({ ...host(), guests: () => guests }).filter(({ check }) => check === 'umid')

describe('doctor: UML guests', () => {
  it('says nothing where there are none', () => {
    assert.deepEqual(findings(), [])
    assert.deepEqual(
      examine(host()).filter(({ check }) => check === 'umid'),
      [],
    )
  })

  it('names those that run, and says nothing of another user’s', () => {
    const [found, ...more] = findings(guest('a', 'alive'), guest('b', 'closed'), guest('c', 'alive'))
    assert.deepEqual(more, [])
    assert.deepEqual(found, { level: 'ok', check: 'umid', what: 'UML guests that run: a, c' })
  })

  it('warns of folders that are left over, with the command for each', () => {
    const [found] = findings(guest('a b', 'stale'), guest("c'd", 'stale'))
    assert.equal(found?.level, 'warning')
    assert.match(found.what, /left their folders: a b, c'd$/)
    assert.deepEqual(found.remedy, ["rm -r '/var/guests/a b'", "rm -r '/var/guests/c'\\''d'"])
    const many = findings(...Array.from({ length: 12 }, (_, i) => guest(`g${i}`, 'stale')))[0]!
    assert.match(many.what, /g0, g1, g2, g3, g4 and 7 more$/)
    assert.equal(many.remedy?.length, 5)
  })

  it('sees the real ones of this user', () => {
    const { HOME } = process.env
    const home = mkdtempSync('/tmp/eclab-home-')
    try {
      process.env.HOME = home
      mkdirSync(join(home, '.uml', 'old'), { recursive: true })
      writeFileSync(join(home, '.uml', 'old', 'pid'), '12\n')
      const stale = hostFacts().guests!().filter(({ path }) => path.startsWith(home))
      assert.deepEqual(
        stale.map(({ umid, state }) => [umid, state]),
        [['old', 'stale']],
      )
      const found = examine(hostFacts()).find(({ check, level }) => check === 'umid' && level === 'warning')
      assert.match(found?.what ?? '', /\bold\b/)
    } finally {
      if (HOME === undefined) delete process.env.HOME
      else process.env.HOME = HOME
      rmSync(home, { recursive: true })
    }
  })
})
