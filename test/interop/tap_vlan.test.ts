// VLANs: two guests on VLAN 7, and between them two groups, two taps, and the bridges of two kernels that know nothing of VLANs. Each frame is longer by its tag; the taps join segments behind the tag to super-frames and get such from the kernel.
import assert from 'node:assert/strict'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { guestPings, kFullPayload } from './asserts.js'
import { contentFile, guestToGuest } from './guest_content.js'
import { ipCounters } from './ip_counters.js'
import { Join } from './tap_lan.js'

const kOctets = 10_000_000
const kBusyMs = 60_000
const ip = (i: number) => `198.18.7.${i + 1}`
const mac = (i: number) => `fe:fd:c6:12:07:0${i + 1}`

describe('VLANs of guests', function () {
  this.timeout(kBusyMs)
  let lab: Lab
  let hosts: readonly [Host, Host]
  let guests: readonly [Guest, Guest]

  beforeEach(async function () {
    need(this, 'uml', 'tun')
    lab = await Lab.create()
    hosts = [await lab.host('a'), await lab.host('b')]
  })

  afterEach(() => lab?.close())

  /** Two guests with a device on VLAN 7; their groups go where the hosts' routes go. */
  async function boot(): Promise<void> {
    const eth0 = (i: number) => [`eth0=mcast,${mac(i)}`]
    const options = { modules: ['8021q'] }
    guests = await Promise.all([
      hosts[0].uml('one', '', eth0(0), options),
      hosts[1].uml('two', '', eth0(1), options),
    ])
    for (const [i, guest] of guests.entries()) {
      const { code, output } = await guest.sh(
        `ip link add link eth0 name eth0.7 type vlan id 7 && ip addr add ${ip(i)}/24 dev eth0.7 && ip link set eth0.7 up`,
      )
      assert.equal(code, 0, output)
    }
  }

  /** Puts devices of a host on a bridge of its kernel. */
  async function bridge(host: Host, ...devices: string[]): Promise<void> {
    await host.ip('link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0')
    for (const device of devices) await host.ip('link', 'set', device, 'master', 'br0')
    await host.ip('link', 'set', 'br0', 'up')
  }

  async function exchange(): Promise<void> {
    const file = contentFile(lab.dir, kOctets)
    await guestToGuest(guests[0], guests[1], ip(1), file, kBusyMs)
    await guestToGuest(guests[1], guests[0], ip(0), file, kBusyMs)
  }

  it('full packets behind a tag, and TCP in super-frames through both taps', async () => {
    await lab.link(...hosts, { route239: false })
    const joins = await Promise.all(hosts.map((host) => Join.start(host, 'tuntap,tap0', 'mcast')))
    for (const host of hosts) await bridge(host, 'tap0', 'veth0')
    await boot()
    for (const payload of [1, 56, kFullPayload]) await guestPings(guests[0], ip(1), payload)
    await exchange()
    for (const join of joins) {
      const [tap, mcast] = await join.stop('tuntap', 'mcast')
      assert.ok(tap.tx.superFrames > 0, 'runs were joined for the tap')
      assert.ok(tap.rx.superFrames > 0, 'super-frames came out of the tap')
      assert.deepEqual([tap.tx.drops.refused, tap.rx.drops.bad_offload, mcast.tx.fragmented], [0, 0, 0])
    }
  })

  it('TCP behind a tag needs no fragments on a link of 1500, whatever MTU the guests have', async () => {
    await lab.link(...hosts, { route239: false })
    const between = 'mcast,,239.192.168.2,1103,1,interface=veth0'
    const joins = await Promise.all(hosts.map((host) => Join.start(host, 'mcast,,interface=lo', between)))
    await boot()
    await exchange()
    for (const [i, join] of joins.entries()) {
      const [far] = await join.stop('mcast,,239')
      assert.ok(far.mssClamped >= 2, `${far.mssClamped} clamped`)
      assert.equal(far.tx.fragmented, 0)
      assert.equal((await ipCounters(hosts[i]!)).FragCreates, 0)
    }
  })
})
