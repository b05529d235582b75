// UML guests with eth0=tuntap,,,HOST_IP: the tap comes from the helper on UML's PATH, ours and, as the measure of what is right, Debian's.
import assert from 'node:assert/strict'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { guestPings, kernelPings, kFullPayload } from './asserts.js'
import { type HostSide, hostSide, ourHelper } from './uml_helper.js'

// The host between the guest and a LAN, with an address of its own on either side.
const kGate = '198.18.9.254'
const kGuest = '198.18.9.77'
const kSecond = '198.18.9.78'
const kNeighbour = '198.18.9.2'

for (const [whose, programs] of [
  ['ours', ourHelper],
  ["Debian's", undefined],
] as const) {
  describe(`a UML guest whose tap ${whose} uml_net makes`, function () {
    this.timeout(90_000)
    let lab: Lab
    let host: Host
    let neighbour: Host
    let guest: Guest
    let withGuest: HostSide

    before(async function () {
      need(this, 'uml', 'tun', 'ping')
      if (!programs) need(this, 'uml_net')
      lab = await Lab.create()
      ;[host, neighbour] = [await lab.host('a'), await lab.host('b')]
      await lab.link(host, neighbour, { addresses: ['198.18.9.1/24', `${kNeighbour}/24`] })
      guest = await host.uml('one', `${kGuest}/24`, [`eth0=tuntap,,fe:fd:c6:12:09:4d,${kGate}`], {
        ...(programs && { programs }),
      })
    })

    after(() => lab?.close())

    it('the tap has the address that the guest was told, and the way to the guest leads there', async () => {
      withGuest = await hostSide(host, 'tap0')
      assert.deepEqual(withGuest, {
        addresses: [`${kGate}/32`],
        isUp: true,
        proxyArp: true,
        routes: [kGuest],
        published: [`${kGuest} on veth0`],
        forwards: true,
      })
    })

    it('the kernel prints what was done', async () => {
      const { output } = await guest.sh('dmesg')
      assert.match(output, /TUN\/TAP backend - IP = 198\.18\.9\.254/)
      assert.match(
        output,
        programs ? /^\S*.*\* ip addr replace 198\.18\.9\.254\/32 dev tap0$/m : /\* ifconfig tap0/m,
      )
      assert.match(
        output,
        programs ? /\* ip route add 198\.18\.9\.77\/32 dev tap0$/m : /\* route add -host 198/,
      )
    })

    it('host and guest ping each other, with full frames too', async () => {
      for (const payload of [1, 56, kFullPayload]) {
        await kernelPings(host, kGuest, payload)
        await guestPings(guest, kGate, payload)
      }
    })

    it('a neighbour on the LAN behind the host pings the guest, and is pinged', async () => {
      await kernelPings(neighbour, kGuest, kFullPayload)
      await guestPings(guest, kNeighbour, kFullPayload)
    })

    it('a second address comes and goes', async () => {
      await guest.sh(`ip addr add ${kSecond}/24 dev eth0`)
      const both = await hostSide(host, 'tap0')
      assert.deepEqual(both.routes, [kGuest, kSecond])
      assert.deepEqual(both.published, [`${kGuest} on veth0`, `${kSecond} on veth0`])
      await kernelPings(neighbour, kSecond)
      await guest.sh(`ip addr del ${kSecond}/24 dev eth0`)
      const one = await hostSide(host, 'tap0')
      assert.deepEqual([one.routes, one.published], [[kGuest], [`${kGuest} on veth0`]])
      // Debian's switches proxy ARP off with any address that goes, and the guest loses the LAN.
      assert.equal(one.proxyArp, programs !== undefined)
    })

    it('down, the tap is gone and nothing is left; up, everything is there again', async () => {
      await guest.sh('ip link set eth0 down')
      await eventually(async () => (await hostSide(host, 'tap0')).addresses === undefined, 5000, 'tap0 to go')
      const { routes, published } = await hostSide(host, 'tap0')
      assert.deepEqual([routes, published], [[], []])
      await guest.sh('ip link set eth0 up')
      assert.deepEqual(await hostSide(host, 'tap0'), withGuest)
      await kernelPings(neighbour, kGuest)
    })
  })
}
