// UML's `slirp` both ways: Debian's slirp as the gateway of an Ethernet LAN, and a guest's slirp device on a LAN through `ethercast slirp`.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../support/child.js'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need, skip } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { guestPings, kFullPayload } from './asserts.js'

describe("Debian's slirp as the gateway of a LAN", function () {
  this.timeout(60_000)
  let lab: Lab
  let host: Host
  let guests: Guest[]
  const addresses = ['10.0.2.15', '10.0.2.77']

  before(async function () {
    need(this, 'uml', 'slirp')
    lab = await Lab.create()
    host = await lab.host('a')
    await host.ip('addr', 'add', '198.18.77.1/32', 'dev', 'lo')
    const joined = host.ethercast(['join', 'mcast', 'slirp'])
    await joined.waitForLine(/^ready$/)
    guests = await Promise.all(
      addresses.map((address, at) => host.uml(`g${at}`, `${address}/24`, ['eth0=mcast'])),
    )
    for (const guest of guests) await guest.sh('ip route add default via 10.0.2.2')
  })

  after(() => lab?.close())

  it('two guests ping 10.0.2.2 at once, also with full packets', async () => {
    for (const payload of [56, kFullPayload])
      await Promise.all(guests.map((guest) => guestPings(guest, '10.0.2.2', payload)))
  })

  it('`ethercast ping slirp` reaches it without any LAN', async () => {
    const { code, stdout, stderr } = await host.ethercast(['ping', 'slirp', '10.0.2.2', '-c', '2']).result()
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /2 transmitted, 2 received, 0% loss/)
  })

  it('both guests fetch a file by TCP from a server beyond it, at once, with equal octets', async () => {
    const content = Array.from({ length: 60_000 }, (_, at) => `line ${at} of the file\n`).join('')
    writeFileSync(join(lab.dir, 'content'), content)
    host.spawn('busybox', ['httpd', '-f', '-p', '198.18.77.1:8080', '-h', lab.dir])
    const fetch = ['wget', '-q', '-O', '/dev/null', 'http://198.18.77.1:8080/content']
    await eventually(async () => (await host.exec('busybox', fetch)).code === 0, 5000, 'the server')
    await Promise.all(
      guests.map(async (guest, at) => {
        const file = join(lab.dir, `got${at}`)
        const got = await guest.sh(`wget -q -O ${file} http://198.18.77.1:8080/content`, 30_000)
        assert.equal(got.code, 0, got.output)
        assert.equal(readFileSync(file, 'utf8'), content)
      }),
    )
  })
})

describe("a UML guest's slirp device on an mcast LAN, through `ethercast slirp`", function () {
  this.timeout(60_000)
  const kOther = '198.18.1.1'
  const kGuest = '198.18.1.2'
  let lab: Lab
  let other: Guest
  let guest: Guest

  before(async function () {
    need(this, 'uml')
    lab = await Lab.create()
    const host = await lab.host('a')
    // As npm installs it: a name without underscores, which the guest's command line can't hold.
    const program = join(lab.dir, 'ethercast')
    writeFileSync(
      program,
      `#!/bin/sh\nexec ${process.execPath} ${join(projectRoot, 'dist/cli/main.js')} "$@"\n`,
      { mode: 0o755 },
    )
    assert.doesNotMatch(program, /_/)
    ;[other, guest] = await Promise.all([
      host.uml('other', `${kOther}/24`, ['eth0=mcast,fe:fd:c6:12:01:01']),
      host.uml('slirp', `${kGuest}/24`, [`eth0=slirp,,${program},slirp,mcast,,239.192.168.1,1102`]),
    ])
  })

  after(() => lab?.close())

  it('the guests ping each other, also with full packets', async () => {
    for (const payload of [56, kFullPayload]) {
      await guestPings(guest, kOther, payload)
      await guestPings(other, kGuest, payload)
    }
  })

  it('the other guest has its address from ARP, though the slirp device has no MAC', async () => {
    const { output } = await other.sh('cat /proc/net/arp')
    assert.match(output, new RegExp(`^${kGuest}\\s+0x1\\s+0x2\\s+([0-9a-f]{2}:){5}`, 'm'))
    assert.match((await guest.sh('ip link show eth0')).output, /NOARP.*\n\s*link\/slip/)
  })

  it('the device goes down and comes up again', async () => {
    for (let round = 0; round < 3; round++) {
      const { code, output } = await guest.sh('ip link set eth0 down && ip link set eth0 up', 10_000)
      assert.equal(code, 0, output)
      await guestPings(guest, kOther)
    }
  })

  it('nothing but packets was on its standard output: the guest complained of nothing', () => {
    assert.doesNotMatch(guest.console, /slirp|eth0.*returned|shutting it down|uml_net/)
  })
})

describe("a UML guest's slip device where the host's kernel has no SLIP", function () {
  this.timeout(60_000)

  it('a helper that does all it can comes up against SIOCGIFNAME: only a kernel with N_SLIP knows the name', async function () {
    need(this, 'uml')
    const disciplines = readFileSync('/proc/tty/ldiscs', 'utf8')
    if (/^slip\b/m.test(disciplines)) skip(this, 'this kernel has SLIP: the wall is not there')
    await using lab = await Lab.create()
    const host = await lab.host('a')
    const asked = join(lab.dir, 'asked')
    // Answers as uml_net does when all went well: no log.
    const helper = `#!/bin/sh\necho "$@" "$(readlink /proc/self/fd/0)" >>${asked}\nprintf '\\000\\000\\000\\000'\n`
    writeFileSync(join(lab.dir, 'uml_net'), helper, { mode: 0o755 })
    const env = { PATH: `${lab.dir}:${process.env.PATH}` }
    const guest = await host.uml('slip', '198.18.1.2/24', ['eth0=slip,198.18.1.254'], { env })
    const { code } = await guest.sh('ip link set eth0 up')
    assert.notEqual(code, 0)
    assert.match(readFileSync(asked, 'utf8'), /^4 slip up 198\.18\.1\.254 \/dev\/pts\/\d+$/m)
    // ENOTTY: the line discipline of a plain tty. UML asks its own descriptor, which no helper can exchange.
    await guest.waitForLine(/get_ifname failed, err = 25/)
  })
})
