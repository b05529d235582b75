// Switch daemons that are not ours, with a real guest on them: our port joins, both reach each other, and when the daemon is killed and
// started again we notice, say so, and are back.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import type { Running } from '../support/running.js'
import { eventually } from '../support/wait.js'
import { guestPings, kFullPayload, nodePings } from './asserts.js'
import { randomFrames } from './frames.js'
import { LanNode } from './lan_node.js'

const kGuest = '198.18.1.1'
const kNode = '198.18.1.2'
const kOther = '198.18.1.3'

interface Daemon {
  program: 'uml_switch' | 'vde_switch'
  args: (dir: string) => string[]
  /** The control socket, and what our spec names. */
  control: string
  named: string
}

const kDaemons: Daemon[] = [
  {
    program: 'uml_switch',
    args: (dir) => ['-unix', join(dir, 'uml.ctl')],
    control: 'uml.ctl',
    named: 'uml.ctl',
  },
  { program: 'vde_switch', args: (dir) => ['-s', join(dir, 'vde')], control: 'vde/ctl', named: 'vde' },
]

for (const { program, args, control, named } of kDaemons) {
  describe(`a port of ${program}`, function () {
    this.timeout(90_000)
    let lab: Lab
    let host: Host
    let daemon: Running
    let guest: Guest
    let node: LanNode
    let other: LanNode

    async function startDaemon(): Promise<void> {
      daemon = host.spawn(program, args(lab.dir), { endSignal: 'SIGKILL' })
      const path = join(lab.dir, control)
      await eventually(
        async () => existsSync(path) && (await host.exec('ss', ['-xlH', 'src', path])).stdout !== '',
        5000,
        path,
      )
    }

    before(async function () {
      need(this, 'uml', program)
      lab = await Lab.create()
      host = await lab.host('daemon')
      await startDaemon()
      const spec = (mac: string) => `daemon,${mac},unix,${join(lab.dir, named)}`
      ;[guest, node, other] = await Promise.all([
        host.uml('one', `${kGuest}/24`, [`eth0=daemon,fe:fd:c6:12:01:01,unix,${join(lab.dir, control)}`]),
        LanNode.start(host, { connect: spec('fe:fd:c6:12:01:02'), node: { ipv4: kNode } }),
        LanNode.start(host, {
          ports: [spec('')],
          node: { mac: 'fe:fd:c6:12:01:03', ipv4: kOther },
          raw: { mac: '02:00:00:00:00:33' },
        }),
      ])
    })
    after(() => lab?.close())

    it('the guest and we ping each other, up to full frames', async () => {
      for (const payload of [1, 56, kFullPayload]) {
        await guestPings(guest, kNode, payload)
        await nodePings(node, kGuest, { payloadOctets: payload })
      }
      await nodePings(node, kOther)
      const { facts, state } = await node.stats('daemon')
      assert.equal(state, 'up')
      assert.match(facts.peer!, new RegExp(`^${join(lab.dir, control)} \\(pid \\d+, uid 0\\)$`))
    })

    it('killed and started again: we notice, say so, and traffic flows again', async () => {
      await daemon.kill()
      for (const each of [node, other]) {
        await eventually(
          () => each.changes.some(({ state }) => state === 'reconnecting'),
          5000,
          'reconnecting',
        )
        const change = each.changes.find(({ state }) => state === 'reconnecting')!
        assert.equal(change.reason, 'peer')
        assert.match(change.message, /: the switch has gone$/)
      }
      assert.equal((await node.stats('daemon')).state, 'reconnecting')
      const { summary } = await node.ping(kOther, { count: 1, timeoutMs: 300 })
      assert.equal(summary.received, 0)
      assert.ok((await node.stats('daemon')).tx.drops.no_peer! > 0, 'what was lost is counted')
      await startDaemon()
      for (const each of [node, other]) {
        await eventually(() => each.changes.at(-1)?.state === 'up', 10_000, 'up again')
        assert.equal((await each.stats('daemon')).reconnects, 1)
      }
      await nodePings(node, kOther)
      await nodePings(other, kNode)
    })

    if (program === 'uml_switch') {
      it('from another network namespace: we are told at once that it leads nowhere', async () => {
        const elsewhere = await lab.host('elsewhere')
        const joining = elsewhere.ethercast(['join', `daemon,,unix,${join(lab.dir, named)}`])
        const { code, stderr } = await joining.result()
        assert.equal(code, 1)
        assert.match(stderr, /is it in another network namespace\?/)
        assert.match(stderr, /ECONNREFUSED/)
      })

      it('cuts what is longer than 1514 octets, which nobody can see on this side', async () => {
        const third = await LanNode.start(host, {
          ports: [`daemon,,unix,${join(lab.dir, named)}`],
          raw: { mac: '02:00:00:00:00:34' },
        })
        const [long, fits] = randomFrames(3, [1515, 1514]) as [Buffer, Buffer]
        for (const frame of [long, fits]) frame.fill(0xff, 0, 6)
        await other.inject([long, fits])
        await eventually(async () => (await third.count()) >= 2, 5000, 'two frames')
        assert.deepEqual(
          (await third.heard()).slice(-2).map((frame) => frame.length),
          [1514, 1514],
        )
        await third.stop()
      })
    }
  })
}
