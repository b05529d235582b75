// QEMU's `dgram` netdev by a descriptor that `ethercast run` hands it: on the other side of QEMU's hub a tap, which this host pings.
import assert from 'node:assert/strict'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { nodePings } from './asserts.js'
import { LanNode } from './lan_node.js'

const kNothing = ['-M', 'none', '-nodefaults', '-display', 'none', '-monitor', 'none', '-serial', 'none']

describe('QEMU with its NIC in a descriptor', function () {
  this.timeout(60_000)
  let lab: Lab

  before(async function () {
    need(this, 'netns', 'qemu', 'tun')
    lab = await Lab.create()
  })

  after(() => lab?.close())

  it('ethercast run --datagram', async () => {
    const host = await lab.host('a')
    await host.tap('tap0', '198.18.1.1/24')
    const qemu = host.ethercast([
      ...['run', 'mcast', '--datagram', '--', 'qemu-system-x86_64', ...kNothing, '-qmp', 'stdio'],
      ...['-netdev', 'dgram,id=n0,local.type=fd,local.str={fd}'],
      ...['-netdev', 'tap,id=n1,ifname=tap0,script=no,downscript=no'],
      ...['-netdev', 'hubport,id=h0,hubid=0,netdev=n0', '-netdev', 'hubport,id=h1,hubid=0,netdev=n1'],
    ])
    qemu.write('{"execute":"qmp_capabilities"}\n')
    await qemu.waitForLine(/^\{"return": \{\}\}/)
    const node = await LanNode.start(host, { connect: 'mcast', node: { ipv4: '198.18.1.2' } })
    await nodePings(node, '198.18.1.1', { payloadOctets: 1472 })
    qemu.write('{"execute":"quit"}\n')
    assert.equal((await qemu.exited).code, 0, qemu.stderr)
  })
})
