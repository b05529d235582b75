// The kernel of one host behind a QEMU hub with a tap, the kernel of another behind `join`, one group between: nobody's work of ours
// on the far side.
import assert from 'node:assert/strict'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { Join, kFileOctets, pingSizes, transfer } from './tap_lan.js'

const kFar = '198.18.1.1'
const kTap = '198.18.1.2'
// A link on which the hub's full frames need no fragments either.
const kUnderlayMtu = 1600

describe('a tap of this host and one behind a QEMU hub', function () {
  this.timeout(60_000)
  let lab: Lab
  let near: Host
  let far: Host
  let join: Join

  before(async function () {
    need(this, 'qemu', 'tun', 'ping')
    lab = await Lab.create()
    ;[near, far] = [await lab.host('near'), await lab.host('far')]
    const { addresses } = await lab.link(near, far, { mtu: kUnderlayMtu })
    await far.tap('t0', `${kFar}/24`)
    const local = `localaddr=${addresses[1]}`
    await far.qemuHub('tap,ifname=t0,script=no,downscript=no', `socket,mcast=239.192.168.1:1102,${local}`)
    join = await Join.start(near, `tuntap,tap0,,${kTap}`, 'mcast')
  })

  after(() => lab?.close())

  it('either pings the other with 1 to 1472 octets, fragmentation forbidden', async () => {
    await pingSizes(near, kFar)
    await pingSizes(far, kTap)
  })

  it('100 MB each way, equal at both ends', async () => {
    await transfer(near, far, kFar, kFileOctets)
    await transfer(far, near, kTap, kFileOctets)
  })

  it('nothing was fragmented, refused or misunderstood', async () => {
    const [tap, mcast] = await join.stop('tuntap', 'mcast')
    assert.ok(tap.rx.superFrames > 0)
    assert.equal(mcast.tx.fragmented, 0)
    for (const port of [tap, mcast]) {
      assert.equal(port.rx.drops.bad_offload, 0)
      assert.equal(port.tx.drops.refused, 0)
    }
  })
})
