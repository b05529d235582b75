// The slip port's lines with others at their ends: this host's kernel by a TUN device, and Debian's slirp on a pty.
import assert from 'node:assert/strict'
import { existsSync, lstatSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { guestPings, kernelPings, kFullPayload } from './asserts.js'

describe('lines of a slip port', function () {
  this.timeout(60_000)

  it('line=tun: this host and a UML guest on mcast reach each other, with the TTL as it was', async function () {
    need(this, 'uml', 'tun', 'ping')
    await using lab = await Lab.create()
    const host = await lab.host('a')
    const joined = host.ethercast(['join', 'mcast', 'slip,198.18.1.254,line=tun,device=tun7'])
    await joined.waitForLine(/^ready$/)
    const guest = await host.uml('one', '198.18.1.1/24', ['eth0=mcast'])
    for (const payload of [56, kFullPayload]) {
      await kernelPings(host, '198.18.1.1', payload)
      await guestPings(guest, '198.18.1.254', payload)
    }
    const { stdout } = await host.exec('ping', ['-c', '1', '-W', '2', '198.18.1.1'])
    assert.match(stdout, /ttl=64/)
    const { output } = await guest.sh('cat /proc/net/arp')
    assert.match(output, /^198\.18\.1\.254\s.*fe:fd:c6:12:01:fe/m)
  })

  it("a pty between two hosts' switches, with TUN devices beyond: SLIP without any SLIP in the kernel", async function () {
    need(this, 'tun', 'ping')
    await using lab = await Lab.create()
    const [left, right] = [await lab.host('left'), await lab.host('right')]
    const line = join(lab.dir, 'line')
    const ends = [
      left.ethercast(['join', 'slip,198.18.1.1,line=tun', `slip,,link=${line},peer=198.18.1.2`]),
      right.ethercast(['join', 'slip,198.18.1.2,line=tun', `slip,,line=${line},peer=198.18.1.1,wait=on`]),
    ]
    for (const end of ends) await end.waitForLine(/^ready$/)
    await kernelPings(left, '198.18.1.2', kFullPayload)
    await kernelPings(right, '198.18.1.1', kFullPayload)
    // The one with the pty goes and comes: the other finds it again.
    assert.ok(lstatSync(line).isSymbolicLink())
    await ends[0]!.kill()
    assert.ok(!existsSync(line), 'the link went with its port')
    await ends[1]!.waitForLine(/is gone/)
    const again = left.ethercast(['join', 'slip,198.18.1.1,line=tun', `slip,,link=${line},peer=198.18.1.2`])
    await again.waitForLine(/^ready$/)
    const pings = () => left.exec('ping', ['-c', '1', '-W', '1', '198.18.1.2'])
    await eventually(async () => (await pings()).code === 0, 10_000, 'the line to work again')
  })

  it("Debian's slirp on the pty: a SLIP peer of another make", async function () {
    need(this, 'slirp', 'netns')
    await using lab = await Lab.create()
    const host = await lab.host('a')
    const line = join(lab.dir, 'line')
    const ping = host.ethercast([
      'ping',
      `slip,10.0.2.254,link=${line},peer=10.0.2.0/30`,
      '10.0.2.2',
      '-c',
      '3',
      '--from',
      '10.0.2.15',
      '--json',
    ])
    await eventually(() => existsSync(line), 10_000, 'the link')
    // Opened for reading and writing, as its standard input and output.
    host.spawn('sh', ['-c', `exec slirp-fullbolt <>${line} >&0`])
    const { stdout, stderr } = await ping.result(20_000)
    assert.match(stdout, /"event":"reply"/, stdout + stderr)
  })

  it('link= replaces a link of ours into /dev/pts, and nothing else', async function () {
    need(this, 'netns')
    await using lab = await Lab.create()
    const host = await lab.host('a')
    const stale = join(lab.dir, 'stale')
    symlinkSync('/dev/pts/4711', stale)
    const joined = host.ethercast(['join', `slip,,link=${stale}`])
    await joined.waitForLine(/^ready$/)
    assert.match(readlinkSync(stale), /^\/dev\/pts\/\d{1,3}$/)
    await joined.kill()
    for (const make of [
      (path: string) => writeFileSync(path, 'precious'),
      (path: string) => symlinkSync('/etc/passwd', path),
    ]) {
      const path = join(lab.dir, `kept${make.length}${Math.random()}`)
      make(path)
      const { code, stderr } = await host.ethercast(['join', `slip,,link=${path}`]).result()
      assert.equal(code, 1)
      assert.match(stderr, /is there already, and no link to a pty/)
      assert.ok(lstatSync(path))
    }
  })
})
