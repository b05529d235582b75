// One LAN of everything that guests speak: old UML kernels' mcast and daemon, today's vector bess, QEMU's stream and mcast, a tap of this host
// and a host in user space, on one switch.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Guest } from '../support/guest.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { startQemuHub } from '../support/qemu.js'
import { eventually } from '../support/wait.js'
import { contentFile, guestSends } from './guest_content.js'
import { LanNode } from './lan_node.js'

const kFileOctets = 50_000_000
const kLifeSeconds = 900
const kSlowMs = 120_000

/** Somebody on the LAN, who can be killed, and come back as the same. */
interface Station {
  name: string
  address: string
  start(): Promise<void>
  kill(): Promise<unknown>
  ping(address: string): Promise<void>
}

/** A UML guest with a device of its own kind. */
function guestStation(host: Host, name: string, last: number, device: (mac: string) => string) {
  let guest: Guest | undefined
  const address = `198.18.6.${last}`
  return {
    name,
    address,
    guest: () => guest!,
    async start() {
      const mac = `fe:fd:c6:12:06:0${last}`
      guest = await host.uml(name, `${address}/24`, [device(mac)], { lifeSeconds: kLifeSeconds })
    },
    kill: () => guest!.kill(),
    async ping(to: string) {
      const { code, output } = await guest!.sh(`ping -c 1 -W 5 ${to}`)
      assert.equal(code, 0, `${name} to ${to}: ${output}`)
    },
  }
}

async function kernelPing(host: Host, name: string, to: string): Promise<void> {
  const { code, stdout } = await host.exec('ping', ['-c', '1', '-W', '5', to])
  assert.equal(code, 0, `${name} to ${to}: ${stdout}`)
}

/** A host of its own behind a tap of QEMU's hub, whose other device is on the LAN. */
function qemuStation(host: Host, inner: Host, name: string, last: number, netdev: string) {
  const address = `198.18.6.${last}`
  const tap = `q${last}`
  let qemu: Awaited<ReturnType<typeof startQemuHub>> | undefined
  return {
    name,
    address,
    host: inner,
    async start() {
      qemu = await startQemuHub(host, [`tap,ifname=${tap},script=no,downscript=no`, netdev])
      await host.ip('link', 'set', tap, 'netns', inner.namespace)
      // As it was: else the others' neighbour tables would have it wrong for a while.
      await inner.ip('link', 'set', tap, 'address', `fe:fd:c6:12:06:0${last}`)
      await inner.exec('sysctl', ['-qw', `net.ipv6.conf.${tap}.disable_ipv6=1`], { check: true })
      await inner.ip('addr', 'add', `${address}/24`, 'dev', tap)
      await inner.ip('link', 'set', tap, 'up')
    },
    async kill() {
      await qemu!.kill()
      await eventually(async () => !(await inner.ip('link')).includes(tap), 5000, `${tap} to go`)
    },
    ping: (to: string) => kernelPing(inner, name, to),
  }
}

describe('a mixed LAN', function () {
  this.timeout(kSlowMs)
  let lab: Lab
  let node: LanNode
  let stations: readonly Station[]
  let vector: ReturnType<typeof guestStation>
  let farthest: ReturnType<typeof qemuStation>

  before(async function () {
    need(this, 'uml', 'tun', 'qemu', 'ping')
    lab = await Lab.create()
    const host = await lab.host('mixed')
    const [ctl, bess, stream] = ['ctl', 'bess', 'stream'].map((name) => join(lab.dir, name))
    const tap = 'tuntap,tap0,,198.18.6.6'
    const mac = 'fe:fd:c6:12:06:07'
    node = await LanNode.start(host, {
      ports: ['mcast', `switch,,unix,${ctl}`, `bess,listen=${bess}`, `stream,listen=${stream}`, tap],
      node: { mac, ipv4: '198.18.6.7' },
    })
    const nameTap = () => host.ip('link', 'set', 'tap0', 'address', 'fe:fd:c6:12:06:06')
    await nameTap()
    vector = guestStation(host, 'vector', 3, (mac) => `vec0:transport=bess,dst=${bess},mac=${mac}`)
    farthest = qemuStation(
      host,
      await lab.host('q5'),
      'QEMU mcast',
      5,
      'socket,mcast=239.192.168.1:1102,localaddr=127.0.0.1',
    )
    stations = [
      guestStation(host, 'mcast', 1, (mac) => `eth0=mcast,${mac}`),
      guestStation(host, 'daemon', 2, (mac) => `eth0=daemon,${mac},unix,${ctl}`),
      vector,
      qemuStation(
        host,
        await lab.host('q4'),
        'QEMU stream',
        4,
        `stream,server=off,addr.type=unix,addr.path=${stream}`,
      ),
      farthest,
      {
        name: 'tap',
        address: '198.18.6.6',
        async start() {
          await node.plug(tap)
          await nameTap()
        },
        kill: () => node.unplug('tuntap'),
        ping: (to) => kernelPing(host, 'tap', to),
      },
      {
        name: 'node',
        address: '198.18.6.7',
        start: () => node.plug('host'),
        kill: () => node.unplug('host'),
        async ping(to) {
          const { summary } = await node.ping(to, { count: 1, timeoutMs: 5000 })
          assert.equal(summary.received, 1, `node to ${to}`)
        },
      },
    ]
    await Promise.all(stations.slice(0, 5).map((station) => station.start()))
  })

  after(() => lab?.close())

  it('every station reaches every other', async () => {
    for (const from of stations) {
      for (const to of stations) if (to !== from) await from.ping(to.address)
    }
  })

  it('50 MB from the vector guest to the host behind QEMU on the group, equal at both ends', async () => {
    await guestSends(
      vector.guest(),
      farthest.host,
      farthest.address,
      contentFile(lab.dir, kFileOctets),
      kSlowMs,
    )
  })

  for (const [i, name] of [
    'mcast',
    'daemon',
    'vector',
    'QEMU stream',
    'QEMU mcast',
    'tap',
    'node',
  ].entries()) {
    it(`${name} is killed, nobody else minds, and it comes back`, async () => {
      const killed = stations[i]!
      const others = stations.filter((station) => station !== killed)
      assert.equal(killed.name, name)
      await killed.kill()
      for (const [at, other] of others.entries()) await other.ping(others[(at + 1) % others.length]!.address)
      await killed.start()
      for (const other of others) await other.ping(killed.address)
      await killed.ping(others[0]!.address)
    })
  }
})
