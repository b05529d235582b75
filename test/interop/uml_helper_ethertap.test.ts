// UML guests with eth0=ethertap,…: no kernel has had ethertap for long; with our uml_net on UML's PATH they have their LAN.
import assert from 'node:assert/strict'
import type { Guest, GuestOptions } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { guestPings, kernelPings, kFullPayload } from './asserts.js'
import { Join, pingSizes } from './tap_lan.js'
import { helpers, type HostSide, hostSide, ourHelper } from './uml_helper.js'

const kGate = '198.18.9.254'
const kGuest = '198.18.9.77'
const kSecond = '198.18.9.78'
const kNeighbour = '198.18.9.2'
// A VLAN tag makes a frame four octets longer: this payload's is one of 1514.
const kLongestTagged = kFullPayload - 4

const uml = (host: Host, options: GuestOptions = {}) =>
  host.uml('tap', `${kGuest}/24`, [`eth0=ethertap,tap7,fe:fd:c6:12:09:4d,${kGate}`], {
    programs: ourHelper,
    ...options,
  })

const nothing = { routes: [], published: [], forwards: true }

describe('a UML guest on ethertap, with our uml_net', function () {
  this.timeout(90_000)
  let lab: Lab
  let host: Host
  let neighbour: Host
  let guest: Guest
  let withGuest: HostSide

  before(async function () {
    need(this, 'uml', 'tun', 'ping')
    lab = await Lab.create()
    ;[host, neighbour] = [await lab.host('a'), await lab.host('b')]
    await lab.link(host, neighbour, { addresses: ['198.18.9.1/24', `${kNeighbour}/24`] })
    guest = await uml(host)
  })

  after(() => lab?.close())

  it('the device is a tap of that name, with the address that the guest was told; one helper stays', async () => {
    withGuest = await hostSide(host, 'tap7')
    assert.deepEqual(withGuest, {
      addresses: [`${kGate}/32`],
      isUp: true,
      proxyArp: true,
      routes: [kGuest],
      published: [`${kGuest} on veth0`],
      forwards: true,
    })
    assert.equal((await helpers(host)).length, 1)
    const { output } = await guest.sh('dmesg')
    assert.match(output, /\* ip addr replace 198\.18\.9\.254\/32 dev tap7$/m)
    assert.match(output, /\* ip route add 198\.18\.9\.77\/32 dev tap7$/m)
    assert.doesNotMatch(output, /etap_tramp|uml_net/)
  })

  it('host and guest ping each other with 1 to 1472 octets: frames of 1514, where the original passed 1498', async () => {
    await pingSizes(host, kGuest)
    for (const payload of [1, 56, 1456, 1457, kFullPayload]) await guestPings(guest, kGate, payload)
  })

  it('a neighbour on the LAN behind the host pings the guest, and is pinged', async () => {
    await kernelPings(neighbour, kGuest, kFullPayload)
    await guestPings(guest, kNeighbour, kFullPayload)
  })

  it("an address that the guest adds and removes is the host's business at once", async () => {
    await guest.sh(`ip addr add ${kSecond}/24 dev eth0`)
    const both = await hostSide(host, 'tap7')
    assert.deepEqual(both.routes, [kGuest, kSecond])
    assert.deepEqual(both.published, [`${kGuest} on veth0`, `${kSecond} on veth0`])
    await kernelPings(neighbour, kSecond)
    await guest.sh(`ip addr del ${kSecond}/24 dev eth0`)
    assert.deepEqual(await hostSide(host, 'tap7'), withGuest)
    await kernelPings(neighbour, kGuest)
  })

  it('down ends the helper, and its tap is gone; up brings both back', async () => {
    await guest.sh('ip link set eth0 down')
    await eventually(async () => (await helpers(host)).length === 0, 5000, 'the helper to end')
    assert.deepEqual(await hostSide(host, 'tap7'), nothing)
    await guest.sh('ip link set eth0 up')
    assert.deepEqual(await hostSide(host, 'tap7'), withGuest)
    assert.equal((await helpers(host)).length, 1)
    await kernelPings(neighbour, kGuest)
  })

  it('SIGTERM to the helper: it takes back what it had made', async () => {
    const [pid] = (await helpers(host)) as [number]
    process.kill(pid, 'SIGTERM')
    await eventually(async () => (await helpers(host)).length === 0, 5000, 'the helper to end')
    assert.deepEqual(await hostSide(host, 'tap7'), nothing)
  })
})

describe('a UML guest on ethertap that is killed', function () {
  this.timeout(60_000)
  let lab: Lab
  after(() => lab?.close())

  it('its helper ends by itself; neither a device nor a published address is left', async function () {
    need(this, 'uml', 'tun')
    lab = await Lab.create()
    const [host, neighbour] = [await lab.host('a'), await lab.host('b')]
    await lab.link(host, neighbour, { addresses: ['198.18.9.1/24', `${kNeighbour}/24`] })
    const guest = await uml(host, { uncontained: true })
    assert.equal((await helpers(host)).length, 1)
    assert.deepEqual((await hostSide(host, 'tap7')).published, [`${kGuest} on veth0`])
    // To UML alone; neither to its process group nor to a pid namespace.
    guest.running.signal('SIGKILL')
    await eventually(async () => (await helpers(host)).length === 0, 5000, 'the helper to end')
    assert.deepEqual(await hostSide(host, 'tap7'), nothing)
    await guest.kill()
  })
})

describe('a LAN of UML guests on ethertap and on mcast', function () {
  this.timeout(90_000)
  let lab: Lab
  let host: Host
  let tap: Guest
  let mcast: Guest
  let join: Join

  before(async function () {
    need(this, 'uml', 'tun')
    lab = await Lab.create()
    host = await lab.host('a')
    const modules = ['8021q']
    ;[tap, mcast] = await Promise.all([
      // No address for the host: the LAN's business is not the helper's.
      host.uml('tap', '198.18.1.1/24', ['eth0=ethertap,tap7,fe:fd:c6:12:01:01'], {
        programs: ourHelper,
        modules,
      }),
      host.uml('mcast', '198.18.1.2/24', ['eth0=mcast,fe:fd:c6:12:01:02'], { modules }),
    ])
    assert.equal((await hostSide(host, 'tap7')).isUp, true)
    join = await Join.start(host, 'ethertap,tap8', 'mcast')
    await host.ip('link', 'add', 'br0', 'type', 'bridge')
    for (const device of ['tap7', 'tap8']) await host.ip('link', 'set', device, 'master', 'br0')
    await host.ip('link', 'set', 'br0', 'up')
    await eventually(async () => (await tap.sh('ping -c 1 -W 1 198.18.1.2')).code === 0, 10_000, 'the bridge')
  })

  after(() => lab?.close())

  it("the helper's tap in a bridge with ours, which is on the group: the guests ping each other", async () => {
    for (const payload of [1, 56, kFullPayload]) {
      await guestPings(tap, '198.18.1.2', payload)
      await guestPings(mcast, '198.18.1.1', payload)
    }
  })

  it("behind a VLAN tag: frames of 1514 both ways, of 1518 from the guest; UML's own buffer is too short for those to it", async () => {
    for (const [i, guest] of [tap, mcast].entries()) {
      const { code, output } = await guest.sh(
        `ip link add link eth0 name eth0.7 type vlan id 7 && ip addr add 198.18.7.${i + 1}/24 dev eth0.7 && ip link set eth0.7 up`,
      )
      assert.equal(code, 0, output)
    }
    await guestPings(tap, '198.18.7.2', kLongestTagged)
    await guestPings(mcast, '198.18.7.1', kLongestTagged)
    const echoes = async () => {
      const { output } = await mcast.sh("awk '/^Icmp: [0-9]/ { print $10 }' /proc/net/snmp")
      return Number(output)
    }
    const before = await echoes()
    const { output } = await tap.sh(`ping -c 3 -i 0.2 -W 1 -s ${kFullPayload} 198.18.7.2`)
    assert.match(output, /100% packet loss/)
    assert.equal(await echoes(), before + 3)
  })

  it('nothing was refused on the way', async () => {
    const [port] = await join.stop('ethertap')
    assert.equal(port.tx.drops.refused, 0)
  })
})
