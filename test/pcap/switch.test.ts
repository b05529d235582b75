// A switch with a pcap port among others: who joins it gets what is heard, and a switch that hears itself does not run wild.
import assert from 'node:assert/strict'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import type { Running } from '../support/running.js'

/** Two hosts with a cable; on the first a LAN of guests, in a group on its loopback. */
async function hosts(lab: Lab): Promise<[Host, Host]> {
  const [near, far] = [await lab.host('near'), await lab.host('far')]
  await lab.link(near, far, { route239: false })
  return [near, far]
}

describe('pcap: a UML guest gets one by joining a switch that has one', function () {
  this.timeout(120_000)
  let lab: Lab
  let near: Host
  let guest: Guest
  let join: Running

  before(async function () {
    need(this, 'uml', 'tcpdump', 'ping')
    lab = await Lab.create()
    ;[near] = await hosts(lab)
    join = near.ethercast(['join', 'pcap,veth0,icmp or arp or vlan', 'mcast', '--json'])
    ;[guest] = await Promise.all([
      near.uml('one', '', ['eth0=mcast'], { lifeSeconds: 110 }),
      join.waitForLine(/"event":"ready"/),
    ])
  })

  after(() => lab?.close())

  it("the guest's own tcpdump prints what goes over the cable, both ways", async () => {
    const caught = guest.sh('timeout 20 /usr/bin/tcpdump -i eth0 -n -e -l -c 8 2>&1', 40_000)
    // tcpdump in the guest says nothing until it is ready that could be read meanwhile: so there is something to hear all the time.
    const pinging = near.spawn('ping', ['-i', '0.2', '-s', '1400', '198.18.9.2'])
    const { output } = await caught
    await pinging.kill()
    assert.match(output, /198\.18\.9\.1 > 198\.18\.9\.2: ICMP echo request.* length 1408/)
    assert.match(output, /198\.18\.9\.2 > 198\.18\.9\.1: ICMP echo reply.* length 1408/)
    assert.match(output, /8 packets captured/)
  })

  it('what the guest sends stays on its LAN', async () => {
    const { output } = await guest.sh(
      'ip addr add 198.18.9.77/24 dev eth0; ping -c 2 -W 1 198.18.9.2 2>&1',
      20_000,
    )
    assert.match(output, /100% packet loss/)
    join.signal('SIGINT')
    await join.exited
    const done = JSON.parse(/^\{"event":"done".*$/m.exec(join.stdout)![0]) as {
      ports: { spec?: string; name?: string; stats?: unknown }[]
    }
    assert.match(JSON.stringify(done), /"read_only":[1-9]/)
  })
})

describe('pcap: a switch that captures the interface it sends on', function () {
  this.timeout(60_000)
  let lab: Lab

  before(async function () {
    need(this, 'netns')
    lab = await Lab.create()
  })

  after(() => lab?.close())

  for (const [what, carrier, device] of [
    ['a group on the cable', 'mcast,,239.192.7.7,1107,1,interface=veth0', 'veth0'],
    ['a group on loopback', 'mcast,,239.192.7.7,1107,1,interface=lo', 'lo'],
    ['a group over IPv6', 'mcast,,ff05::77,1107,1,interface=veth0', 'veth0'],
    ['one peer', 'ucast,,198.18.9.2,1107,1107', 'veth0'],
  ] as const) {
    it(`${what}: hears its own envelopes once, and no more`, async () => {
      const near = await lab.host('near')
      const far = await lab.host('far')
      await lab.link(near, far, { route239: false, addresses: ['198.18.9.1/24', '198.18.9.2/24'] })
      await near.ip('addr', 'add', '2001:db8::1/64', 'dev', 'veth0', 'nodad')
      await near.ip('neigh', 'add', '198.18.9.2', 'lladdr', '02:00:00:00:00:02', 'dev', 'veth0')
      const code = `
        import { Switch } from 'ethercast'
        import { setTimeout as sleep } from 'node:timers/promises'
        const lan = await Switch.create()
        const pcap = await lan.addPort('pcap,${device},udp or ip[6:2] & 0x1fff != 0')
        await lan.addPort('${carrier}')
        const host = await lan.addPort({ transport: 'host' })
        const frame = new Uint8Array(1514).fill(7)
        frame[0] = 2
        frame[6] = 6
        for (let i = 0; i < 20; i++) host.send(frame)
        await sleep(1000)
        const { rx } = pcap.stats()
        console.log(JSON.stringify({ heard: rx.frames, echoes: rx.drops.own_echo, forwarded: rx.forwarded }))
        await lan.close()`
      const { stdout, stderr } = await near.node({ code }).result(30_000)
      assert.equal(stderr, '')
      const { heard, echoes, forwarded } = JSON.parse(stdout) as Record<string, number>
      // 20 envelopes, and each of those in one more; on a cable of 1500 both come in pieces.
      assert.ok(forwarded! >= 20, stdout)
      assert.ok(echoes! >= 1, stdout)
      assert.ok(heard! <= 400, stdout)
    })
  }
})
