// A UML guest with a tap that was made for it, no helper on its PATH; `join` with a tap of its own; the host's bridge between, and the
// group behind: a kernel without the mcast transport on a LAN of kernels that have it.
import assert from 'node:assert/strict'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { guestPings, kernelPings, kFullPayload } from './asserts.js'
import { Join } from './tap_lan.js'

const kTapGuest = '198.18.1.1'
const kMcastGuest = '198.18.1.2'
const kHost = '198.18.1.3'

describe('a UML guest with a tap of its own, bridged with ours, and a guest on the group', function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host
  let tap: Guest
  let mcast: Guest
  let join: Join

  before(async function () {
    need(this, 'uml', 'tun', 'ping')
    lab = await Lab.create()
    host = await lab.host('a')
    await host.tap('tap1')
    ;[tap, mcast, join] = await Promise.all([
      host.uml('tap', `${kTapGuest}/24`, ['eth0=tuntap,tap1,fe:fd:c6:12:01:01']),
      host.uml('mcast', `${kMcastGuest}/24`, ['eth0=mcast,fe:fd:c6:12:01:02']),
      Join.start(host, 'tuntap,tap2', 'mcast'),
    ])
    await host.ip('link', 'add', 'br0', 'type', 'bridge')
    for (const device of ['tap1', 'tap2']) await host.ip('link', 'set', device, 'master', 'br0')
    await host.ip('addr', 'add', `${kHost}/24`, 'dev', 'br0')
    await host.ip('link', 'set', 'br0', 'up')
    const found = async () => (await tap.sh(`ping -c 1 -W 1 ${kMcastGuest}`)).code === 0
    await eventually(found, 10_000, 'the bridge to forward')
  })

  after(() => lab?.close())

  it('the guests ping each other with 1 to 1472 octets', async () => {
    for (const payload of [1, 56, kFullPayload]) {
      await guestPings(tap, kMcastGuest, payload)
      await guestPings(mcast, kTapGuest, payload)
    }
  })

  it('the host, on its bridge, reaches both', async () => {
    await kernelPings(host, kTapGuest, kFullPayload)
    await kernelPings(host, kMcastGuest, kFullPayload)
  })

  it('nothing was refused on the way', async () => {
    const [port] = await join.stop('tuntap')
    assert.equal(port.tx.drops.refused, 0)
    assert.equal(port.rx.drops.bad_offload, 0)
  })
})
