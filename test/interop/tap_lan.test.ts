// Two kernels with a tap each on one LAN: IPv6 with its detection of duplicates, jumbo frames.
import assert from 'node:assert/strict'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { ipCounters } from './ip_counters.js'
import { Join, pingSizes, transfer } from './tap_lan.js'

const kOctets = 5_000_000
const kAddresses = ['198.18.1.1', '198.18.1.2'] as const

interface Pair {
  hosts: readonly [Host, Host]
  joins: readonly Join[]
}

describe('taps of two hosts on one LAN', function () {
  this.timeout(60_000)
  let lab: Lab

  beforeEach(async function () {
    need(this, 'netns', 'tun', 'ping')
    lab = await Lab.create()
  })

  afterEach(() => lab?.close())

  async function pair(linkMtu: number, tapOptions = ''): Promise<Pair> {
    const hosts = [await lab.host('a'), await lab.host('b')] as const
    await lab.link(...hosts, { mtu: linkMtu })
    const joins = await Promise.all(
      hosts.map((host, i) => Join.start(host, `tuntap,tap0,,${kAddresses[i]}${tapOptions}`, 'mcast')),
    )
    return { hosts, joins }
  }

  async function assertWhole({ hosts, joins }: Pair): Promise<void> {
    for (const [i, host] of hosts.entries()) {
      const [tap, mcast] = await joins[i]!.stop('tuntap', 'mcast')
      assert.equal(mcast.tx.fragmented, 0)
      assert.equal((await ipCounters(host)).FragCreates, 0)
      for (const port of [tap, mcast]) {
        assert.deepEqual([port.rx.drops.bad_offload, port.tx.drops.refused], [0, 0])
      }
    }
  }

  /** Gives the tap an address and waits until duplicate address detection has ended; says how. */
  async function takeAddress(host: Host, address: string): Promise<'valid' | 'dadfailed'> {
    await host.ip('-6', 'addr', 'add', `${address}/64`, 'dev', 'tap0')
    const show = () => host.ip('-6', '-o', 'addr', 'show', 'dev', 'tap0', 'to', address)
    const shown = await eventually(
      async () => {
        const line = await show()
        return /dadfailed/.test(line) || !/tentative/.test(line) ? line : undefined
      },
      8000,
      `the end of duplicate address detection for ${address}`,
    )
    return /dadfailed/.test(shown) ? 'dadfailed' : 'valid'
  }

  it('IPv6: detection of duplicates ends well, finds real ones, and neighbours are found', async () => {
    const both = await pair(1500)
    const [one, two] = both.hosts
    for (const host of both.hosts) {
      // A nonce would let the kernel know its own question again (RFC 7527): without, an echo of it is fatal.
      for (const name of ['all', 'tap0']) {
        await host.exec('sysctl', ['-w', `net.ipv6.conf.${name}.enhanced_dad=0`], { check: true })
      }
    }
    assert.deepEqual(
      await Promise.all([takeAddress(one, '2001:db8:1::1'), takeAddress(two, '2001:db8:1::2')]),
      ['valid', 'valid'],
    )
    assert.equal(await takeAddress(two, '2001:db8:1::1'), 'dadfailed')
    await pingSizes(one, '2001:db8:1::2', [1, 56, 1458 - 48])
    await pingSizes(two, '2001:db8:1::1', [1, 56, 1458 - 48])
    const [{ address: mac }] = JSON.parse(await two.ip('-j', 'link', 'show', 'dev', 'tap0')) as [
      { address: string },
    ]
    assert.match(await one.ip('-6', 'neigh', 'show', '2001:db8:1::2'), new RegExp(`lladdr ${mac}`))
    await assertWhole(both)
  })

  it('jumbo: packets of 9000 octets in one piece, and TCP that uses them', async () => {
    const both = await pair(9100, ',mtu=9000')
    const [one, two] = both.hosts
    await pingSizes(one, kAddresses[1], [1472, 1473, 8971, 8972])
    await pingSizes(two, kAddresses[0], [8972])
    await transfer(one, two, kAddresses[1], kOctets)
    await transfer(two, one, kAddresses[0], kOctets)
    await assertWhole(both)
  })
})
