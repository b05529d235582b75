// What a switch sends to a group comes back to it from the kernel. It never comes back out of the port, whatever happens to the
// interface's address meanwhile.
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { Recorder } from '../support/recorder.js'
import { eventually } from '../support/wait.js'
import { numberOf, randomFrames, randomLengths } from './frames.js'
import { LanNode } from './lan_node.js'

const kMac = 'fe:fd:00:00:00:07'
const kFrames = 2000
const kBlock = 50
const kRounds = 10

describe('own echo', function () {
  this.timeout(60_000)
  let lab: Lab

  before(async function () {
    need(this, 'netns')
    lab = await Lab.create()
  })

  after(() => lab?.close())

  for (const spec of ['mcast,,interface=lo', 'mcast,,ff15::7,1102,interface=lo']) {
    it(`${spec}: ${kFrames} frames go out, all their echoes are counted, none comes back`, async () => {
      const host = await lab.host('a')
      await host.ip('-6', 'route', 'add', 'local', 'ff00::/8', 'dev', 'lo', 'table', 'local')
      const group = spec.includes('ff15') ? 'ff15::7' : '239.192.168.1'
      const recorder = await Recorder.start(host, { group, interface: 'lo' })
      const node = await LanNode.start(host, { ports: [spec], raw: { mac: kMac } })
      const frames = randomFrames(7, randomLengths(7, kFrames, 14, 1514))
      for (let sent = 0; sent < kFrames; sent += kBlock) {
        await node.inject(frames.slice(sent, sent + kBlock))
        await recorder.waitForCount(sent + kBlock)
      }
      await eventually(async () => (await node.stats('mcast')).rx.frames >= kFrames, 2000, 'the last echo')
      const { rx, tx } = await node.stats('mcast')
      assert.equal(tx.frames, kFrames)
      assert.equal(rx.frames, kFrames)
      assert.equal(rx.drops.own_echo, kFrames)
      assert.equal(rx.forwarded, 0)
      assert.equal(await node.count(), 0)
      await Promise.all([node.stop(), recorder.stop()])
    })
  }

  // Each change, and whether other hosts hear us after it. What comes from 0.0.0.0 none accepts (RFC 1122 section 3.2.1.3).
  const kSteps: readonly { what: string; commands: readonly string[]; heard: boolean }[] = [
    { what: 'a second address', commands: ['addr add 198.18.10.31/24 dev veth0'], heard: true },
    { what: 'the first one gone', commands: ['addr del 198.18.9.1/24 dev veth0'], heard: true },
    { what: 'no address at all', commands: ['addr flush dev veth0'], heard: false },
    { what: 'an address again', commands: ['addr add 198.18.9.1/24 dev veth0'], heard: true },
    {
      what: 'the address replaced, as DHCP does',
      commands: ['addr del 198.18.9.1/24 dev veth0', 'addr replace 198.18.9.77/24 dev veth0'],
      heard: true,
    },
    { what: 'the link down', commands: ['link set veth0 down'], heard: false },
    { what: 'the link up again', commands: ['link set veth0 up'], heard: true },
    {
      what: 'another subnet at once',
      commands: ['addr flush dev veth0', 'addr add 198.19.1.1/24 dev veth0'],
      heard: true,
    },
  ]

  it('never comes back while the address changes under traffic, and the port recovers by itself', async () => {
    const [a, b] = [await lab.host('a'), await lab.host('b')]
    await lab.link(a, b)
    // A host accepts only what it has a way back to, unless it is told otherwise.
    await b.ip('route', 'add', '198.18.0.0/15', 'dev', 'veth0')
    const [near, far] = await Promise.all([
      LanNode.start(a, { ports: ['mcast,,interface=veth0'], raw: { mac: kMac } }),
      Recorder.start(b, { interface: 'veth0' }),
    ])
    await near.pump(5000)
    await far.waitForCount(100)
    for (const { what, commands, heard } of kSteps) {
      await a.exec('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n`, check: true })
      await assertGoesOn(near, far, what, heard)
      assert.equal(await near.count(), 0, `own frames came back after: ${what}`)
      assert.equal((await near.stats('mcast')).state, heard ? 'up' : 'degraded', `after: ${what}`)
    }
    const sent = await near.halt()
    const { rx, tx, reopened, lastErrno } = await near.stats('mcast')

    assert.equal(await near.count(), 0)
    assert.ok(rx.frames > 2000, `${rx.frames} echoes`)
    assert.equal(rx.drops.own_echo, rx.frames)
    assert.equal(rx.forwarded, 0)

    // Every frame is accounted for; what was sent while the link was down was refused, and the port says why.
    assert.equal(tx.picked, sent)
    assert.equal(tx.frames + tx.drops.refused!, sent)
    assert.ok(tx.drops.refused! < sent / 2)
    assert.equal(lastErrno, constants.errno.ENETUNREACH)
    // Once each for all steps but the second address and the link down; removal and addition may be heard of together.
    assert.ok(reopened >= kSteps.length - 2, `reopened ${reopened} times`)

    // Good and bad take turns, each bad state is named, and no more of them than there were changes that could cause one.
    const states = near.changes.map(({ state }) => state)
    assert.ok(states.length >= 4 && states.length <= 8, JSON.stringify(near.changes))
    states.forEach((state, i) => assert.equal(state, i % 2 === 0 ? 'degraded' : 'up'))
    const [noAddress] = near.changes
    assert.deepEqual([noAddress!.reason, noAddress!.errno], ['address', 'EADDRNOTAVAIL'])
    assert.match(noAddress!.message, /veth0 has no IPv4 address/)
    assert.ok(near.changes.some(({ errno, message }) => errno === 'ENETUNREACH' && /veth0/.test(message)))

    // The other side heard whatever left with an address, in order and once.
    const numbers = far.frames.map((frame) => numberOf(frame)!)
    numbers.forEach((number, i) => assert.ok(i === 0 || number > numbers[i - 1]!))
    await Promise.all([near.stop(), far.stop()])
  })

  it('never comes back when many changes are heard of at once', async () => {
    const [a, b] = [await lab.host('a'), await lab.host('b')]
    await lab.link(a, b)
    const near = await LanNode.start(a, { ports: ['mcast,,interface=veth0'], raw: { mac: kMac } })
    await near.pump(20_000)
    const flaps = Array.from({ length: 8 }, () => 'addr flush dev veth0\naddr add 198.18.9.1/24 dev veth0\n')
    for (let round = 0; round < kRounds; round++) {
      await eventually(near.pumped.bind(near), 1000, 'traffic')
      near.pause()
      await a.exec('ip', ['-batch', '-'], { input: flaps.join(''), check: true })
      near.resume()
    }
    await near.halt()
    assert.equal(await near.count(), 0)
    const { rx, state, reopened } = await near.stats('mcast')
    assert.equal(state, 'up')
    assert.ok(reopened >= kRounds, `reopened ${reopened} times`)
    assert.equal(rx.drops.own_echo, rx.frames)
    await near.stop()
  })
})

/** Waits until a frame sent after this moment has been sent and, where it can be, has been heard on the other side. */
async function assertGoesOn(near: LanNode, far: Recorder, what: string, heard: boolean): Promise<void> {
  const from = await near.pumped()
  if (heard) {
    const isNew = (frame?: Buffer) => frame !== undefined && numberOf(frame)! >= from + 300
    await eventually(() => isNew(far.frames.at(-1)), 5000, `a frame on the other side after: ${what}`)
  } else {
    await eventually(async () => (await near.pumped()) >= from + 1000, 5000, `traffic after: ${what}`)
  }
}
