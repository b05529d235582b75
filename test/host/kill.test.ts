// kill -9 at every point of `up` and of `down`: a fresh `down` brings back exactly what was there, and a fresh `up` goes on to the end.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { seeded } from '../support/random.js'
import { RichHost } from './rich.js'
import type { Outcome } from './rich.js'

/** Namespaces that share the work: while one waits for its IPv6 addresses, others go on. */
const kShards = 4
/** Some two hundred points of a few seconds each. */
const kLongMs = 1_200_000

/** Every so many of the points of what takes longest: killed is `up` at each of them anyway. Exhaustive: ETHERCAST_EVERY_POINT=1. */
const kStride = process.env.ETHERCAST_EVERY_POINT ? 1 : 11
/** No run has so many effects. */
const kNever = 1_000_000
const kSeed = 20_777

type Check = (rich: RichHost, index: number, at: number) => Promise<void>

const said = ({ stdout, stderr }: Outcome) => `${stdout}${stderr}`

describe('host: killed at every point', function () {
  this.timeout(kLongMs)
  let lab: Lab
  let hosts: RichHost[]
  let original: string[][]
  let upEffects: number
  let downEffects: number

  /** Runs to the end without a failure. */
  async function whole(rich: RichHost, what: 'up' | 'down' | 'status'): Promise<Outcome> {
    const outcome = await rich.run(what)
    assert.equal(outcome.code, 0, said(outcome))
    return outcome
  }

  async function killed(rich: RichHost, what: 'up' | 'down', at: number): Promise<void> {
    const outcome = await rich.run(what, at)
    assert.equal(outcome.effects, undefined, `${what} is killed at ${at}: ${said(outcome)}`)
    assert.match(`${outcome.signal} ${outcome.code}`, /SIGKILL|137/)
  }

  async function assertAsBefore(rich: RichHost, index: number): Promise<void> {
    assert.deepEqual(await rich.dump(), original[index])
    // The folder itself is left by who is killed right after making it: later runs can't know that it is not somebody else's.
    const left = existsSync(rich.state) ? readdirSync(rich.state) : []
    assert.deepEqual(left, [], 'no state is left')
    rmSync(rich.state, { recursive: true, force: true })
  }

  /** Calls for each number below `count`, some at once; what fails says at which. */
  async function eachPoint(count: number, stride: number, check: Check): Promise<void> {
    await Promise.all(
      hosts.map(async (rich, index) => {
        for (let at = index * stride; at < count; at += kShards * stride) {
          await check(rich, index, at).catch((error: unknown) => {
            throw new Error(`at effect ${at} of ${count}: ${(error as Error).message}`, { cause: error })
          })
        }
      }),
    )
  }

  before(async function () {
    need(this, 'netns', 'tun', 'nft')
    lab = await Lab.create()
    hosts = []
    for (let index = 0; index < kShards; index++) hosts.push(await RichHost.create(lab, `k${index}`))
    original = await Promise.all(hosts.map((rich) => rich.dump()))
  })

  after(() => lab?.close())

  it('unharmed: up, up again without an effect, and down brings back what was there', async () => {
    const outcomes = await Promise.all(hosts.map((rich) => whole(rich, 'up')))
    for (const rich of hosts) await whole(rich, 'status')
    // Claiming, and taking back the claim.
    const again = await whole(hosts[0]!, 'up')
    assert.ok(again.effects! <= 2, said(again))
    const downs = await Promise.all(hosts.map((rich) => whole(rich, 'down')))
    for (const [index, rich] of hosts.entries()) await assertAsBefore(rich, index)
    upEffects = outcomes[0]!.effects!
    downEffects = downs[0]!.effects!
    assert.ok(upEffects > 50 && downEffects > 50, `${upEffects} and ${downEffects} effects`)
  })

  it('up is killed at each point: down brings back what was there', async () => {
    await eachPoint(upEffects, 1, async (rich, index, at) => {
      await killed(rich, 'up', at)
      await whole(rich, 'down')
      await assertAsBefore(rich, index)
    })
  })

  it('a step fails, or a record can not be written, at each point: up takes back all it did', async () => {
    const { effects } = await hosts[0]!.run('up', kNever, 'break')
    await whole(hosts[0]!, 'down')
    assert.ok(effects! > 50, `${effects} effects`)
    await eachPoint(effects!, kStride, async (rich, index, at) => {
      const outcome = await rich.run('up', at, 'break')
      assert.equal(outcome.code, 1, said(outcome))
      assert.match(outcome.stderr, /All that this run did was taken back|Nothing was changed/)
      await assertAsBefore(rich, index)
    })
  })

  it('up is killed, the next goes on, down is killed, the next brings back what was there', async () => {
    await eachPoint(Math.max(upEffects, downEffects), kStride, async (rich, index, at) => {
      if (at < upEffects) await killed(rich, 'up', at)
      await whole(rich, 'up')
      await whole(rich, 'status')
      if (at < downEffects) await killed(rich, 'down', at)
      await whole(rich, 'down')
      await assertAsBefore(rich, index)
    })
  })

  it('killed again and again, after a few steps each time: up comes to its end, and so does down', async () => {
    await Promise.all(
      hosts.map(async (rich, index) => {
        const random = seeded(kSeed + index)
        for (const what of ['up', 'down'] as const) {
          // Some effects are needed for coming to where the last one was killed.
          const runs = async () => (await rich.run(what, 4 + random(8))).effects !== undefined
          for (let run = 0; !(await runs()); run++) assert.ok(run < upEffects, `${what} gets nowhere`)
          if (what === 'up') await whole(rich, 'status')
        }
        await assertAsBefore(rich, index)
      }),
    )
  })
})
