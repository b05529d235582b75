// Devices that running guests get and lose by their management console: what the guest has then, and what goes through it.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { attachDevice, detachDevice, hasDevice, Mconsole } from '../../lib/index.js'
import type { EthercastError } from '../../lib/index.js'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { guestPings } from './asserts.js'
import { LanNode } from './lan_node.js'

const kSlowMs = 120_000
const kMac = 'fe:fd:c6:12:07:0a'

describe('mconsole: devices of a guest', function () {
  this.timeout(kSlowMs)
  let lab: Lab
  let host: Host
  let guest: Guest
  let console: Mconsole

  before(async function () {
    need(this, 'uml')
    lab = await Lab.create()
    host = await lab.host('a')
    guest = await host.uml('one', '198.18.1.1/24', ['eth0=mcast'], { lifeSeconds: 600 })
    console = await Mconsole.open(guest.mconsole)
  })
  after(async () => {
    console?.close()
    await lab?.close()
  })

  /** The guest's own list of network devices. */
  async function devices(): Promise<string[]> {
    const { output } = await guest.sh('ls /sys/class/net')
    return output.trim().split(/\s+/).sort()
  }

  async function up(device: string, address: string): Promise<void> {
    const { code, output } = await guest.sh(
      `ip addr add ${address}/24 dev ${device} && ip link set ${device} up`,
    )
    assert.equal(code, 0, output)
  }

  /** Attached, the guest reaches what is behind it; it is not taken away while up; then it is gone. */
  async function comesAndGoes(spec: string, subnet: string, mac?: string): Promise<void> {
    const device = spec.split(/[=:]/)[0]!
    const before = await devices()
    assert.equal(await hasDevice(console, device), false)
    assert.deepEqual(await attachDevice(console, spec), { device, isRenamed: false })
    assert.deepEqual(await devices(), [...before, device].sort())
    assert.equal(await hasDevice(console, device), true)
    if (mac !== undefined)
      assert.equal((await guest.sh(`cat /sys/class/net/${device}/address`)).output.trim(), mac)
    await up(device, `${subnet}.1`)
    await guestPings(guest, `${subnet}.2`)
    await assert.rejects(attachDevice(console, spec), (error: EthercastError) => error.code === 'EEXIST')
    await assert.rejects(detachDevice(console, device), (error: EthercastError) => {
      assert.equal(error.code, 'EBUSY')
      return error.message.includes(`ip link set ${device} down`)
    })
    await guestPings(guest, `${subnet}.2`)
    assert.equal((await guest.sh(`ip link set ${device} down`)).code, 0)
    await detachDevice(console, device)
    assert.deepEqual(await devices(), before)
    await assert.rejects(detachDevice(console, device), (error: EthercastError) => error.code === 'ENODEV')
  }

  it('mcast comes, carries a ping, and goes; twice', async () => {
    const node = await LanNode.start(host, {
      ports: ['mcast,,239.192.7.2,1107'],
      node: { ipv4: '198.18.2.2' },
    })
    for (let i = 0; i < 2; i++) await comesAndGoes(`eth1=mcast,${kMac},239.192.7.2,1107`, '198.18.2', kMac)
    await node.stop()
  })

  it('daemon comes, carries a ping, and goes; without a switch it does not come, and says which is missing', async () => {
    const socket = join(lab.dir, 'd.ctl')
    const before = await devices()
    await assert.rejects(attachDevice(console, `eth2=daemon,,unix,${socket}`), (error: EthercastError) => {
      assert.equal(error.code, 'ERR_ETHERCAST_MCONSOLE')
      assert.match(error.message, /has no such device: there is no switch at \S+d\.ctl: start one first/)
      return true
    })
    assert.deepEqual(await devices(), before)
    await assert.rejects(
      attachDevice(console, `eth2=daemon,,tcp,${socket}`),
      /kind of a switch's socket is unix/,
    )
    const node = await LanNode.start(host, {
      ports: [`switch,,unix,${socket}`],
      node: { ipv4: '198.18.3.2' },
    })
    await comesAndGoes(`eth2=daemon,${kMac},unix,${socket}`, '198.18.3', kMac)
    await node.stop()
    assert.deepEqual(await devices(), before)
  })

  it('vector devices come, carry a ping, and go: bess and tap', async function () {
    const path = join(lab.dir, 'v.sock')
    const node = await LanNode.start(host, { ports: [`bess,listen=${path}`], node: { ipv4: '198.18.4.2' } })
    await comesAndGoes(`vec0:transport=bess,dst=${path},mac=${kMac}`, '198.18.4', kMac)
    await node.stop()
    need(this, 'tun')
    await host.tap('tap7', '198.18.5.2/24')
    await comesAndGoes(`vec1:transport=tap,ifname=tap7,mac=${kMac}`, '198.18.5', kMac)
  })

  it('what the kernel refuses has a reason, and nothing is left', async () => {
    const before = await devices()
    for (const [spec, why] of [
      ['eth3=deamon', /did you mean daemon\?/],
      ['eth3=bess', /was built without the transport bess/],
      ['eth3=mcast,,239.192.7.2,port', /port is no number/],
      ['eth3=mcast,01:00:5e:00:00:01', /group's address/],
      ['vec3:transport=nothing', /no kernel has transport=nothing/],
    ] as const) {
      await assert.rejects(attachDevice(console, spec), why)
      assert.equal(await hasDevice(console, 'eth3'), false)
    }
    assert.deepEqual(await devices(), before)
    // The number is as free as before.
    await attachDevice(console, 'eth3=mcast')
    await detachDevice(console, 'eth3')
  })

  it('a device that the guest has renamed is still there, and goes by its number', async () => {
    await attachDevice(console, 'eth4=mcast')
    assert.equal((await guest.sh('ip link set eth4 name lan9')).code, 0)
    assert.equal(await hasDevice(console, 'eth4'), true)
    await assert.rejects(
      attachDevice(console, 'eth4=mcast'),
      (error: EthercastError) => error.code === 'EEXIST',
    )
    await detachDevice(console, 'eth4')
    assert.equal(await hasDevice(console, 'eth4'), false)
    assert.ok(!(await devices()).includes('lan9'))
  })
})
