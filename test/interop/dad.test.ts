// Duplicate address detection (RFC 4862 section 5.4): a host asks whether anyone has its new address, and gives the address up when
// it hears somebody else ask the same. Its own question, coming back to it, must not look like that.
import assert from 'node:assert/strict'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { guestPings, nodePings } from './asserts.js'
import { LanNode } from './lan_node.js'

const kGuestMac = 'fe:fd:c6:12:01:01'
const kMcast = 'mcast,,interface=lo'

// Linux puts a nonce into its question and knows it again (RFC 7527). Older hosts and others do not: without it the test is sharp.
const kWithoutNonce = 'for i in all eth0; do echo 0 > /proc/sys/net/ipv6/conf/$i/enhanced_dad; done'

/** The guest's own `ip`, not busybox's, which does not show the outcome. */
const showAddress = (guest: Guest, address: string) =>
  guest.sh(`/sbin/ip -6 -o addr show dev eth0 to ${address}`).then(({ output }) => output)

/** Gives a guest an address and waits until detection has ended; says how. */
async function takeAddress(guest: Guest, address: string): Promise<'valid' | 'dadfailed'> {
  const { code, output } = await guest.sh(`/sbin/ip -6 addr add ${address}/64 dev eth0`)
  assert.equal(code, 0, output)
  const shown = await eventually(
    async () => {
      const line = await showAddress(guest, address)
      return /dadfailed/.test(line) || (line.includes(address) && !/tentative/.test(line)) ? line : undefined
    },
    8000,
    `the end of duplicate address detection for ${address}`,
  )
  return /dadfailed/.test(shown) ? 'dadfailed' : 'valid'
}

describe('IPv6 duplicate address detection', function () {
  this.timeout(60_000)
  let lab: Lab

  before(async function () {
    need(this, 'uml', 'qemu')
    lab = await Lab.create()
  })

  after(() => lab?.close())

  describe('of a guest on the group', () => {
    let host: Host
    let guest: Guest

    before(async () => {
      host = await lab.host('a')
      guest = await host.uml('one', [], [`eth0=mcast,${kGuestMac}`], { modules: ['ipv6'] })
    })

    it('ends well without a switch there', async () => {
      assert.equal(await takeAddress(guest, '2001:db8::11'), 'valid')
    })

    it('ends well with a switch joined to the same group', async () => {
      const node = await LanNode.start(host, { ports: [kMcast], raw: { mac: 'fe:fd:00:00:00:07' } })
      assert.equal(await takeAddress(guest, '2001:db8::12'), 'valid')
      const questions = (await node.heard()).filter((frame) => isQuestionFor(frame, 0x12))
      assert.ok(questions.length >= 1, 'the switch heard the question')
      await node.stop()
    })

    it('sees that a node has the address', async () => {
      const node = await LanNode.start(host, { connect: kMcast, node: { ipv6: '2001:db8::13' } })
      assert.equal(await takeAddress(guest, '2001:db8::13'), 'dadfailed')
      assert.ok((await node.node()).answers.ndp >= 1)
      await node.stop()
    })

    it('is seen by a node: the address of the guest is taken, others are free', async () => {
      assert.equal(await takeAddress(guest, '2001:db8::14'), 'valid')
      const node = await LanNode.start(host, { connect: kMcast, node: {} })
      assert.equal(await node.probe('2001:db8::14'), kGuestMac)
      assert.equal(await node.probe('2001:db8::15'), undefined)
      assert.equal((await node.node()).conflicts, 0)
      await node.stop()
    })

    it('a node that has the address already counts the conflict', async () => {
      assert.equal(await takeAddress(guest, '2001:db8::16'), 'valid')
      const node = await LanNode.start(host, { connect: kMcast, node: { ipv6: '2001:db8::16' } })
      assert.equal(await node.probe('2001:db8::16'), kGuestMac)
      assert.equal((await node.node()).conflicts, 1)
      await node.stop()
    })
  })

  describe('of a guest behind a bridge to the group, without nonces', () => {
    let host: Host
    let guest: Guest

    beforeEach(async () => {
      host = await lab.host('b')
      guest = await host.uml('one', [], [`eth0=ucast,${kGuestMac},127.0.0.1,2001,2002`], {
        modules: ['ipv6'],
      })
      await guest.sh(kWithoutNonce)
    })

    afterEach(() => host.stop())

    it('fails when the bridge hears its own echo, as the QEMU hub does: the test is sharp', async () => {
      const udp = 'socket,udp=127.0.0.1:2001,localaddr=127.0.0.1:2002'
      await host.qemuHub(udp, 'socket,mcast=239.192.168.1:1102,localaddr=127.0.0.1')
      assert.equal(await takeAddress(guest, '2001:db8::21'), 'dadfailed')
    })

    it('ends well when the bridge is our switch, and the guest is reachable then', async () => {
      await LanNode.start(host, { ports: ['ucast,,127.0.0.1,2002,2001', kMcast] })
      assert.equal(await takeAddress(guest, '2001:db8::22'), 'valid')
      const node = await LanNode.start(host, { connect: kMcast, node: { ipv6: '2001:db8::23' } })
      await guestPings(guest, '2001:db8::23')
      await nodePings(node, '2001:db8::22')
    })
  })
})

/** A neighbour solicitation from nobody for an address that ends in this octet. */
function isQuestionFor(frame: Buffer, lastOctet: number): boolean {
  const fromNobody = frame.subarray(22, 38).every((octet) => octet === 0)
  return frame.readUInt16BE(12) === 0x86dd && fromNobody && frame[54] === 135 && frame[77] === lastOctet
}
