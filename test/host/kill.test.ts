// kill -9 at every point of `up` and of `down`: a fresh `down` brings back exactly what was there, and a fresh `up` goes on to the end.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { RichHost } from './rich.js'
import type { Outcome } from './rich.js'

/** Namespaces that share the work, so that both cores of a small machine have some. */
const kShards = 2
/** Some two hundred points of a few seconds each. */
const kLongMs = 1_200_000

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
  async function eachPoint(
    count: number,
    check: (rich: RichHost, index: number, at: number) => Promise<void>,
  ) {
    await Promise.all(
      hosts.map(async (rich, index) => {
        for (let at = index; at < count; at += kShards) {
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
    process.stderr.write(`${upEffects} and ${downEffects} effects\n`)
    assert.ok(upEffects > 50 && downEffects > 50, `${upEffects} and ${downEffects} effects`)
  })

  it('up is killed at each point: down brings back what was there', async () => {
    await eachPoint(upEffects, async (rich, index, at) => {
      await killed(rich, 'up', at)
      await whole(rich, 'down')
      await assertAsBefore(rich, index)
    })
  })

  it('up is killed at each point: up completes, down is killed there, and down again brings back what was there', async () => {
    await eachPoint(Math.max(upEffects, downEffects), async (rich, index, at) => {
      if (at < upEffects) await killed(rich, 'up', at)
      await whole(rich, 'up')
      await whole(rich, 'status')
      if (at < downEffects) await killed(rich, 'down', at)
      await whole(rich, 'down')
      await assertAsBefore(rich, index)
    })
  })
})
