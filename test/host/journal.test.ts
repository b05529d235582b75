// The journal: what survives a kill, and what is refused.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { statSync, symlinkSync, writeFileSync, appendFileSync } from 'node:fs'
import fc from 'fast-check'
import { Journal, readJournal, whereabouts } from '../../lib/host/journal.js'
import type { Intention } from '../../lib/host/journal.js'
import { parseJournal } from '../../lib/host/journal_text.js'
import { wishId } from '../../lib/host/resource.js'
import type { Json } from '../../lib/host/resource.js'
import { freshPath } from '../support/fresh.js'
import { need } from '../support/need.js'

const kHere = { boot: 'this-boot', namespace: 'net:[1]' }

function intention(n: number, before: Json = null): Intention {
  const wish = { kind: 'thing', params: { n } }
  return { id: wishId(wish), wish, before }
}

const open = (path: string, here = kHere) => Journal.open(path, here)
const numbers = ({ made }: { made: ReadonlyMap<string, Intention> }) =>
  [...made.values()].map(({ wish }) => (wish.params as { n: number }).n)

async function written(path: string, ...ns: number[]): Promise<void> {
  using journal = await open(path)
  for (const n of ns) journal.add(intention(n, { was: n }))
}

describe('journal', () => {
  it('a later process finds what was made, in that order, and what was there before', async () => {
    const path = freshPath('state')
    await written(path, 1, 2, 3)
    {
      using journal = await open(path)
      assert.deepEqual(numbers(journal), [1, 2, 3])
      assert.deepEqual([...journal.made.values()][1]!.before, { was: 2 })
      journal.forget(intention(2).id)
    }
    assert.deepEqual(numbers(readJournal(path, kHere)), [1, 3])
    await written(path, 2)
    assert.deepEqual(numbers(readJournal(path, kHere)), [1, 3, 2])
  })

  it('a record is in the file before add returns', async () => {
    const path = freshPath('state')
    using journal = await open(path)
    assert.ok(!existsSync(`${path}/journal`), 'nothing is written while nothing is made')
    journal.add(intention(1))
    assert.match(readFileSync(`${path}/journal`, 'utf8'), /^\{"ethercast":1,.*\}\n\{"made":.*\}\n$/)
  })

  it('folder and files are of this user alone', async () => {
    const path = freshPath('state')
    using journal = await open(path)
    journal.add(intention(1))
    const mode = (name: string) => (statSync(`${path}/${name}`).mode & 0o777).toString(8)
    assert.equal(mode('.'), '700')
    for (const name of readdirSync(path)) assert.equal(mode(name), '600', name)
  })

  it('nothing made: file and folder are gone', async () => {
    const path = freshPath('state')
    await written(path, 1)
    {
      using journal = await open(path)
      journal.forget(intention(1).id)
    }
    assert.ok(!existsSync(path))
  })

  it('a folder that was there before stays', async () => {
    const path = freshPath('state')
    mkdirSync(path, { mode: 0o700 })
    await written(path, 1)
    {
      using journal = await open(path)
      journal.forget(intention(1).id)
    }
    assert.deepEqual(readdirSync(path), [])
  })

  it('a record cut anywhere does not count, and the next takes its place', async () => {
    const path = freshPath('state')
    await written(path, 1, 2)
    const whole = readFileSync(`${path}/journal`)
    const start = whole.lastIndexOf('{"made"')
    for (let end = start; end < whole.length; end++) {
      writeFileSync(`${path}/journal`, whole.subarray(0, end))
      assert.deepEqual(numbers(readJournal(path, kHere)), [1])
    }
    await written(path, 3)
    assert.deepEqual(numbers(readJournal(path, kHere)), [1, 3])
  })

  it('a header cut anywhere: nothing was made', async () => {
    const path = freshPath('state')
    await written(path, 1)
    const whole = readFileSync(`${path}/journal`)
    for (let end = 0; end <= whole.indexOf('\n'); end++) {
      writeFileSync(`${path}/journal`, whole.subarray(0, end))
      assert.deepEqual(numbers(readJournal(path, kHere)), [])
    }
    await written(path, 2)
    assert.deepEqual(numbers(readJournal(path, kHere)), [2])
  })

  it('of another boot: nothing is up, and the file is put aside', async () => {
    const path = freshPath('state')
    await written(path, 1, 2)
    const later = { ...kHere, boot: 'next-boot' }
    assert.deepEqual(readJournal(path, later), { made: new Map(), isEarlier: true })
    {
      using journal = await open(path, later)
      assert.ok(journal.isEarlier)
      assert.deepEqual(numbers(journal), [])
      journal.add(intention(7))
    }
    assert.deepEqual(numbers(readJournal(path, later)), [7])
    assert.match(readFileSync(`${path}/journal.earlier`, 'utf8'), /this-boot/)
  })

  it('of another network namespace: refused, and left alone', async () => {
    const path = freshPath('state')
    await written(path, 1)
    const there = { ...kHere, namespace: 'net:[2]' }
    await assert.rejects(open(path, there), /another network namespace \(net:\[1\].*--state DIR/s)
    assert.throws(() => readJournal(path, there), /another network namespace/)
    assert.deepEqual(numbers(readJournal(path, kHere)), [1])
  })

  it('knows where it is', () => {
    assert.match(whereabouts().boot, /^[\da-f-]{36}$/)
    assert.match(whereabouts().namespace, /^net:\[\d+\]$/)
  })

  for (const [what, text] of [
    ['no JSON', 'Hello!\n'],
    ['another header', '{"version":1}\n'],
    ['a record that is none', `${JSON.stringify({ ethercast: 1, ...kHere, ownFolder: true })}\n{"did":1}\n`],
    [
      'a record with more than it should have',
      `${JSON.stringify({ ethercast: 1, ...kHere, ownFolder: true })}\n{"made":{"kind":"a","params":1},"before":1,"x":1}\n`,
    ],
    ['what is no text', Buffer.from([0x7b, 0xff, 0xfe, 0x0a])],
    [
      'forgetting what was not made',
      `${JSON.stringify({ ethercast: 1, ...kHere, ownFolder: true })}\n{"forgotten":"x"}\n`,
    ],
  ] as const) {
    it(`refuses ${what}, names the line, and says what to do`, async () => {
      const path = freshPath('state')
      mkdirSync(path, { mode: 0o700 })
      writeFileSync(`${path}/journal`, text, { mode: 0o600 })
      await assert.rejects(open(path), (error: Error) => {
        assert.match(error.message, /state\/journal(:\d)?: .*nothing was done.*remove the file/s)
        return true
      })
      assert.deepEqual(readdirSync(path), ['journal'], 'no claim is left')
    })
  }

  it('another format names the way out', async () => {
    const path = freshPath('state')
    mkdirSync(path, { mode: 0o700 })
    writeFileSync(`${path}/journal`, '{"ethercast":2}\n', { mode: 0o600 })
    await assert.rejects(open(path), /format 2.*take down with the version that set up/)
  })

  it('random octets and spoilt journals: an error that says so, or a journal; never anything else', () => {
    const lines = fc.array(
      fc.oneof(
        fc.json(),
        fc.record({ made: fc.jsonValue(), before: fc.jsonValue() }).map((value) => JSON.stringify(value)),
        fc
          .record({ made: fc.record({ kind: fc.string(), params: fc.jsonValue() }), before: fc.jsonValue() })
          .map((value) => JSON.stringify(value)),
        fc.record({ forgotten: fc.string() }).map((value) => JSON.stringify(value)),
        fc.constant(JSON.stringify({ ethercast: 1, ...kHere, ownFolder: true })),
      ),
    )
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      lines.map((each) => Buffer.from(each.join('\n'))),
      lines.map((each) =>
        Buffer.from([JSON.stringify({ ethercast: 1, ...kHere, ownFolder: true }), ...each, ''].join('\n')),
      ),
    )
    fc.assert(
      fc.property(content, (octets) => {
        try {
          const { made, header } = parseJournal(octets, 'journal', kHere.boot)
          assert.ok(made.size === 0 || header !== undefined)
          for (const [id, { wish }] of made) assert.equal(id, wishId(wish))
        } catch (error) {
          assert.match((error as Error).message, /^journal(:\d+)?: /)
          assert.equal((error as { code?: string }).code, 'ERR_ETHERCAST_STATE')
        }
      }),
      { numRuns: 3000 },
    )
  })
})

describe('journal: its folder', () => {
  it('refuses a symbolic link, a folder of somebody else, and one that others may write to', async function () {
    need(this, 'root')
    const real = freshPath('real')
    mkdirSync(real, { mode: 0o700 })
    const link = freshPath('link')
    symlinkSync(real, link)
    await assert.rejects(open(link), /symbolic link is not followed|ENOTDIR|ELOOP/)
    chownSync(real, 12345, 12345)
    await assert.rejects(open(real), /belongs to user 12345.*--state DIR/)
    chownSync(real, 0, 0)
    chmodSync(real, 0o770)
    await assert.rejects(open(real), /may be written to by others \(mode 770\); chmod 700/)
    assert.deepEqual(readdirSync(real), [])
  })

  it("refuses a journal that is a link, a FIFO, or somebody else's", async function () {
    need(this, 'root')
    const path = freshPath('state')
    const target = freshPath('target')
    mkdirSync(path, { mode: 0o700 })
    writeFileSync(target, '')
    symlinkSync(target, `${path}/journal`)
    await assert.rejects(open(path), /ELOOP/)
    const other = freshPath('state')
    await written(other, 1)
    chownSync(`${other}/journal`, 12345, 12345)
    await assert.rejects(open(other), /belongs to user 12345/)
  })

  it('says where it can be made', async () => {
    await assert.rejects(open(`${freshPath('none')}/state`), /\(ENOENT\).*make the folder/)
  })

  it('one at a time, and nobody waits for ever', async () => {
    const path = freshPath('state')
    using first = await open(path)
    const begun = performance.now()
    await assert.rejects(open(path), new RegExp(`another ethercast \\(process ${process.pid}\\)`))
    assert.ok(performance.now() - begun < 5000)
    first.add(intention(1))
    assert.deepEqual(numbers(readJournal(path, kHere)), [1], 'reading needs no claim')
  })

  it('a claim of a living process holds; of one that has gone, or has another start time, it does not', async () => {
    const path = freshPath('state')
    mkdirSync(path, { mode: 0o700 })
    const sleeper = spawn('sleep', ['60'])
    const { pid } = sleeper
    const start = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ')[19]!
    const space = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0]
    appendFileSync(`${path}/lock-${pid}-${start}-${space}`, '')
    await assert.rejects(open(path), new RegExp(`process ${pid}\\)`))
    // The same number, used again by a later process.
    appendFileSync(`${path}/lock-${pid}-${Number(start) + 1}-${space}`, '')
    sleeper.kill('SIGKILL')
    await once(sleeper, 'exit')
    using journal = await open(path)
    assert.deepEqual(readdirSync(path).length, 1)
    assert.equal(journal.made.size, 0)
  })
})
