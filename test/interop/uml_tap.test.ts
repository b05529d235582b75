// A UML guest on the group, and the kernel of this host with a tap, through `join`: the other end is nobody's work of ours.
import assert from 'node:assert/strict'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { guestPings, kFullPayload } from './asserts.js'
import { contentFile, guestSends, guestTakes, iperf3 } from './guest_content.js'
import { Join, kFileOctets, pingSizes } from './tap_lan.js'

const kGuest = '198.18.1.1'
const kTap = '198.18.1.2'
// A guest moves some tens of megabytes a second alone, and a tenth of that on a machine that is busy.
const kSlowMs = 120_000

describe('a UML guest on the group and a tap of this host', function () {
  this.timeout(kSlowMs)
  let lab: Lab
  let host: Host
  let guest: Guest
  let join: Join

  before(async function () {
    need(this, 'uml', 'tun', 'ping', 'iperf3')
    lab = await Lab.create()
    host = await lab.host('a')
    ;[guest, join] = await Promise.all([
      host.uml('one', `${kGuest}/24`, ['eth0=mcast,fe:fd:c6:12:01:01'], { lifeSeconds: 600 }),
      Join.start(host, `tuntap,tap0,,${kTap}`, 'mcast'),
    ])
  })

  after(() => lab?.close())

  it('the host pings with 1 to 1472 octets, fragmentation forbidden; the guest pings, too', async () => {
    await pingSizes(host, kGuest)
    for (const payload of [1, 56, kFullPayload]) await guestPings(guest, kTap, payload)
  })

  for (const reverse of [false, true]) {
    it(`iperf3 ${reverse ? 'to' : 'from'} the guest`, async () => {
      const octets = await iperf3(guest, host, kTap, { reverse, seconds: 1 })
      assert.ok(octets > 1e6, `${octets} octets in a second`)
    })
  }

  it('a file of 100 MB from the host to the guest, equal at both ends', async () => {
    await guestTakes(guest, host, kTap, kFileOctets, kSlowMs)
  })

  it('a file of 100 MB from the guest to the host, equal at both ends', async () => {
    await guestSends(guest, host, kTap, contentFile(lab.dir, kFileOctets), kSlowMs)
  })

  it('no frame was left out of the accounts, and none refused', async () => {
    const [tap, mcast] = await join.stop('tuntap', 'mcast')
    assert.equal(mcast.tx.fragmented, 0)
    for (const port of [tap, mcast]) {
      assert.equal(port.rx.drops.bad_offload, 0)
      assert.equal(port.tx.drops.refused, 0)
    }
  })
})
