// What must not stand in any tracked file.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../support/child.js'
import { skip } from '../support/need.js'
import { read } from './files.js'

/** Tracked text files; a file with a NUL is none. */
function trackedFiles(context: Mocha.Context): string[] {
  const listed = spawnSync('git', ['ls-files', '-z'], { cwd: projectRoot, encoding: 'utf8' })
  if (listed.status !== 0) skip(context, 'no git checkout; these tests read what is tracked')
  return listed.stdout.split('\0').filter((file) => file !== '' && existsSync(join(projectRoot, file)))
}

function hits(files: string[], pattern: RegExp): string[] {
  return files.flatMap((file) => {
    const text = read(file)
    if (text.includes('\0')) return []
    return text
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 120)}`] : [],
      )
  })
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

describe('structure: text', () => {
  let files: string[]
  before(function () {
    files = trackedFiles(this)
  })

  it('no paths of one machine', () => {
    // Split, so that this file does not find itself.
    const homes = ['/ho' + 'me/', '/ro' + 'ot/', '/Us' + 'ers/']
    const root = projectRoot.replace(/\/$/, '')
    const checkout = root.split('/').length > 2 ? [root] : []
    const pattern = new RegExp([...homes, ...checkout].map(escaped).join('|'))
    assert.deepEqual(hits(files, pattern), [])
  })

  it('no registries but the public one', () => {
    const pattern =
      /\bhttps?:\/\/(?!registry\.npmjs\.org\/)[\w.-]*(registry|artifactory|nexus|mirror|proxy)[\w.-]*[/:]/i
    assert.deepEqual(hits(files, pattern), [])
  })

  it('no test is singled out or left out', () => {
    const tests = files.filter((file) => file.startsWith('test/'))
    assert.deepEqual(hits(tests, /\b(describe|it|specify|suite|test)\.(only|skip)\s*\(/), [])
    const native = files.filter((file) => file.startsWith('native/test/'))
    assert.deepEqual(hits(native, /doctest::(skip|may_fail|should_fail)\b/), [])
  })
})
