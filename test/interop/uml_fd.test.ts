// `ethercast run`: a guest that is started with its NIC on the LAN, by a descriptor it inherits.
import assert from 'node:assert/strict'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { guestPings, kFullPayload, nodePings } from './asserts.js'
import { contentFile, guestToGuest } from './guest_content.js'
import { LanNode } from './lan_node.js'

const kGuest = '198.18.1.1'
const kLegacy = '198.18.1.2'
const kNode = '198.18.1.3'
const kSlowMs = 120_000
const kFileOctets = 10_000_000
const kLife = { lifeSeconds: 600 }
const kDevice = 'vec0:transport=fd,fd={fd},mac=fe:fd:c6:12:01:01'

describe('a UML guest with its NIC in a descriptor', function () {
  this.timeout(kSlowMs)
  let lab: Lab
  let host: Host
  let guest: Guest
  let legacy: Guest
  let node: LanNode

  for (const more of [[], ['--datagram']]) {
    describe(['ethercast run', ...more].join(' '), () => {
      before(async function () {
        need(this, 'uml')
        lab = await Lab.create()
        host = await lab.host('a')
        const through = [process.execPath, 'dist/cli/main.js', 'run', 'mcast', ...more, '--']
        ;[guest, legacy, node] = await Promise.all([
          host.uml('one', `${kGuest}/24`, [kDevice], { ...kLife, through }),
          host.uml('two', `${kLegacy}/24`, ['eth0=mcast,fe:fd:c6:12:01:02'], kLife),
          LanNode.start(host, { connect: 'mcast', node: { ipv4: kNode } }),
        ])
      })

      after(() => lab?.close())

      it('is on the LAN of the legacy guests', async () => {
        for (const payload of [1, 56, kFullPayload]) {
          await guestPings(guest, kLegacy, payload)
          await guestPings(legacy, kGuest, payload)
          await nodePings(node, kGuest, { payloadOctets: payload })
        }
        const content = contentFile(lab.dir, kFileOctets)
        await guestToGuest(guest, legacy, kLegacy, content, kSlowMs)
        await guestToGuest(legacy, guest, kGuest, content, kSlowMs)
      })

      it('ends with the guest, and with its exit code', async () => {
        await guest.sh('(sleep 0.2; poweroff -f) >/dev/null 2>&1 &')
        const { code, signal } = await guest.exited
        assert.deepEqual({ code, signal }, { code: 0, signal: null }, guest.running.stderr)
        assert.doesNotMatch(guest.running.stderr, /closed its NIC/)
      })
    })
  }
})
