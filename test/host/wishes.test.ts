// From a file to what is to be made: the order, the routes and names that follow, and the same file always the same wishes.
import { strict as assert } from 'node:assert'
import { type HostConfigInput, hostConfigSchema } from '../../lib/host/config.js'
import { resources } from '../../lib/host/resources/index.js'
import { wishesOf } from '../../lib/host/wishes.js'

const kLookups = {
  uid: (name: string | number) => (typeof name === 'number' ? name : { ann: 1001 }[name]),
  gid: (name: string | number) => (typeof name === 'number' ? name : { net: 2002 }[name]),
}
const wishes = (config: HostConfigInput) => wishesOf(hostConfigSchema.parse(config), kLookups)
const titles = (config: HostConfigInput) =>
  wishes(config).map(({ kind, params }) => resources[kind]!.title(params))

describe('wishes of a file', () => {
  it('a routed guest: the tap, its addresses, the proxy entries, forwarding at the end', () => {
    assert.deepEqual(
      titles({
        tun_device: { group: 'net' },
        taps: {
          tap0: {
            addresses: ['198.18.1.254/24', '2001:DB8:0::1/64'],
            mtu: 1400,
            owner: 'ann',
            group: 'net',
            queues: 4,
          },
        },
        guests: {
          one: {
            device: 'tap0',
            addresses: ['198.18.1.1/24', '198.18.9.77', '2001:db8::77/64'],
            lan: 'eth0.5',
          },
        },
        forwarding: ['ipv6', 'ipv4'],
      }),
      [
        '/dev/net/tun: group 2002, mode 0660',
        'tap0: a persistent TAP device of several queues, user 1001, group 2002',
        'tap0: MTU 1400',
        'tap0: no router is believed',
        'tap0: up',
        'tap0: address 198.18.1.254/24',
        'tap0: address 2001:db8::1/64',
        'route to 198.18.9.77/32 by tap0',
        'eth0.5: answer for 198.18.1.1',
        'eth0.5: answer for 198.18.9.77',
        'net.ipv6.conf.eth0/5.proxy_ndp = 1',
        'eth0.5: answer for 2001:db8::77',
        'forwarding of IPv4',
        'forwarding of IPv6',
      ],
    )
  })

  it('a bridge with a NIC and a tap: only the NIC moves, and a guest behind the port needs no route', () => {
    assert.deepEqual(
      titles({
        taps: { tap0: {} },
        bridges: { br0: { ports: ['tap0', 'eth0', 'eth1'], addresses: ['198.18.3.1/24'], mtu: 1400 } },
        guests: { one: { device: 'tap0', addresses: ['198.18.9.7/24'] } },
      }),
      [
        'tap0: a persistent TAP device',
        'tap0: no router is believed',
        'tap0: up',
        'br0: a bridge',
        'br0: the MAC of eth0',
        'br0: MTU 1400',
        'br0: up',
        'tap0: a port of br0',
        'eth0: up',
        'eth0: a port of br0',
        'br0: the addresses and routes of eth0',
        'eth1: up',
        'eth1: a port of br0',
        'br0: the addresses and routes of eth1',
        'br0: address 198.18.3.1/24',
      ],
    )
  })

  it('a line, with its other end; routes of both families; nothing twice', () => {
    assert.deepEqual(
      titles({
        slip: { sl0: { host: '198.18.5.1', guest: '198.18.5.2', mtu: 576 } },
        routes: [
          { to: 'default', via: '198.18.9.2' },
          { to: 'default', via: '2001:db8::1' },
          { to: 'default', device: 'sl0' },
          { to: '198.18.6.0/24', device: 'sl0' },
          { to: '198.18.6.0/24', device: 'sl0' },
        ],
        guests: { one: { device: 'sl0', addresses: ['198.18.5.2'] } },
      }),
      [
        'sl0: a persistent TUN device',
        'sl0: MTU 576',
        'sl0: no router is believed',
        'sl0: up',
        'sl0: address 198.18.5.1/32, the other end is 198.18.5.2',
        'route to 0.0.0.0/0 via 198.18.9.2',
        'route to ::/0 via 2001:db8::1',
        'route to 0.0.0.0/0 by sl0',
        'route to 198.18.6.0/24 by sl0',
      ],
    )
  })

  it('masquerading and port forwards are one table, made before anything is forwarded', () => {
    const all = wishes({
      taps: { tap0: { addresses: ['198.18.1.254/24'] }, tap1: {} },
      bridges: { br0: { ports: ['tap1'], addresses: ['198.18.2.254/24'] } },
      guests: { two: { device: 'tap1', addresses: ['198.18.7.7/32'] } },
      masquerade: [{ from: '198.18.1.0/24', out: 'eth0' }],
      port_forwards: [
        { port: 80, to: '198.18.1.1' },
        { port: 53, protocol: 'udp', to: '198.18.7.7', to_port: 5353, device: 'eth0' },
        { port: 81, to: '198.18.99.1' },
      ],
      forwarding: ['ipv4'],
    })
    assert.deepEqual(
      all.slice(-2).map(({ kind }) => kind),
      ['nat', 'forwarding'],
    )
    assert.deepEqual(all.at(-2)!.params, {
      masquerade: [{ from: '198.18.1.0/24', out: 'eth0', behind: ['tap0'] }],
      forwards: [
        { protocol: 'tcp', port: 80, device: null, to: '198.18.1.1', toPort: 80, behind: 'tap0' },
        { protocol: 'udp', port: 53, device: 'eth0', to: '198.18.7.7', toPort: 5353, behind: 'br0' },
        { protocol: 'tcp', port: 81, device: null, to: '198.18.99.1', toPort: 81, behind: null },
      ],
    })
  })

  it('a masqueraded net is behind the devices that have it or a guest of it, not behind a NIC', () => {
    const all = wishes({
      taps: { tap0: { addresses: ['198.18.1.254/24', '2001:db8:1::1/64'] }, tap1: {}, tap2: {}, tap3: {} },
      slip: { sl0: { host: '198.18.5.1', guest: '198.18.1.77' } },
      bridges: { br0: { ports: ['tap1'] }, br1: { ports: ['tap2', 'eth1'], addresses: ['198.18.1.9/32'] } },
      guests: { two: { device: 'tap1', addresses: ['198.18.1.7/32'] } },
      masquerade: [
        { from: '198.18.1.0/25', out: 'eth0' },
        { from: '::/0', out: 'tap3' },
        { from: '0.0.0.0/0', out: 'tap0' },
      ],
      forwarding: ['ipv4', 'ipv6'],
    })
    const { masquerade } = all.find(({ kind }) => kind === 'nat')!.params as { masquerade: object[] }
    assert.deepEqual(
      masquerade.map((one) => (one as { behind: string[] }).behind),
      [['tap0', 'br0', 'sl0'], ['tap0'], ['br0', 'sl0']],
    )
  })

  it('an account that nobody has', () => {
    assert.throws(() => wishes({ taps: { tap0: { owner: 'bob' } } }), {
      code: 'ERR_ETHERCAST_FIELD',
      field: 'taps.tap0.owner',
      message: "taps.tap0.owner: this host knows no user 'bob'",
    })
    assert.throws(
      () => wishes({ tun_device: { group: 'bob' } }),
      /tun_device.group: this host knows no group 'bob'/,
    )
  })

  it('come through JSON as they are', () => {
    const all = wishes({
      taps: { tap0: { owner: 'ann' } },
      routes: [{ to: '198.18.6.0/24', device: 'tap0' }],
    })
    assert.deepEqual(JSON.parse(JSON.stringify(all)), all)
  })
})
