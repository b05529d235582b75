// The recipes of examples/, each with a real UML guest that is told what `plan` says to type, and reaches through the host what it should.
import assert from 'node:assert/strict'
import { guestPings, kernelPings } from '../interop/asserts.js'
import type { Guest } from '../support/guest.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { kLan, Recipe, seenAs } from './recipe.js'

/** IPv6 as one text: socat writes all eight groups. */
const canonical = (address: string) => new URL(`http://[${address}]/`).hostname.slice(1, -1)

/** A new IPv6 address is first asked about on the LAN: its owner waits a second or two. */
const whenUsable = (guest: Guest) =>
  eventually(
    async () => !(await guest.sh('ip -6 addr show dev eth0')).output.includes('tentative'),
    20_000,
    'the address to be usable',
  )

describe('recipes', function () {
  this.timeout(240_000)
  let lab: Lab

  beforeEach(async function () {
    need(this, 'uml', 'tun', 'nft', 'ping', 'socat')
    lab = await Lab.create()
  })
  afterEach(() => lab?.close())

  it('routed, with proxy ARP: the LAN reaches the guest as one of its own', async () => {
    const recipe = await Recipe.create(lab, 'routed_proxy_arp')
    await recipe.up()
    const guest = await recipe.guest('one')
    await whenUsable(guest)
    for (const address of [kLan.other4, kLan.other6, kLan.host4]) await guestPings(guest, address)
    for (const address of ['198.18.9.77', '2001:db8:9::77']) await kernelPings(recipe.neighbour, address)
    assert.equal(await seenAs(guest, kLan.other4), '198.18.9.77')
    assert.match((await recipe.run('up')).stdout, /^Nothing to change: /)
    assert.match((await guest.sh('cat /etc/resolv.conf')).output, /^nameserver 198\.18\.9\.2$/m)
    await guest.kill()
    await recipe.down()
  })

  it("bridged: the guest is on the LAN; the NIC's addresses go to the bridge and come back", async () => {
    const recipe = await Recipe.create(lab, 'bridged')
    await recipe.up()
    assert.match(await recipe.host.ip('addr', 'show', 'dev', 'br0'), /198\.18\.9\.1\/24/)
    assert.doesNotMatch(await recipe.host.ip('addr', 'show', 'dev', 'eth0'), /198\.18\.9\.1\/24/)
    await kernelPings(recipe.host, kLan.other4)
    await kernelPings(recipe.host, kLan.other6)
    const guest = await recipe.guest('one')
    await whenUsable(guest)
    for (const address of [kLan.other4, kLan.other6, kLan.host4]) await guestPings(guest, address)
    for (const address of ['198.18.9.78', '2001:db8:9::78']) await kernelPings(recipe.neighbour, address)
    assert.equal(await seenAs(guest, kLan.other4), '198.18.9.78')
    // The guest answers for its address by now: that is no reason to object.
    assert.match((await recipe.run('up')).stdout, /^Nothing to change: /)
    await guest.kill()
    await recipe.down()
    await kernelPings(recipe.host, kLan.other4)
  })

  it('masqueraded: two guests on a net that nobody knows reach the LAN as the host', async () => {
    const recipe = await Recipe.create(lab, 'masqueraded')
    await recipe.up()
    const guests = [
      await recipe.guest('one', 'eth0=tuntap,tap0'),
      await recipe.guest('two', 'eth0=tuntap,tap1'),
    ]
    for (const guest of guests) {
      await whenUsable(guest)
      await guestPings(guest, kLan.other4)
      await guestPings(guest, kLan.other6)
      assert.equal(await seenAs(guest, kLan.other4), kLan.host4)
      assert.equal(canonical(await seenAs(guest, kLan.other6)), kLan.host6)
    }
    await guestPings(guests[0]!, '198.18.100.2')
    await Promise.all(guests.map((guest) => guest.kill()))
    await recipe.down()
  })

  it('port-forwarded: the LAN reaches a server in the guest by the host', async () => {
    const recipe = await Recipe.create(lab, 'port_forwarded')
    await recipe.up()
    const guest = await recipe.guest('web')
    await whenUsable(guest)
    assert.equal(await seenAs(guest, kLan.other4), kLan.host4)
    await guest.sh('mkdir /run/www && echo the guest >/run/www/index.html && httpd -p 80 -h /run/www')
    const echo = `SYSTEM:'read -r word; echo got $word'`
    await guest.sh(`socat UDP4-RECVFROM:53,fork ${echo} </dev/null >/dev/null 2>&1 &`)
    for (const address of [kLan.host4, `[${kLan.host6}]`]) {
      const url = `http://${address}:8080/index.html`
      const { stdout, stderr } = await recipe.neighbour.exec('busybox', ['wget', '-q', '-O', '-', url])
      assert.equal(stdout, 'the guest\n', stderr)
    }
    const asked = async () => {
      const to = `UDP4:${kLan.host4}:5353`
      return (await recipe.neighbour.exec('socat', ['-t', '1', '-', to], { input: 'this\n' })).stdout
    }
    // The guest's program takes a moment to start.
    assert.equal(await eventually(asked, 20_000, 'an answer'), 'got this\n')
    await guest.kill()
    await recipe.down()
  })

  it('slip: a guest on a line of IPv4, without Ethernet', async () => {
    const recipe = await Recipe.create(lab, 'slip')
    await recipe.up()
    const guest = await recipe.guest('one')
    // The line's program is started with it.
    const answers = async () => (await guest.sh('ping -c 1 -W 1 198.18.102.2')).code === 0
    await eventually(answers, 30_000, 'the line')
    await guestPings(guest, '198.18.102.2')
    await guestPings(guest, kLan.other4)
    await kernelPings(recipe.host, '198.18.102.1')
    assert.equal(await seenAs(guest, kLan.other4), kLan.host4)
    await guest.kill()
    await recipe.down()
  })

  it('mesh: a guest in the group, this host on its LAN by a tap, while up --foreground runs', async () => {
    const recipe = await Recipe.create(lab, 'mesh')
    const running = await recipe.foreground()
    const guest = await recipe.guest('one')
    await whenUsable(guest)
    await guestPings(guest, '198.18.103.254')
    await guestPings(guest, kLan.other4)
    await guestPings(guest, kLan.other6)
    assert.equal(await seenAs(guest, kLan.other4), kLan.host4)
    await guest.kill()
    running.signal('SIGTERM')
    const { code, stdout, stderr } = await running.result(60_000)
    assert.equal(code, 0, stdout + stderr)
    await recipe.assertAsBefore()
  })
})
