// UML guests with eth0=slip,HOST_IP and our uml_net. UML asks the terminal which device it is, which only the SLIP line discipline of a
// host's kernel answers: without that there is a wall, and this shows where. With the one answer supplied, all else is there.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { buildNative, kNativeBuildMs } from '../support/native_build.js'
import { need, skip } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { guestPings, kernelPings, kFullPayload } from './asserts.js'
import { helpers, hostSide, ourHelper } from './uml_helper.js'

const kGate = '198.18.9.254'
const kGuest = '198.18.9.77'
const kNeighbour = '198.18.9.2'

const boot = (host: Host, env: Record<string, string> = {}) =>
  host.uml('slip', `${kGuest}/24`, [`eth0=slip,${kGate}`], { programs: ourHelper, env })

describe('a UML guest on slip, with our uml_net', function () {
  this.timeout(90_000)
  let lab: Lab

  before(async function () {
    need(this, 'uml', 'tun', 'ping')
    lab = await Lab.create()
  })
  after(() => lab?.close())

  it('the wall: no terminal of this kernel knows the name of a device; nothing is left of the attempt', async function () {
    // slip, mkiss, 6pack and their like; the numbers are those of linux/tty.h.
    const able = readFileSync('/proc/tty/ldiscs', 'utf8').match(/^\S+\s+(1|5|7)$/gm)
    if (able) skip(this, `this kernel has a line discipline with names (${able.join(', ')})`)
    const host = await lab.host('wall')
    const guest = await boot(host)
    const { output } = await guest.sh('dmesg; ip link set eth0 up')
    // The helper's part was done…
    assert.match(output, /\* ip addr replace 198\.18\.9\.254\/32 dev sl0\n\* ip link set dev sl0 up/)
    // …and then UML asked the terminal: 25 is ENOTTY.
    assert.match(output, /get_ifname failed, err = 25/)
    assert.match(output, /SIOCSIFFLAGS: Inappropriate ioctl for device/)
    await eventually(async () => (await helpers(host)).length === 0, 5000, 'the helper to end')
    assert.equal((await hostSide(host, 'sl0')).addresses, undefined)
  })

  describe('and with that one question answered by a preloaded library', function () {
    let host: Host
    let neighbour: Host
    let guest: Guest

    before(async function () {
      need(this, 'cmake', 'doctest')
      this.timeout(2 * kNativeBuildMs)
      const library = join(await buildNative('ethercast_slip_name'), 'libethercast_slip_name.so')
      ;[host, neighbour] = [await lab.host('a'), await lab.host('b')]
      await lab.link(host, neighbour, { addresses: ['198.18.9.1/24', `${kNeighbour}/24`] })
      guest = await boot(host, { LD_PRELOAD: library })
    })

    it('the guest comes up; host and guest ping each other over SLIP, with full packets too', async () => {
      assert.deepEqual(await hostSide(host, 'sl0'), {
        addresses: [`${kGate}/32`],
        isUp: true,
        proxyArp: true,
        routes: [kGuest],
        published: [`${kGuest} on veth0`],
        forwards: true,
      })
      for (const payload of [1, 56, kFullPayload]) {
        await kernelPings(host, kGuest, payload)
        await guestPings(guest, kGate, payload)
      }
    })

    it('a neighbour on the LAN behind the host pings the guest, and is pinged', async () => {
      await kernelPings(neighbour, kGuest, kFullPayload)
      await guestPings(guest, kNeighbour, kFullPayload)
    })

    it('down, nothing is left; up, it is there again', async () => {
      assert.equal((await helpers(host)).length, 1)
      await guest.sh('ip link set eth0 down')
      await eventually(async () => (await helpers(host)).length === 0, 5000, 'the helper to end')
      assert.deepEqual(await hostSide(host, 'sl0'), { routes: [], published: [], forwards: true })
      await guest.sh('ip link set eth0 up')
      await kernelPings(neighbour, kGuest)
    })
  })
})
