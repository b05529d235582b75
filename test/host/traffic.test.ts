// Forwarding, answering for others, masquerading and port forwards: made and taken back exactly, and what they do to packets.
import { strict as assert } from 'node:assert'
import type { Host } from '../support/host.js'
import { Lab } from '../support/lab.js'
import { need } from '../support/need.js'
import { eventually } from '../support/wait.js'
import { comesAndGoes, Station, wish, withoutDad } from './station.js'

const kForward = { protocol: 'tcp', port: 8080, device: null, to: '198.18.100.1', toPort: 80, behind: 'br0' }
const kForward6 = { ...kForward, to: '2001:db8:100::1' }
const kNat = wish('nat', {
  masquerade: [
    { from: '198.18.100.0/24', out: 'veth0', behind: ['br0'] },
    { from: '2001:db8:100::/64', out: 'veth0', behind: ['br0'] },
  ],
  forwards: [kForward, kForward6, { ...kForward, protocol: 'udp', port: 53, toPort: 5353 }],
})

// What stands for a guest: a namespace behind a bridge of the host. And a server that says who called.
const kServer = (address: string, port: number) => `import { createServer } from 'node:net'
  createServer((peer) => peer.end(peer.remoteAddress)).listen(${port}, '${address}', () => console.log('listens'))`

describe('packets through a host', function () {
  this.timeout(120_000)
  let lab: Lab
  let station: Station
  let lan: Host
  let guest: Host
  let neighbour: Host

  beforeEach(async function () {
    need(this, 'netns')
    lab = await Lab.create()
    const make = async (name: string) => withoutDad(await lab.host(name, { route239: false }))
    const host = await make('host')
    lan = await make('lan')
    guest = await make('guest')
    neighbour = await make('neighbour')
    await lab.link(host, lan, { addresses: ['198.18.9.1/24', '198.18.9.2/24'], route239: false })
    await lab.link(host, guest, { addresses: ['198.18.98.1/32', '198.18.100.1/24'], route239: false })
    await lab.link(host, neighbour, { addresses: ['198.18.98.1/32', '198.18.100.2/24'], route239: false })
    station = new Station(host)
    await station.ip(
      'addr flush dev veth1',
      'addr flush dev veth2',
      'link add br0 type bridge',
      'link set br0 up',
      'link set veth1 master br0',
      'link set veth2 master br0',
      'addr add 198.18.100.254/24 dev br0',
      'addr add 2001:db8:100::254/64 dev br0',
      'addr add 2001:db8:9::1/64 dev veth0',
    )
    await lan.ip('addr', 'add', '2001:db8:9::2/64', 'dev', 'veth0')
    for (const [node, last] of [
      [guest, 1],
      [neighbour, 2],
    ] as const) {
      await node.ip('addr', 'add', `2001:db8:100::${last}/64`, 'dev', 'veth0')
      await node.ip('route', 'add', 'default', 'via', '198.18.100.254')
      await node.ip('-6', 'route', 'add', 'default', 'via', '2001:db8:100::254')
    }
  })
  afterEach(() => lab?.close())

  const pings = async (from: Host, target: string) =>
    (await from.exec('ping', ['-c1', '-W1', '-n', target])).code === 0
  const reaches = (from: Host, target: string) =>
    eventually(() => pings(from, target), 10_000, `an answer of ${target}`)
  /** Who the server there says has called. */
  const calls = async (from: Host, address: string, port = 8080) => {
    const client = from.node({
      code: `import { connect } from 'node:net'
        connect({ port: ${port}, host: '${address}', timeout: 3000 }).on('data', (data) => console.log('as ' + data))
          .on('error', ({ code }) => console.log('error ' + code)).on('timeout', () => process.exit(console.log('timeout')))`,
    })
    return (await client.result()).stdout.trim().replace('::ffff:', '')
  }
  const serve = async (on: Host, address: string, port = 80) =>
    on.node({ code: kServer(address, port) }).waitForLine(/listens/)

  it('forwarding of both families, and what it changes besides', async () => {
    await station.host.exec('sh', [
      '-c',
      'echo 1 >/proc/sys/net/ipv4/conf/veth1/forwarding; echo 1 >/proc/sys/net/ipv6/conf/veth1/forwarding; echo 0 >/proc/sys/net/ipv4/conf/all/accept_redirects',
    ])
    const made = await comesAndGoes(station, wish('forwarding', { family: 'ipv4' }))
    assert.equal(made.state, 'different')
    await comesAndGoes(station, wish('forwarding', { family: 'ipv6' }))
    await station.call('make', wish('forwarding', { family: 'ipv4' }))
    assert.deepEqual(
      (await comesAndGoes(station, wish('forwarding', { family: 'ipv4' }))).actions,
      [],
      'on before',
    )
  })

  it('forwarding of IPv6 leaves this host the way out that a router told it of', async () => {
    await station.host.exec('sysctl', ['-qw', 'net.ipv6.conf.veth0.accept_ra=1'])
    await station.ip('route add default via fe80::1 dev veth0 proto ra metric 1024 expires 1700')
    const before = await station.settled()
    const one = wish('forwarding', { family: 'ipv6' })
    const made = await station.call('make', one)
    assert.equal(await station.call('sysctl', 'net.ipv6.conf.veth0.accept_ra'), '2')
    assert.match(await station.host.ip('-6', 'route', 'show', 'default'), /proto ra/)
    await station.call('restore', one, made.before)
    await station.isAsBefore(before)
    await comesAndGoes(station, one)
  })

  it('answers for a guest without proxy_arp, where it forwards', async () => {
    // The guest has addresses of the LAN, and the host a route to them.
    for (const address of ['198.18.9.77/32', '2001:db8:9::77/128'])
      await guest.ip('addr', 'add', address, 'dev', 'veth0')
    const steps = [
      wish('route', { to: '198.18.9.77/32', via: null, device: 'br0' }),
      wish('route', { to: '2001:db8:9::77/128', via: null, device: 'br0' }),
      wish('sysctl', { name: 'net.ipv6.conf.veth0.proxy_ndp', value: '1' }),
      wish('proxy', { address: '198.18.9.77', device: 'veth0' }),
      wish('proxy', { address: '2001:db8:9::77', device: 'veth0' }),
    ]
    for (const step of steps) await station.call('make', step)
    assert.equal(await pings(lan, '198.18.9.77'), false, 'without forwarding nobody answers')
    await station.call('make', wish('forwarding', { family: 'ipv4' }))
    await station.call('make', wish('forwarding', { family: 'ipv6' }))
    assert.equal(await station.call('sysctl', 'net.ipv4.conf.veth0.proxy_arp'), '0')
    await reaches(lan, '198.18.9.77')
    await reaches(lan, '2001:db8:9::77')
  })

  it('the table of nftables comes and goes in one transaction, others stay', async () => {
    await station.host.exec(
      'nft',
      ['add table inet other { chain input { type filter hook input priority 0; } ; }'],
      { check: true },
    )
    const made = await comesAndGoes(station, kNat)
    assert.deepEqual(
      made.actions.map(({ do: what }) => what),
      ['run'],
    )
    await comesAndGoes(
      station,
      wish('nat', { masquerade: [{ from: '0.0.0.0/0', out: 'veth0', behind: [] }], forwards: [] }),
    )
    await comesAndGoes(
      station,
      wish('nat', { masquerade: [], forwards: [{ ...kForward, device: 'veth0', behind: null }] }),
    )
  })

  it('sees what somebody changed in its table, and mends it', async () => {
    const { before } = await station.call('make', kNat)
    const nft = (text: string) => station.host.exec('nft', [text], { check: true })
    for (const change of [
      'add rule inet ethercast forward drop',
      'flush chain inet ethercast postrouting',
      'add chain inet ethercast more',
      'add set inet ethercast some { type ipv4_addr; }',
      'delete table inet ethercast',
    ]) {
      await nft(change)
      assert.notEqual(await station.call('state', kNat), 'made', change)
      assert.equal((await station.call('make', kNat)).after, 'made', change)
    }
    const smaller = wish('nat', {
      masquerade: [{ from: '198.18.100.0/24', out: 'veth0', behind: ['br0'] }],
      forwards: [],
    })
    assert.equal((await station.call('make', smaller)).state, 'different')
    assert.match(String(await station.call('objection', smaller)), /table inet ethercast already/)
    await station.call('restore', smaller, before)
    assert.equal(await station.call('objection', smaller), undefined)
  })

  it('masquerades what leaves, and nothing else', async () => {
    await station.call('make', wish('forwarding', { family: 'ipv4' }))
    await station.call('make', wish('forwarding', { family: 'ipv6' }))
    await serve(lan, '198.18.9.2')
    await serve(lan, '2001:db8:9::2')
    assert.equal(await pings(guest, '198.18.9.2'), false, 'the LAN knows no way to the guests')
    await station.call('make', kNat)
    assert.equal(await calls(guest, '198.18.9.2', 80), 'as 198.18.9.1')
    assert.equal(await calls(guest, '2001:db8:9::2', 80), 'as 2001:db8:9::1')
    await serve(station.host, '198.18.100.254', 81)
    assert.equal(await calls(guest, '198.18.100.254', 81), 'as 198.18.100.1')
  })

  it('forwards a port from the LAN, from the host itself and from a neighbour of the guest', async () => {
    await station.call('make', wish('forwarding', { family: 'ipv4' }))
    await station.call('make', wish('forwarding', { family: 'ipv6' }))
    await station.call('make', kNat)
    await serve(guest, '198.18.100.1')
    await serve(guest, '2001:db8:100::1')
    assert.equal(await calls(lan, '198.18.9.1'), 'as 198.18.9.2')
    assert.equal(await calls(lan, '2001:db8:9::1'), 'as 2001:db8:9::2')
    assert.match(await calls(station.host, '198.18.9.1'), /^as 198\.18\./)
    assert.match(await calls(station.host, '2001:db8:9::1'), /^as 2001:db8:/)
    // Where the module br_netfilter is loaded a bridge finds the way back itself; where it is not it must not be needed.
    const off = 'for one in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $one ] || echo 0 >$one; done'
    await station.host.exec('sh', ['-c', off], { check: true })
    assert.equal(
      await calls(neighbour, '198.18.9.1'),
      'as 198.18.100.254',
      'by the host, so that the answer comes back',
    )
    assert.equal(await calls(neighbour, '2001:db8:9::1'), 'as 2001:db8:100::254')
    assert.equal(await calls(station.host, '127.0.0.1'), 'error ECONNREFUSED', 'loopback is left alone')
  })

  it('a port forward of a device leaves the connections of this host alone', async () => {
    const forwards = [{ ...kForward, device: 'veth0' }]
    await station.call('make', wish('forwarding', { family: 'ipv4' }))
    await station.call('make', wish('nat', { masquerade: [], forwards }))
    await serve(guest, '198.18.100.1')
    assert.equal(await calls(lan, '198.18.9.1'), 'as 198.18.9.2')
    for (const own of ['198.18.100.254', '198.18.9.1'])
      assert.equal(await calls(station.host, own), 'error ECONNREFUSED', `nobody listens at ${own}`)
  })

  it('nobody calls a masqueraded guest but by a forwarded port, though he has a route to it', async () => {
    await station.call('make', wish('forwarding', { family: 'ipv4' }))
    await station.call('make', wish('forwarding', { family: 'ipv6' }))
    await lan.ip('route', 'add', '198.18.100.0/24', 'via', '198.18.9.1')
    await lan.ip('-6', 'route', 'add', '2001:db8:100::/64', 'via', '2001:db8:9::1')
    for (const address of ['198.18.100.1', '2001:db8:100::1']) {
      await serve(guest, address, 80)
      await serve(guest, address, 81)
      await reaches(lan, address)
    }
    await station.call('make', kNat)
    for (const address of ['198.18.100.1', '2001:db8:100::1']) {
      assert.equal(await calls(lan, address, 80), 'timeout')
      assert.equal(await pings(lan, address), false)
      assert.match(await calls(station.host, address, 81), /^as /, 'this host may')
    }
    assert.equal(await calls(lan, '198.18.9.1'), 'as 198.18.9.2')
    assert.equal(await calls(lan, '2001:db8:9::1'), 'as 2001:db8:9::2')
    for (const address of ['198.18.9.2', '2001:db8:9::2']) await reaches(guest, address)
  })

  it('a masqueraded guest sends nothing out with a source that is not behind its device', async () => {
    await station.call('make', wish('forwarding', { family: 'ipv4' }))
    await station.call('make', wish('forwarding', { family: 'ipv6' }))
    for (const device of ['all', 'default', 'br0', 'veth0', 'veth1'])
      await station.host.exec('sysctl', ['-qw', `net.ipv4.conf.${device}.rp_filter=0`], { check: true })
    await lan.exec('nft', ['-f', '-'], {
      check: true,
      input: `table inet seen {
        chain in {
          type filter hook input priority 0;
          ip saddr 198.18.200.1 counter comment "made up"
          ip6 saddr 2001:db8:200::1 counter comment "made up"
        }
      }`,
    })
    for (const address of ['198.18.200.1/32', '2001:db8:200::1/128'])
      await guest.ip('addr', 'add', address, 'dev', 'veth0')
    const seen = async () => {
      const { stdout } = await lan.exec('nft', ['list', 'table', 'inet', 'seen'])
      return [...stdout.matchAll(/packets (\d+)/g)].map(([, packets]) => Number(packets))
    }
    const pretend = async () => {
      await guest.exec('ping', ['-c1', '-W1', '-n', '-I', '198.18.200.1', '198.18.9.2'])
      await guest.exec('ping', ['-c1', '-W1', '-n', '-I', '2001:db8:200::1', '2001:db8:9::2'])
    }
    await reaches(station.host, '2001:db8:9::2')
    await pretend()
    const before = await seen()
    assert.ok(
      before.every((packets) => packets > 0),
      `without the table they arrive: ${before.join(' ')}`,
    )
    await station.call('make', kNat)
    await pretend()
    assert.deepEqual(await seen(), before)
    for (const address of ['198.18.9.2', '2001:db8:9::2']) await reaches(guest, address)
  })

  it('leaves alone what it forwards to the same port of others', async () => {
    await station.call('make', wish('forwarding', { family: 'ipv4' }))
    await station.call('make', kNat)
    await serve(lan, '198.18.9.2', 8080)
    await serve(guest, '198.18.100.1')
    assert.equal(await calls(guest, '198.18.9.2'), 'as 198.18.9.1', "the LAN's own server, not the guest's")
  })

  it('clamps the segments of TCP to what fits the route', async () => {
    await station.call('make', wish('forwarding', { family: 'ipv4' }))
    await station.call('make', kNat)
    await station.ip('link set veth0 mtu 1000')
    await lan.exec('nft', ['-f', '-'], {
      check: true,
      input: `table inet seen {
        chain in {
          type filter hook input priority 0;
          tcp flags syn tcp option maxseg size 960 counter comment "clamped"
          tcp flags syn tcp option maxseg size != 960 counter comment "not"
        }
      }`,
    })
    await serve(lan, '198.18.9.2')
    assert.equal(await calls(guest, '198.18.9.2', 80), 'as 198.18.9.1')
    const { stdout } = await lan.exec('nft', ['list', 'table', 'inet', 'seen'])
    assert.match(stdout, /packets [1-9]\d* bytes \d+ comment "clamped"/)
    assert.match(stdout, /packets 0 bytes 0 comment "not"/)
  })
})
