// A QEMU hub with a tap, a User-Mode Linux guest and a host in user space on one group: everyone reaches everyone.
import assert from 'node:assert/strict'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { guestPings, kernelPings, kFullPayload, nodePings } from './asserts.js'
import { LanNode } from './lan_node.js'

const kGuest = '198.18.1.1'
const kTap = '198.18.1.2'
const kNode = '198.18.1.3'

describe('a QEMU hub with a tap, a UML guest and a node on one group', function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host
  let guest: Guest
  let node: LanNode

  before(async function () {
    need(this, 'uml', 'qemu', 'tun', 'ping')
    lab = await Lab.create()
    host = await lab.host('a')
    await host.tap('t0', `${kTap}/24`, { mac: 'fe:fd:c6:12:01:02' })
    ;[guest, node] = await Promise.all([
      host.uml('one', `${kGuest}/24`, ['eth0=mcast,fe:fd:c6:12:01:01']),
      LanNode.start(host, { connect: 'mcast', node: { ipv4: kNode } }),
      host.qemuHub('tap,ifname=t0,script=no,downscript=no', 'socket,mcast=239.192.168.1:1102'),
    ])
  })

  after(() => lab?.close())

  for (const payload of [56, kFullPayload]) {
    it(`all three reach each other, both ways, with frames of ${payload + 42} octets`, async () => {
      await guestPings(guest, kTap, payload)
      await guestPings(guest, kNode, payload)
      await kernelPings(host, kGuest, payload)
      await kernelPings(host, kNode, payload)
      await nodePings(node, kGuest, { payloadOctets: payload })
      await nodePings(node, kTap, { payloadOctets: payload })
    })
  }

  it('the kernel behind the hub has both in its ARP table, with the MACs given', async () => {
    const neighbours = await host.ip('neigh', 'show', 'dev', 't0')
    assert.match(neighbours, /^198\.18\.1\.1 lladdr fe:fd:c6:12:01:01/m)
    assert.match(neighbours, /^198\.18\.1\.3 lladdr fe:fd:c6:12:01:03/m)
  })
})
