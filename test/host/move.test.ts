// A NIC becomes a port of a bridge: what it had is the bridge's, the neighbours go on to reach it, and all of it comes back.
import { strict as assert } from 'node:assert'
import type { RawFields } from '../../lib/host/reality.js'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { comesAndGoes, Station, wish, withoutDad } from './station.js'

const kMove = wish('move', { device: 'veth0', bridge: 'br0' })
/** One of each: a label, a metric, a peer, a secondary, a lifetime, no route of its own; IPv6 the same. */
const kAddresses = [
  'addr add 198.18.9.3/24 brd + dev veth0 label veth0:a',
  'addr add 198.18.20.1/24 dev veth0 metric 50',
  'addr add 198.18.21.1/24 dev veth0 noprefixroute scope link',
  'addr add 198.18.22.1 peer 198.18.22.2/32 dev veth0',
  'addr add 198.18.23.1/24 dev veth0 valid_lft 5000 preferred_lft 4000',
  'addr add 2001:db8:9::1/64 dev veth0',
  'addr add 2001:db8:9::2/64 dev veth0 nodad noprefixroute',
  'addr add 2001:db8:20::1/64 dev veth0 valid_lft 5000 preferred_lft 4000',
  'addr add 2001:db8:21::1/64 dev veth0 preferred_lft 0',
]
/** Default routes with and without a metric, the kernel's by hand, several ways, other tables, a router's word. */
const kRoutes = [
  'route add 198.18.21.0/24 dev veth0 proto kernel scope link src 198.18.21.1 metric 100',
  'route add default via 198.18.9.2 dev veth0',
  'route add default via 198.18.9.2 dev veth0 proto dhcp src 198.18.9.1 metric 1024',
  'route add 198.18.30.0/24 via 198.18.9.2 mtu 1400 advmss 1200 src 198.18.9.1',
  'route add 198.18.31.0/24 via 198.18.99.1 dev veth0 onlink',
  'route add 198.18.32.0/24 nexthop via 198.18.9.2 weight 2 nexthop via 198.18.9.8',
  'route add 198.18.33.0/24 dev veth0 table 77 proto static',
  'route add default via 198.18.9.2 dev veth0 table 77',
  'route add default via fe80::1 dev veth0 proto ra metric 1024 expires 1700 hoplimit 64',
  'route add 2001:db8:30::/64 via 2001:db8:9::9 dev veth0 pref high',
  'route add 2001:db8:31::/64 via 2001:db8:9::9 dev veth0 table 77',
]
/** Two that somebody wrote down, one of them an address that the bridge has another MAC for. */
const kNeighbours = [
  'neigh add 198.18.9.2 lladdr 02:00:00:00:00:02 dev veth0 nud permanent',
  'neigh add 198.18.60.9 lladdr 02:00:00:00:00:09 dev veth0 nud permanent',
]
const kBridgesNeighbour = 'neigh add 198.18.60.9 lladdr 02:00:00:00:00:19 dev br0 nud permanent'

describe('addresses that move to a bridge', function () {
  this.timeout(120_000)
  let lab: Lab
  let station: Station
  let lan: Host

  beforeEach(async function () {
    need(this, 'netns')
    lab = await Lab.create()
    const host = await withoutDad(await lab.host('host', { route239: false }))
    lan = await withoutDad(await lab.host('lan', { route239: false }))
    await lab.link(host, lan, { addresses: ['198.18.9.1/24', '198.18.9.2/24'], route239: false })
    station = new Station(host)
  })
  afterEach(() => lab?.close())

  const addBridge = () =>
    station.ip('link add br0 type bridge', 'link set br0 up', 'link set veth0 master br0')
  const addressesOf = async (device: string) => {
    const [link] = JSON.parse(await station.host.ip('-j', 'addr', 'show', 'dev', device)) as {
      addr_info: RawFields[]
    }[]
    return link!.addr_info
  }

  it('with all that addresses and routes can have, whole and in parts', async () => {
    await station.ip(...kAddresses, ...kRoutes, 'neigh add proxy 198.18.9.77 dev veth0', ...kNeighbours)
    await addBridge()
    await station.ip(
      'route add 198.18.60.0/24 dev br0',
      'neigh add proxy 198.18.60.7 dev br0',
      kBridgesNeighbour,
    )
    const made = await comesAndGoes(station, kMove)
    assert.equal(made.actions.length, 1, 'one call of ip')
  })

  it('leaves the NIC with its link-local address alone, and no route but that', async () => {
    await station.ip(...kAddresses, ...kRoutes)
    await addBridge()
    const former = await addressesOf('veth0')
    await station.call('make', kMove)
    const left = await addressesOf('veth0')
    assert.deepEqual(
      left.map(({ local }) => local),
      [former.at(-1)!.local],
    )
    const routes = (await station.host.ip('route', 'show', 'table', 'all')).split('\n')
    assert.deepEqual(
      routes.filter((line) => /dev veth0/.test(line) && !/table local|^fe80|^ff00/.test(line)),
      [],
    )
    const moved = (await addressesOf('br0')).slice(0, -1)
    const plain = ({
      local,
      prefixlen,
      address,
      scope,
      metric,
      broadcast,
      noprefixroute,
      nodad,
      secondary,
    }: RawFields) => ({
      local,
      prefixlen,
      address,
      scope,
      metric,
      broadcast,
      noprefixroute,
      nodad,
      secondary,
    })
    assert.deepEqual(moved.map(plain), former.slice(0, -1).map(plain))
    assert.equal(moved.find(({ local }) => local === '198.18.9.3')!.label, 'br0:a')
  })

  it('lets lifetimes run on, to the bridge and back', async () => {
    await station.ip(
      'addr add 198.18.23.1/24 dev veth0 valid_lft 5000 preferred_lft 4000',
      'addr add 2001:db8:20::1/64 dev veth0 valid_lft 6000 preferred_lft 3000',
    )
    await addBridge()
    const started = Date.now()
    const lifetimes = async (device: string) =>
      (await addressesOf(device)).flatMap(
        ({ local, valid_life_time: valid, preferred_life_time: preferred }) =>
          local === '198.18.23.1' || local === '2001:db8:20::1' ? [valid, preferred] : [],
      ) as number[]
    const isNear = (found: number[]) => {
      const passedS = (Date.now() - started) / 1000
      for (const [index, full] of [5000, 4000, 6000, 3000].entries()) {
        const off = full - found[index]!
        assert.ok(off >= 0 && off <= passedS + 4, `${found[index]} of ${full} after ${passedS} s`)
      }
    }
    const { before } = await station.call('make', kMove)
    isNear(await lifetimes('br0'))
    // A lease that was renewed meanwhile is the one that counts.
    await station.ip('addr change 198.18.23.1/24 dev br0 valid_lft 9000 preferred_lft 8000')
    await station.call('restore', kMove, before)
    const [valid, preferred, ...rest] = await lifetimes('veth0')
    assert.ok(valid! > 8900 && preferred! > 7900, 'the renewed lifetimes')
    isNear([5000, 4000, ...rest])
  })

  it('keeps the way to the neighbours, and the connections of this host', async () => {
    await station.ip(
      'route add default via 198.18.9.2 dev veth0 metric 7',
      'addr add 2001:db8:9::1/64 dev veth0',
    )
    await lan.ip('addr', 'add', '2001:db8:9::2/64', 'dev', 'veth0')
    await lan.ip('addr', 'add', '198.18.77.1/32', 'dev', 'lo')
    const reaches = async () => {
      for (const target of ['198.18.9.2', '198.18.77.1', '2001:db8:9::2'])
        await eventually(
          async () => (await station.host.exec('ping', ['-c1', '-W1', '-n', target])).code === 0,
          10_000,
          `an answer of ${target}`,
        )
    }
    await reaches()
    const neighbourKnows = async () =>
      (JSON.parse(await lan.ip('-j', '-4', 'neigh', 'show', '198.18.9.1')) as RawFields[]).map(
        ({ lladdr }) => lladdr,
      )
    const mac = await neighbourKnows()
    const client = lan.node({
      code: `import { createServer } from 'node:net'
        createServer((peer) => peer.pipe(peer)).listen(7, '198.18.9.2', () => console.log('listens'))`,
    })
    await client.waitForLine(/listens/)
    const echo = station.host.node({
      code: `import { connect } from 'node:net'
        const peer = connect(7, '198.18.9.2', () => console.log('connected'))
        peer.on('data', (data) => console.log('echo ' + data)).on('error', (error) => console.log('lost ' + error.code))
        process.stdin.on('data', (data) => peer.write(data))`,
    })
    await echo.waitForLine(/connected/)
    const steps = [
      wish('bridge', { device: 'br0' }),
      wish('bridge_mac', { bridge: 'br0', device: 'veth0' }),
      wish('up', { device: 'br0' }),
      wish('bridge_port', { device: 'veth0', bridge: 'br0' }),
      kMove,
    ]
    const made = []
    for (const step of steps) made.push(await station.call('make', step))
    await reaches()
    assert.deepEqual(await neighbourKnows(), mac, 'the neighbour knows the same MAC')
    echo.write('moved')
    await echo.waitForLine(/echo moved/)
    for (const [index, step] of [...steps.entries()].reverse())
      await station.call('restore', step, made[index]!.before)
    await reaches()
    echo.write('back')
    await echo.waitForLine(/echo back/)
    assert.doesNotMatch(echo.stdout, /lost/)
  })

  it('comes back from a bridge that somebody took away, and stays away from a NIC that is gone', async () => {
    await station.ip(...kAddresses, ...kRoutes)
    const before = await station.settled()
    await addBridge()
    const made = await station.call('make', kMove)
    await station.ip('link del br0')
    await station.call('restore', kMove, made.before)
    await station.isAsBefore(before)
    await addBridge()
    const again = await station.call('make', kMove)
    await station.ip('link del veth0')
    await station.call('restore', kMove, again.before)
    assert.deepEqual(
      (await addressesOf('br0')).filter(({ scope }) => scope !== 'link'),
      [],
    )
  })

  it("leaves what the bridge had, the same address among it, and others' below it", async () => {
    await station.ip(
      'link add br0 type bridge',
      'link set br0 up',
      'link set veth0 master br0',
      'addr add 198.18.40.1/24 dev br0',
      'addr add 198.18.41.1/24 dev veth0',
      'addr add 2001:db8:9::1/64 dev veth0',
      'addr add 2001:db8:40::1/64 dev br0',
    )
    await comesAndGoes(station, kMove)
    const before = await station.settled()
    const made = await station.call('make', kMove)
    await station.ip('addr add 198.18.41.9/24 dev br0')
    await station.call('restore', kMove, made.before)
    assert.ok((await addressesOf('br0')).some(({ local }) => local === '198.18.41.9'))
    await station.ip('addr del 198.18.41.9/24 dev br0')
    await station.isAsBefore(before)
    await station.ip('addr add 198.18.41.1/24 dev br0')
    // Which of two routes to the same net is older is the one thing that does not come back.
    const both = (await station.settled()).sort()
    const again = await station.call('make', kMove)
    await station.call('restore', kMove, again.before)
    assert.deepEqual((await station.settled()).sort(), both)
  })

  it('has nothing to do for a NIC without addresses, and says which routes it can not move', async () => {
    await station.ip('addr flush dev veth0 scope global')
    await addBridge()
    const made = await comesAndGoes(station, kMove)
    assert.equal(made.state, 'made')
    await station.ip(
      'addr add 198.18.9.1/24 dev veth0',
      'nexthop add id 5 via 198.18.9.2 dev veth0',
      'route add 198.18.50.0/24 nhid 5',
    )
    assert.match(String(await station.call('objection', kMove)), /veth0 has a route .*"nhid":5/)
  })
})
