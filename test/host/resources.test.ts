// Each kind of thing that `up` makes, in a namespace: made from nothing, made again, taken back whole and from every part of it.
import { strict as assert } from 'node:assert'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { comesAndGoes, Station, wish, withoutDad } from './station.js'

const kTapParams = { device: 'tap0', type: 'tap', multiQueue: false, uid: null, gid: null }

describe('resources of a host', function () {
  this.timeout(60_000)
  let lab: Lab
  let station: Station

  beforeEach(async function () {
    need(this, 'netns', 'tun')
    lab = await Lab.create()
    const host = await withoutDad(await lab.host('host', { route239: false }))
    const lan = await withoutDad(await lab.host('lan', { route239: false }))
    await lab.link(host, lan, { addresses: ['198.18.9.1/24', '198.18.9.2/24'], route239: false })
    station = new Station(host)
  })
  afterEach(() => lab?.close())

  it('a tap with an owner, a group and several queues', async () => {
    const params = { device: 'tap0', type: 'tap', multiQueue: true, uid: 1234, gid: 4321 }
    const { actions } = await comesAndGoes(station, wish('tun', params))
    assert.deepEqual(actions[0], {
      do: 'run',
      program: 'ip',
      args: 'tuntap add dev tap0 mode tap user 1234 group 4321 multi_queue'.split(' '),
    })
  })

  it('the device of a slip line', async () => {
    await comesAndGoes(station, wish('tun', { ...kTapParams, device: 'sl0', type: 'tun', uid: 1234 }))
  })

  it('a tap that was there stays', async () => {
    await station.host.exec('ip', ['tuntap', 'add', 'dev', 'tap0', 'mode', 'tap', 'user', '7', 'group', '8'])
    const made = await comesAndGoes(station, wish('tun', { ...kTapParams, uid: 7, gid: 8 }))
    assert.deepEqual(made.actions, [])
  })

  it('a tap that somebody put in the place of the one that was made goes with it', async () => {
    const before = await station.settled()
    const tap = wish('tun', { ...kTapParams, uid: 7 })
    const made = await station.call('make', tap)
    await station.ip('link del tap0', 'tuntap add dev tap0 mode tap multi_queue')
    const again = await station.call('make', tap)
    assert.deepEqual([again.state, again.after], ['different', 'made'])
    await station.call('restore', tap, made.before)
    await station.isAsBefore(before)
  })

  it('says which devices of that name it could not give back', async () => {
    const tap = (params: object) => station.call('objection', wish('tun', { ...kTapParams, ...params }))
    assert.match(String(await tap({ device: 'veth0' })), /is veth, not a tap/)
    assert.match(String(await tap({ device: 'lo' })), /no virtual device/)
    await station.host.tap('tap0')
    assert.equal(await tap({}), undefined)
    assert.match(String(await tap({ type: 'tun' })), /is there already, as a tap of one queue/)
    assert.match(String(await tap({ multiQueue: true })), /can't be changed/)
    assert.match(String(await tap({ uid: 5 })), /with no user and no group, which iproute2 can't change/)
    assert.match(String(await tap({ gid: 5 })), /can't change/)
    assert.match(
      String(await station.call('objection', wish('bridge', { device: 'tap0' }))),
      /is tun, not a bridge/,
    )
  })

  it('a bridge, and one that was there', async () => {
    await comesAndGoes(station, wish('bridge', { device: 'br0' }))
    await station.ip('link add br1 type bridge')
    const made = await comesAndGoes(station, wish('bridge', { device: 'br1' }))
    assert.deepEqual(made.actions, [])
  })

  it('an MTU', async () => {
    const made = await comesAndGoes(station, wish('mtu', { device: 'veth0', mtu: 1400 }))
    assert.equal(made.state, 'different')
  })

  it("an MTU below IPv6's least, which takes IPv6 off the device", async () => {
    await station.ip(
      'addr add 2001:db8:9::1/64 dev veth0',
      'addr add 2001:db8:9::2/64 dev veth0 nodad',
      'route add 2001:db8:8::/64 via 2001:db8:9::9 dev veth0',
    )
    await comesAndGoes(station, wish('mtu', { device: 'veth0', mtu: 600 }))
  })

  it('up, and down again with the addresses that it had while it was down', async () => {
    await station.ip(
      'link add d0 type veth peer name d1',
      'addr add 198.18.30.1/24 dev d0',
      'addr add 2001:db8:30::1/64 dev d0',
      'addr add 2001:db8:30::2/64 dev d0',
      'neigh add proxy 198.18.31.1 dev d0',
      'neigh add proxy 2001:db8:31::1 dev d0',
    )
    await comesAndGoes(station, wish('up', { device: 'd0' }))
  })

  it('addresses of both families, and of a line', async () => {
    for (const params of [
      { device: 'veth0', prefix: '198.18.40.1/24', peer: null },
      { device: 'veth0', prefix: '2001:db8:40::1/64', peer: null },
      { device: 'veth0', prefix: '198.18.41.1/32', peer: '198.18.41.2' },
    ])
      await comesAndGoes(station, wish('address', params))
  })

  it('an address that was there stays', async () => {
    const made = await comesAndGoes(
      station,
      wish('address', { device: 'veth0', prefix: '198.18.9.1/24', peer: null }),
    )
    assert.deepEqual(made.actions, [])
  })

  it("an address that is taken back takes no other's along", async () => {
    const first = wish('address', { device: 'veth0', prefix: '198.18.40.1/24', peer: null })
    const { before } = await station.call('make', first)
    await station.ip('addr add 198.18.40.2/24 dev veth0', 'addr add 198.18.40.3/24 dev veth0')
    await station.call('restore', first, before)
    const { stdout } = await station.host.exec('ip', ['-o', '-4', 'addr', 'show', 'dev', 'veth0'])
    assert.deepEqual([...stdout.matchAll(/inet (\S+)/g)].map(([, text]) => text).sort(), [
      '198.18.40.2/24',
      '198.18.40.3/24',
      '198.18.9.1/24',
    ])
  })

  it('an address of a device that had none, but routes', async () => {
    await station.ip(
      'link add d0 type veth peer name d1',
      'link set d0 up',
      'route add 198.18.50.0/24 dev d0',
      'route add 198.18.51.0/24 dev d0 table 77',
      'neigh add proxy 198.18.50.7 dev d0',
      'neigh add 198.18.50.8 lladdr 02:00:00:00:00:08 dev d0 nud permanent',
    )
    await comesAndGoes(station, wish('address', { device: 'd0', prefix: '198.18.52.1/24', peer: null }))
  })

  it('an IPv6 address of a device without a cable, and without IPv6 multicast', async () => {
    await station.host.tap('tap0')
    await comesAndGoes(station, wish('address', { device: 'tap0', prefix: '2001:db8:52::1/64', peer: null }))
  })

  it('routes of both families', async () => {
    await station.ip('addr add 2001:db8:9::1/64 dev veth0')
    for (const params of [
      { to: '198.18.60.0/24', via: '198.18.9.2', device: null },
      { to: '198.18.61.1/32', via: null, device: 'veth0' },
      { to: '0.0.0.0/0', via: '198.18.9.2', device: 'veth0' },
      { to: '2001:db8:60::/64', via: '2001:db8:9::2', device: null },
      { to: '::/0', via: '2001:db8:9::2', device: 'veth0' },
    ])
      await comesAndGoes(station, wish('route', params))
  })

  it('a route in the place of another, which comes back with all that it had', async () => {
    await station.ip(
      'route add 198.18.60.0/24 via 198.18.9.2 proto static src 198.18.9.1 mtu 1400 advmss 1000',
      'addr add 2001:db8:9::1/64 dev veth0',
      'route add 2001:db8:60::/64 via 2001:db8:9::2 dev veth0 proto static pref high',
      'route add 198.18.62.0/24 nexthop via 198.18.9.2 weight 3 nexthop via 198.18.9.3',
    )
    for (const params of [
      { to: '198.18.60.0/24', via: '198.18.9.3', device: null },
      { to: '2001:db8:60::/64', via: '2001:db8:9::3', device: null },
      { to: '198.18.62.0/24', via: '198.18.9.3', device: null },
    ]) {
      const made = await comesAndGoes(station, wish('route', params))
      assert.equal(made.state, 'different')
    }
  })

  it('a port of a bridge, from nowhere and from another bridge', async () => {
    await station.ip(
      'link add br0 type bridge',
      'link add br1 type bridge',
      'link add d0 type veth peer name d1',
    )
    await comesAndGoes(station, wish('bridge_port', { device: 'd0', bridge: 'br0' }))
    await station.ip('link set d0 master br1')
    const taken = wish('bridge_port', { device: 'd0', bridge: 'br0' })
    assert.match(String(await station.call('objection', taken)), /is a port of br1 already/)
    await comesAndGoes(station, taken)
  })

  it('the MAC of a NIC for its bridge', async () => {
    await station.ip('link add br0 type bridge', 'tuntap add dev tap1 mode tap', 'link set tap1 master br0')
    await comesAndGoes(station, wish('bridge_mac', { bridge: 'br0', device: 'veth0' }))
  })

  it('a value below /proc/sys, also of a device with a dot in its name', async () => {
    await station.ip('link add veth0.5 type veth peer name d1')
    await comesAndGoes(station, wish('sysctl', { name: 'net.ipv6.conf.veth0/5.proxy_ndp', value: '1' }))
    assert.equal(
      await station.call('state', wish('sysctl', { name: 'net.ipv4.conf.gone.forwarding', value: '1' })),
      'missing',
    )
  })

  it('proxy entries of both families', async () => {
    await comesAndGoes(station, wish('proxy', { address: '198.18.9.7', device: 'veth0' }))
    await comesAndGoes(station, wish('proxy', { address: '2001:db8:9::7', device: 'veth0' }))
    await station.ip('neigh add proxy 198.18.9.8 dev veth0')
    await comesAndGoes(station, wish('proxy', { address: '198.18.9.8', device: 'veth0' }))
  })

  it('nothing is taken back from a device that is gone', async () => {
    const steps: [string, { [key: string]: string | number | boolean | null }][] = [
      ['tun', kTapParams],
      ['mtu', { device: 'tap0', mtu: 1400 }],
      ['up', { device: 'tap0' }],
      ['address', { device: 'tap0', prefix: '198.18.40.1/24', peer: null }],
      ['route', { to: '198.18.41.0/24', via: '198.18.40.2', device: null }],
      ['proxy', { address: '198.18.40.7', device: 'tap0' }],
      ['sysctl', { name: 'net.ipv6.conf.tap0.proxy_ndp', value: '1' }],
    ]
    const before = await station.settled()
    const made = []
    for (const [kind, params] of steps)
      made.push({ one: wish(kind, params), ...(await station.call('make', wish(kind, params))) })
    await station.ip('link del tap0')
    for (const { one, before: former } of made.reverse())
      assert.deepEqual(await station.call('restore', one, former), [])
    await station.isAsBefore(before)
  })
})
