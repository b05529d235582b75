// Planning, applying and taking back, on a made-up host: order, what is undone when a step fails, and what is kept.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { down, RolledBack, up } from '../../lib/host/apply.js'
import { Journal, readJournal } from '../../lib/host/journal.js'
import { planSteps, resourceObjections, wishStatuses } from '../../lib/host/plan.js'
import type { Wish } from '../../lib/host/resource.js'
import { freshPath } from '../support/fresh.js'
import { MadeUpHost, madeUpResources, oneWish, wish } from './made_up_host.js'

const kHere = { boot: 'this-boot', namespace: 'net:[1]' }

async function upOn(host: MadeUpHost, path: string, wishes: Wish[], signal?: AbortSignal) {
  using journal = await Journal.open(path, kHere)
  return await up(host, wishes, journal, { signal })
}

async function downOn(host: MadeUpHost, path: string, signal?: AbortSignal) {
  using journal = await Journal.open(path, kHere)
  return await down(host, journal, { signal })
}

const madeIn = (path: string) => readJournal(path, kHere).made

const kWishes = [wish({ a: '1' }), wish({ b: '1', c: '1' }), wish({ d: '1', e: '1', f: '1' })]
/** `c` is different, the others are missing; `z` is nobody's business. */
const kBefore = { c: '0', z: '9' }
const kAfter = { a: '1', b: '1', c: '1', d: '1', e: '1', f: '1', z: '9' }

describe('host: up and down', () => {
  it('makes what is missing or different; again: nothing; down: as it was', async () => {
    const [host, path] = [new MadeUpHost(kBefore), freshPath('state')]
    const steps = await upOn(host, path, kWishes)
    assert.deepEqual(
      steps.map(({ state, title }) => `${state} ${title}`),
      ['make values a', 'mend values b c', 'make values d e f'],
    )
    assert.deepEqual(host.dump(), kAfter)
    const { performed } = host
    assert.deepEqual(await upOn(host, path, kWishes), [])
    assert.equal(host.performed, performed)
    const { steps: back, left } = await downOn(host, path)
    assert.deepEqual(
      back.map(({ title }) => title),
      ['values d e f', 'values b c', 'values a'],
    )
    assert.deepEqual([left, host.dump()], [[], kBefore])
    assert.ok(!existsSync(path))
    assert.deepEqual(await downOn(host, path), { steps: [], left: [] })
  })

  it('what is there already is not ours, and stays', async () => {
    const [host, path] = [new MadeUpHost({ a: '1' }), freshPath('state')]
    await upOn(host, path, kWishes)
    assert.equal(madeIn(path).size, 2)
    await downOn(host, path)
    assert.deepEqual(host.dump(), { a: '1' })
  })

  it('what somebody has changed is made again, and what was there before up stays what it was', async () => {
    const [host, path] = [new MadeUpHost(kBefore), freshPath('state')]
    await upOn(host, path, kWishes)
    host.values.set('c', '7')
    host.values.delete('a')
    assert.deepEqual(
      (await upOn(host, path, kWishes)).map(({ state, title }) => `${state} ${title}`),
      ['make values a', 'mend values b c'],
    )
    assert.deepEqual(host.dump(), kAfter)
    await downOn(host, path)
    assert.deepEqual(host.dump(), kBefore)
  })

  it('another file: what is no longer wished is taken back first, in reverse', async () => {
    const [host, path] = [new MadeUpHost(kBefore), freshPath('state')]
    await upOn(host, path, kWishes)
    const steps = await upOn(host, path, [wish({ g: '1' }), kWishes[1]!])
    assert.deepEqual(
      steps.map(({ state, title }) => `${state} ${title}`),
      ['take back values d e f', 'take back values a', 'make values g'],
    )
    assert.deepEqual(host.dump(), { b: '1', c: '1', g: '1', z: '9' })
    await downOn(host, path)
    assert.deepEqual(host.dump(), kBefore)
  })

  for (const other of [false, true]) {
    it(`fails at any action${other ? ' of another file' : ''}: all of that run is taken back, and what failed is named`, async () => {
      const wishes = other ? [wish({ a: '2' }), kWishes[1]!, wish({ h: '1', i: '1' })] : kWishes
      for (let at = 0; ; at++) {
        const [host, path] = [new MadeUpHost(kBefore), freshPath('state')]
        if (other) await upOn(host, path, kWishes)
        const [before, made, first] = [host.dump(), [...madeIn(path).keys()].sort(), host.performed]
        host.onPerform = (action, index) => {
          if (index === first + at) throw new Error(`sysctl: no space for ${JSON.stringify(action)}`)
        }
        const failure: unknown = await upOn(host, path, wishes).then(
          () => undefined,
          (error: unknown) => error,
        )
        if (failure === undefined) {
          assert.ok(at >= 6, `${at} actions`)
          break
        }
        assert.ok(failure instanceof RolledBack)
        assert.match(
          failure.message,
          /^values [a-i ]+: sysctl: no space for .*\nAll that this run did was taken back\.$/,
        )
        assert.deepEqual(host.dump(), before)
        assert.deepEqual([...madeIn(path).keys()].sort(), made)
        if (!other) assert.ok(!existsSync(path), 'a failed first run leaves no state')
        await downOn(host, path)
        assert.deepEqual(host.dump(), kBefore)
      }
    })
  }

  it('another wish about the same thing takes its place, without taking it back in between', async () => {
    const [host, path] = [new MadeUpHost({ x: '0' }), freshPath('state')]
    await upOn(host, path, [oneWish('x', '1'), wish({ a: '1' })])
    const values: string[] = []
    host.onPerform = (action) => values.push(`${(action as { value: string }).value}`)
    const steps = await upOn(host, path, [oneWish('x', '2'), wish({ a: '1' })])
    assert.deepEqual(
      steps.map(({ state, title }) => `${state} ${title}`),
      ['mend value x'],
    )
    assert.deepEqual(values, ['2'])
    assert.equal(madeIn(path).size, 2)
    await downOn(host, path)
    assert.deepEqual(host.dump(), { x: '0' })
  })

  it('a replacement that fails, or a later step, brings back the one before it', async () => {
    for (const failing of ['x', 'y']) {
      const [host, path] = [new MadeUpHost({ x: '0' }), freshPath('state')]
      await upOn(host, path, [oneWish('x', '1')])
      const made = [...madeIn(path).keys()]
      host.onPerform = (action, index) => {
        if (index > 0 && (action as { name: string }).name === failing) {
          host.onPerform = () => {}
          throw new Error(`${failing} is broken`)
        }
      }
      await assert.rejects(upOn(host, path, [oneWish('x', '2'), oneWish('y', '2')]), /is broken\nAll/)
      assert.deepEqual(host.dump(), { x: '1' })
      assert.deepEqual([...madeIn(path).keys()], made)
      await downOn(host, path)
      assert.deepEqual(host.dump(), { x: '0' })
    }
  })

  it('what cannot be taken back is named, stays in the journal, and down takes it back when it can be', async () => {
    const [host, path] = [new MadeUpHost(kBefore), freshPath('state')]
    host.onPerform = ({ do: _, ...action }) => {
      const { name, value } = action as { name: string; value: string }
      if (name === 'f') throw new Error('f is broken')
      if (name === 'b' && value === '') throw new Error('b is stuck')
    }
    await assert.rejects(upOn(host, path, kWishes), (error: RolledBack) => {
      assert.match(
        error.message,
        /^values d e f: f is broken\nNot all .* ethercast down\n  values b c: values b c: b is stuck$/,
      )
      return true
    })
    assert.deepEqual([...madeIn(path).keys()].length, 1)
    const { left } = await downOn(host, path)
    assert.deepEqual(left.length, 1)
    host.onPerform = () => {}
    assert.deepEqual((await downOn(host, path)).left, [])
    assert.deepEqual(host.dump(), kBefore)
  })

  it('down goes on over what fails, and keeps only that', async () => {
    const [host, path] = [new MadeUpHost(kBefore), freshPath('state')]
    await upOn(host, path, kWishes)
    host.onPerform = (action) => {
      if ((action as { name: string }).name === 'e') throw new Error('e is stuck')
    }
    const { steps, left } = await downOn(host, path)
    assert.deepEqual([steps.length, left.map(({ title }) => title)], [2, ['values d e f']])
    assert.deepEqual(
      [...madeIn(path).values()].map((each) => each.wish),
      [kWishes[2]],
    )
    host.onPerform = () => {}
    await downOn(host, path)
    assert.deepEqual(host.dump(), kBefore)
  })

  it('a later run that fails: what an earlier one made, and a step has taken along, is made again', async () => {
    const [host, path] = [new MadeUpHost({}), freshPath('state')]
    await upOn(host, path, [wish({ address: '1' }), wish({ route: '1' })])
    const ids = [...madeIn(path).keys()].sort()
    const perform = host.perform.bind(host)
    host.perform = async (action) => {
      await perform(action)
      if ((action as { name: string }).name.startsWith('address')) host.values.delete('route')
    }
    host.onPerform = (action) => {
      if ((action as { name: string }).name === 'last') throw new Error('it fails')
    }
    const wishes = [wish({ address2: '1' }), wish({ route: '1' }), wish({ last: '1' })]
    await assert.rejects(upOn(host, path, wishes), /it fails\nAll that this run did was taken back/)
    assert.deepEqual(host.dump(), { address: '1', route: '1' })
    assert.deepEqual([...madeIn(path).keys()].sort(), ids)
    host.perform = perform
    await downOn(host, path)
    assert.deepEqual(host.dump(), {})
  })

  it('a step that has no effect is a failure', async () => {
    const [host, path] = [new MadeUpHost(), freshPath('state')]
    host.perform = () => Promise.resolve()
    await assert.rejects(upOn(host, path, kWishes), /values a: all went through, and yet it is missing\n/)
  })

  it('interrupted: the step at hand is finished, then all is taken back', async () => {
    const [host, path] = [new MadeUpHost(kBefore), freshPath('state')]
    const end = new AbortController()
    const seen: string[] = []
    host.onPerform = (action, index) => {
      seen.push((action as { name: string }).name)
      if (index === 1) end.abort(new Error('interrupted'))
    }
    await assert.rejects(
      upOn(host, path, kWishes, end.signal),
      /interrupted\nAll that this run did was taken back/,
    )
    assert.deepEqual(seen, ['a', 'b', 'c', 'b', 'c', 'a'])
    assert.deepEqual(host.dump(), kBefore)
  })

  it('down interrupted: the rest stays in the journal', async () => {
    const [host, path] = [new MadeUpHost(kBefore), freshPath('state')]
    await upOn(host, path, kWishes)
    const end = new AbortController()
    host.onPerform = () => end.abort(new Error('interrupted'))
    const { steps, left } = await downOn(host, path, end.signal)
    assert.deepEqual([steps.length, left.length, madeIn(path).size], [1, 2, 2])
    await downOn(host, path)
    assert.deepEqual(host.dump(), kBefore)
  })

  it('a kind that this version does not know is named; the rest is taken back', async () => {
    const [host, path] = [new MadeUpHost(kBefore), freshPath('state')]
    await upOn(host, path, kWishes)
    {
      using journal = await Journal.open(path, kHere)
      journal.add({ id: 'constructor 1', wish: { kind: 'constructor', params: 1 }, before: null })
    }
    const { left } = await downOn(host, path)
    assert.match(left[0]!.message, /does not know what "constructor" is/)
    assert.deepEqual(host.dump(), kBefore)
  })

  it('property: whatever is wished, changed and fails, down brings back what was there', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const value = fc.constantFrom('1', '2')
    const values = fc.dictionary(name, value, { maxKeys: 5 })
    // Each name in one wish at most: two wishes that fight over a value are refused before.
    const wishes = fc.tuple(fc.array(fc.tuple(name, value, fc.nat(2)), { maxLength: 6 })).map(([list]) => {
      const groups: Record<string, string>[] = [{}, {}, {}]
      for (const [key, text, place] of list)
        if (groups.every((each) => !(key in each))) groups[place]![key] = text
      return groups.filter((each) => Object.keys(each).length > 0).map((each) => wish(each))
    })
    const run = fc.record({ wishes, failAt: fc.option(fc.nat(8), { nil: undefined }) })
    await fc.assert(
      fc.asyncProperty(values, fc.array(run, { maxLength: 4 }), async (before, runs) => {
        const [host, path] = [new MadeUpHost(before), freshPath('state')]
        const original = host.dump()
        for (const { wishes: wanted, failAt } of runs) {
          const [start, first] = [host.dump(), host.performed]
          host.onPerform = (_, index) => {
            if (index === first + (failAt ?? -1)) throw new Error('it fails')
          }
          try {
            await upOn(host, path, wanted)
            for (const each of wanted)
              assert.equal(madeUpResources.group!.state(each.params, await host.look()), 'made')
          } catch (error) {
            assert.ok(error instanceof RolledBack)
            assert.deepEqual(host.dump(), start)
          }
        }
        host.onPerform = () => {}
        await downOn(host, path)
        assert.deepEqual(host.dump(), original)
        assert.ok(!existsSync(path))
      }),
      { numRuns: 200 },
    )
  })
})

describe('host: plan and status', () => {
  it('an objection to a device is told where the file has it', async () => {
    const strange = { ...madeUpResources.group!, objection: () => ({ message: 'it is strange' }) }
    const wishes = ['tap0', 'eth0'].map((device) => wish({ device }))
    const placeOf = (device: string) => (device === 'tap0' ? ['taps', 'tap0'] : [])
    const reality = await new MadeUpHost().look()
    assert.deepEqual(
      resourceObjections({ group: strange }, wishes, new Map(), reality, placeOf).map(({ path }) => path),
      [['taps', 'tap0'], []],
    )
  })

  it('a plan has every step with its actions, and does nothing', async () => {
    const [host, path] = [new MadeUpHost({ ...kBefore, a: '1' }), freshPath('state')]
    await upOn(host, path, [wish({ old: '1' })])
    const before = host.dump()
    const steps = planSteps(madeUpResources, kWishes, madeIn(path), await host.look())
    assert.deepEqual(
      steps.map(({ state, title, actions }) => `${state} ${title} ${actions.length}`),
      ['take back values old 1', 'nothing values a 0', 'mend values b c 2', 'make values d e f 3'],
    )
    assert.deepEqual(host.dump(), before)
  })

  it('status: made, missing, different, leftover, and whose', async () => {
    const [host, path] = [new MadeUpHost({ ...kBefore, a: '1' }), freshPath('state')]
    await upOn(host, path, [...kWishes, wish({ old: '1' })])
    host.values.set('c', '3')
    for (const name of ['d', 'e', 'f']) host.values.delete(name)
    assert.deepEqual(
      wishStatuses(madeUpResources, kWishes, madeIn(path), await host.look()).map(
        ({ state, title, ours }) => `${state} ${title} ${ours}`,
      ),
      [
        'made values a false',
        'different values b c true',
        'missing values d e f true',
        'leftover values old true',
      ],
    )
  })
})
