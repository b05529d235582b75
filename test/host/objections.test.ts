// What is objected to before anything is touched, on made-up hosts; and what is not, although it looks odd.
import assert from 'node:assert/strict'
import type { HostConfigInput } from '../../lib/host/config.js'
import type { HostFacts } from '../../lib/host/objections.js'
import type { Reality } from '../../lib/host/reality.js'
import { link, object, reality, realityWith, route, tap } from './realities.js'

interface Case {
  file: HostConfigInput
  on?: Reality
  facts?: HostFacts
  /** Where in the file, with dots, and what is said: one each, in any order. None: all is well. */
  objects?: Record<string, RegExp>
}

const guest = (device: string, address: string, more: object = {}) => ({
  device,
  addresses: [address],
  ...more,
})
const owned = (...names: string[]): HostFacts => ({ owned: new Set(names) })

/** After `up` of a bridge with eth0 and tap1: its addresses and routes have moved. */
const bridged: Reality = {
  ...realityWith(
    link('eth0', [], { master: 'br0' }),
    tap('tap1', { master: 'br0' }),
    link('br0', ['198.18.0.5/24', '2001:db8::5/64'], { kind: 'bridge' }),
  ),
  routes: [route('default', { via: '198.18.0.1', device: 'br0' })],
}

const cases: Record<string, Record<string, Case>> = {
  'nets that overlap': {
    'with a device of the host': {
      file: { taps: { tap0: { addresses: ['198.18.0.254/24'] } } },
      objects: {
        'taps.tap0.addresses.0':
          /198\.18\.0\.254\/24 overlaps with 198\.18\.0\.0\/24 of eth0 of this host.*198\.18\.0\.254\/32/,
      },
    },
    'a smaller one within': {
      file: { taps: { tap0: { addresses: ['198.18.0.129/25'] } } },
      objects: { 'taps.tap0.addresses.0': /overlaps/ },
    },
    'a larger one around': {
      file: { taps: { tap0: { addresses: ['198.18.7.1/15'] } } },
      objects: { 'taps.tap0.addresses.0': /overlaps/ },
    },
    'of IPv6': {
      file: { taps: { tap0: { addresses: ['2001:db8::fe/64'] } } },
      objects: { 'taps.tap0.addresses.0': /overlaps with 2001:db8::\/64/ },
    },
    'of two devices in the file': {
      file: { taps: { tap0: { addresses: ['198.18.1.254/24'] }, tap1: { addresses: ['198.18.1.253/24'] } } },
      objects: { 'taps.tap1.addresses.0': /overlaps with 198\.18\.1\.0\/24 of tap0 in this file/ },
    },
    'of a tap and a bridge': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        bridges: { br0: { addresses: ['198.18.1.1/28'] } },
      },
      objects: { 'bridges.br0.addresses.0': /overlaps/ },
    },
    'with loopback': {
      file: { taps: { tap0: { addresses: ['127.1.0.1/24'] } } },
      objects: { 'taps.tap0.addresses.0': /overlaps with 127\.0\.0\.0\/8 of lo/ },
    },
    'with what has moved to a bridge': {
      file: {
        taps: { tap0: { addresses: ['198.18.0.254/24'] }, tap1: {} },
        bridges: { br0: { ports: ['eth0', 'tap1'], confirm: true } },
      },
      on: bridged,
      facts: owned('br0', 'tap1'),
      objects: { 'taps.tap0.addresses.0': /overlaps with 198\.18\.0\.0\/24 of br0/ },
    },
    'not: a /32 within the net of the LAN, the proxy-ARP recipe': {
      file: {
        taps: { tap0: { addresses: ['198.18.0.254/32', '2001:db8::fe/128'] } },
        forwarding: ['ipv4', 'ipv6'],
        guests: { one: { device: 'tap0', addresses: ['198.18.0.77/32', '2001:db8::77/128'], lan: 'eth0' } },
      },
    },
    'not: twice on one device': {
      file: { taps: { tap0: { addresses: ['198.18.1.1/24', '198.18.1.2/24', '198.18.1.3/25'] } } },
    },
    'not: neighbours': {
      file: { taps: { tap0: { addresses: ['198.18.1.126/25'] }, tap1: { addresses: ['198.18.1.129/25'] } } },
    },
    'not: link-local, which every device has': {
      file: { taps: { tap0: { addresses: ['fe80::1/64'] }, tap1: { addresses: ['fe80::1/64'] } } },
    },
    'not: an address of its own besides those that move to the bridge': {
      file: { bridges: { br0: { ports: ['eth0'], addresses: ['198.18.0.6/24'], confirm: true } } },
    },
    'not: after up': {
      file: { taps: { tap0: { addresses: ['198.18.1.254/24'] } } },
      on: realityWith(tap('tap0', { addresses: link('x', ['198.18.1.254/24']).addresses })),
      facts: owned('tap0'),
    },
    'not: what an earlier up gave to another device of ours': {
      file: { taps: { tap1: { addresses: ['198.18.1.254/24'] } } },
      on: realityWith(tap('tap0', { addresses: link('x', ['198.18.1.254/24']).addresses })),
      facts: owned('tap0'),
    },
  },
  'the same address': {
    'of a device of the host': {
      file: { taps: { tap0: { addresses: ['198.18.0.5/32'] } } },
      objects: {
        'taps.tap0.addresses.0':
          /198\.18\.0\.5 is the address of eth0 of this host, too.*share_address: true/,
      },
    },
    'of a device of the host, on a line': {
      file: { slip: { sl0: { host: '198.18.0.5', guest: '198.18.0.99' } } },
      objects: { 'slip.sl0.host': /address of eth0/ },
    },
    'of another in the file': {
      file: { taps: { tap0: { addresses: ['198.18.1.1/32'] }, tap1: { addresses: ['198.18.1.1/32'] } } },
      objects: { 'taps.tap1.addresses.0': /address of tap0 in this file/ },
    },
    'on one device twice': {
      file: { taps: { tap0: { addresses: ['2001:db8:1::1/64', '2001:DB8:1:0::1/64'] } } },
      objects: { 'taps.tap0.addresses.1': /2001:db8:1::1 is on tap0 twice/ },
    },
    'not: share_address saves addresses': {
      file: {
        taps: {
          tap0: { addresses: ['198.18.0.5/32'], share_address: true },
          tap1: { addresses: ['198.18.0.5/32'], share_address: true },
        },
        slip: { sl0: { host: '198.18.0.5', guest: '198.18.0.99', share_address: true } },
      },
    },
    'the router of this host, silent or not': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/32'] } },
        forwarding: ['ipv4'],
        guests: { one: { device: 'tap0', addresses: ['198.18.0.1/32'], lan: 'eth0' } },
        proxy_arp: [{ address: '198.18.0.2', device: 'eth0' }],
        routes: [{ to: '198.18.3.0/24', via: '198.18.0.2' }],
      },
      objects: {
        'guests.one.addresses.0': /198\.18\.0\.1 is a router that this host sends to by eth0/,
        'proxy_arp.0.address': /198\.18\.0\.2 is a router that this host sends to: /,
      },
    },
    'one of several routers': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/32'] } },
        guests: { one: guest('tap0', '198.18.0.2/32') },
      },
      on: reality({
        routes: [route('default', { raw: { nexthops: [{ gateway: '198.18.0.2', dev: 'eth0' }] } })],
      }),
      objects: { 'guests.one.addresses.0': /198\.18\.0\.2 is a router/ },
    },
    'not: a guest that is the router': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        guests: { one: guest('tap0', '198.18.1.7/24') },
        routes: [{ to: '198.18.3.0/24', via: '198.18.1.7' }],
      },
      on: {
        ...realityWith(tap('tap0')),
        routes: [route('198.18.3.0/24', { via: '198.18.1.7', device: 'tap0' })],
      },
      facts: owned('tap0'),
    },
    'at both ends of a line': {
      file: { slip: { sl0: { host: '198.18.9.1', guest: '198.18.9.1' } } },
      objects: { 'slip.sl0.guest': /198\.18\.9\.1 is the host's address too/ },
    },
    "a guest's and this host's": {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        guests: { one: guest('tap0', '198.18.0.5/32') },
      },
      objects: {
        'guests.one.addresses.0':
          /this host's own address, on eth0 of this host: a guest that has it too steals/,
      },
    },
    "a guest's and its tap's": {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        guests: { one: guest('tap0', '198.18.1.254/24') },
      },
      objects: { 'guests.one.addresses.0': /own address, on tap0 in this file/ },
    },
    "two guests'": {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] }, tap1: { addresses: ['198.18.2.254/24'] } },
        guests: { one: guest('tap0', '198.18.1.1/24'), two: guest('tap1', '198.18.1.1/32') },
      },
      objects: { 'guests.two.addresses.0': /198\.18\.1\.1 is one's address, too/ },
    },
    "two guests' on one LAN": {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        guests: { one: guest('tap0', '198.18.1.1/24'), two: guest('tap0', '198.18.1.1/24') },
      },
      objects: { 'guests.two.addresses.0': /is one's address, too/ },
    },
    "a guest's, at the end of its line and of another": {
      file: {
        slip: {
          sl0: { host: '198.18.9.254', guest: '198.18.9.1' },
          sl1: { host: '198.18.9.253', guest: '198.18.9.1' },
        },
        guests: { one: guest('sl0', '198.18.9.1/32') },
      },
      objects: { 'slip.sl1.guest': /too/ },
    },
  },
  "devices that are somebody else's": {
    'of another kind': {
      file: { taps: { tap0: {} } },
      on: realityWith(link('tap0', [], { kind: 'veth' })),
      objects: { 'taps.tap0': /tap0 is there already, and somebody else's: it is one end of a veth pair/ },
    },
    hardware: { file: { taps: { eth0: {} } }, objects: { 'taps.eth0': /it is hardware/ } },
    'a tun for a tap': {
      file: { taps: { tap0: {} } },
      on: realityWith(tap('tap0', {}, { type: 'tun' })),
      objects: { 'taps.tap0': /it is a tun device, not a tap/ },
    },
    'a tap for a line': {
      file: { slip: { sl0: { host: '198.18.9.1', guest: '198.18.9.2' } } },
      on: realityWith(tap('sl0')),
      objects: { 'slip.sl0': /it is a tap device, not a tun/ },
    },
    'with another owner': {
      file: { taps: { tap0: { owner: 'alice' } } },
      on: realityWith(tap('tap0', {}, { uid: 1001 })),
      objects: { 'taps.tap0': /its owner is 1001, not alice/ },
    },
    'with an owner where none is wished': {
      file: { taps: { tap0: {} } },
      on: realityWith(tap('tap0', {}, { uid: 1001 })),
      objects: { 'taps.tap0': /its owner is 1001, not nobody/ },
    },
    'with another group': {
      file: { taps: { tap0: { group: 'uml' } } },
      on: realityWith(tap('tap0')),
      objects: { 'taps.tap0': /its group is none, not uml/ },
    },
    'with more queues': {
      file: { taps: { tap0: {} } },
      on: realityWith(tap('tap0', {}, { multiQueue: true })),
      objects: { 'taps.tap0': /it has several queues/ },
    },
    "a running program's": {
      file: { taps: { tap0: {} } },
      on: realityWith(tap('tap0', {}, { persistent: false })),
      objects: { 'taps.tap0': /a program that runs has made it/ },
    },
    'in place of a bridge': {
      file: { bridges: { br0: {} } },
      on: realityWith(tap('br0')),
      objects: { 'bridges.br0': /it is a tap device, not a bridge/ },
    },
    'not: just as wished': {
      file: {
        taps: { tap0: { owner: 'alice', group: 990, queues: 2 } },
        bridges: { br9: { ports: ['tap0'] } },
      },
      on: realityWith(
        tap('tap0', {}, { uid: 1000, gid: 990, multiQueue: true }),
        link('br9', [], { kind: 'bridge' }),
      ),
    },
    'not: ours, in another form': {
      file: { taps: { tap0: { owner: 'alice' } } },
      on: realityWith(tap('tap0', { mtu: 900 }, { uid: 7 })),
      facts: owned('tap0'),
    },
    'a name in two sections': {
      file: { taps: { x: {} }, bridges: { x: {} }, slip: { x: { host: '198.18.9.1', guest: '198.18.9.2' } } },
      objects: { 'slip.x': /x is in taps as well/, 'bridges.x': /x is in taps as well/ },
    },
    'no tun at all': {
      file: { taps: { tap0: {} } },
      on: reality({ access: () => undefined }),
      objects: { taps: /there is no \/dev\/net\/tun.*modprobe tun/ },
    },
    'a group for a tun device that is not there': {
      file: { tun_device: { group: 'uml' } },
      on: reality({ access: () => undefined }),
      objects: { tun_device: /no \/dev\/net\/tun/ },
    },
  },
  accounts: {
    'unknown ones': {
      file: {
        tun_device: { group: 'umls' },
        taps: { tap0: { owner: 'alise', group: 'nogroup' } },
        slip: { sl0: { host: '198.18.9.1', guest: '198.18.9.2', owner: 'bob', group: 'uml' } },
      },
      objects: {
        'tun_device.group': /there is no group umls on this host; make it \(groupadd umls\)/,
        'taps.tap0.owner': /there is no user alise.*useradd/,
        'taps.tap0.group': /there is no group nogroup/,
        'slip.sl0.owner': /there is no user bob/,
      },
    },
    'not: numbers': { file: { taps: { tap0: { owner: 4711, group: 4712 } } } },
  },
  bridges: {
    'the NIC of the default route': {
      file: { bridges: { br0: { ports: ['eth0'] } } },
      objects: {
        'bridges.br0.ports.0': /eth0 carries this host's default route via 198\.18\.0\.1.*confirm: true/,
      },
    },
    'a way out of several': {
      file: { bridges: { br0: { ports: ['eth0'] } } },
      on: reality({ routes: [route('default', { raw: { nexthops: [{ dev: 'eth0' }, { dev: 'eth1' }] } })] }),
      objects: { 'bridges.br0.ports.0': /eth0 carries this host's default route: .*confirm: true/ },
    },
    'not: confirmed': { file: { bridges: { br0: { ports: ['eth0'], confirm: true } } } },
    'not: another NIC': { file: { bridges: { br0: { ports: ['eth1'] } } } },
    'not: after up': {
      file: { taps: { tap1: {} }, bridges: { br0: { ports: ['eth0', 'tap1'], confirm: true } } },
      on: bridged,
      facts: owned('br0', 'tap1'),
    },
    "somebody else's port": {
      file: { bridges: { br0: { ports: ['eth1'] } } },
      on: realityWith(link('eth1', [], { master: 'docker0' }), link('docker0', [], { kind: 'bridge' })),
      objects: { 'bridges.br0.ports.0': /eth1 is a port of docker0 on this host/ },
    },
    'a device in two bridges': {
      file: { taps: { tap0: {} }, bridges: { br0: { ports: ['tap0'] }, br1: { ports: ['tap0'] } } },
      objects: { 'bridges.br1.ports.0': /tap0 is a port of br0 in this file already/ },
    },
    'a device twice': {
      file: { taps: { tap0: {} }, bridges: { br0: { ports: ['tap0', 'tap0'] } } },
      objects: { 'bridges.br0.ports.1': /tap0 is a port of br0 in this file already/ },
    },
    'what Linux does not take': {
      file: {
        slip: { sl0: { host: '198.18.9.1', guest: '198.18.9.2' } },
        bridges: { br0: { ports: ['lo', 'sl0', 'br1', 'wg0', 'tun0', 'docker0'] }, br1: {} },
      },
      on: realityWith(
        link('wg0', [], { kind: 'wireguard' }),
        tap('tun0', {}, { type: 'tun' }),
        link('docker0', [], { kind: 'bridge' }),
      ),
      objects: {
        'bridges.br0.ports.0': /lo is the loopback device/,
        'bridges.br0.ports.1': /sl0 is a line that carries IP packets/,
        'bridges.br0.ports.2': /br1 is a bridge itself/,
        'bridges.br0.ports.3': /wg0 is of the kind wireguard/,
        'bridges.br0.ports.4': /tun0 is a line/,
        'bridges.br0.ports.5': /docker0 is a bridge itself/,
      },
    },
    'an unknown port': {
      file: { taps: { tap0: {} }, bridges: { br0: { ports: ['tapo', 'wlan7'] } } },
      objects: {
        'bridges.br0.ports.0':
          /there is no device tapo on this host, and none in the file; did you mean tap0\?/,
        'bridges.br0.ports.1': /no device wlan7.*there are br0, eth0, eth1, lo, tap0/,
      },
    },
    'an address on a port': {
      file: { taps: { tap0: { addresses: ['198.18.1.1/24'] } }, bridges: { br0: { ports: ['tap0'] } } },
      objects: { 'taps.tap0.addresses': /an address on it is not heard.*bridges\.br0\.addresses/ },
    },
    'MTUs that differ': {
      file: { taps: { tap0: { mtu: 1458 }, tap1: {} }, bridges: { br0: { ports: ['tap1', 'tap0'] } } },
      objects: {
        'bridges.br0.ports.1': /the MTU of tap0 is 1458, that of tap1 1500.*mtu: 1458 beside ports/,
      },
    },
    'a jumbo NIC': {
      file: { taps: { tap0: {} }, bridges: { br0: { ports: ['tap0', 'eth1'] } } },
      on: realityWith(link('eth1', [], { mtu: 9000 })),
      objects: { 'bridges.br0.ports.0': /the MTU of tap0 is 1500, that of eth1 9000/ },
    },
    'more than a port can': {
      file: { taps: { tap0: { mtu: 1458 } }, bridges: { br0: { ports: ['tap0'], mtu: 1500 } } },
      objects: { 'bridges.br0.mtu': /1500 is more than the 1458 of its port tap0/ },
    },
    'not: said to be so': {
      file: {
        taps: { tap0: { mtu: 1458 }, tap1: {} },
        bridges: { br0: { ports: ['tap1', 'tap0'], mtu: 1458 } },
      },
    },
    'an MTU too small for IPv6': {
      file: { taps: { tap0: { mtu: 1006, addresses: ['198.18.1.1/24', '2001:db8:1::1/64'] } } },
      objects: { 'taps.tap0.mtu': /1006 is too little for IPv6.*1280/ },
    },
  },
  routes: {
    'a router that is not reached': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        routes: [{ to: '198.18.3.0/24', via: '198.18.2.1' }],
      },
      objects: { 'routes.0.via': /198\.18\.2\.1 can't be reached/ },
    },
    'a router that is not reached by that device': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        routes: [{ to: '198.18.3.0/24', via: '198.18.0.9', device: 'tap0' }],
      },
      objects: { 'routes.0.via': /no net that this host is on by tap0/ },
    },
    'an unknown device': {
      file: { routes: [{ to: '198.18.3.0/24', device: 'tap7' }] },
      objects: { 'routes.0.device': /no device tap7/ },
    },
    'a port of a bridge': {
      file: {
        bridges: { br0: { ports: ['eth0'], confirm: true } },
        routes: [{ to: '198.18.3.0/24', via: '198.18.0.9', device: 'eth0' }],
      },
      objects: { 'routes.0.device': /eth0 is a port of br0.*write br0/ },
    },
    'the other family': {
      file: { routes: [{ to: '2001:db8:3::/64', via: '198.18.0.9' }] },
      objects: { 'routes.0.via': /other family/ },
    },
    'this host': {
      file: { routes: [{ to: '198.18.3.0/24', via: '198.18.0.5' }] },
      objects: { 'routes.0.via': /this host's own address, on eth0/ },
    },
    'a link-local router of no link': {
      file: { routes: [{ to: '2001:db8:3::/64', via: 'fe80::1' }] },
      objects: { 'routes.0.via': /fe80::1 is on every link: which one is meant\?; write device:/ },
    },
    "somebody else's": {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        routes: [{ to: 'default', via: '198.18.1.1' }],
      },
      objects: { 'routes.0': /this host has a route to default already, via 198\.18\.0\.1 by eth0/ },
    },
    'in the file twice': {
      file: {
        routes: [
          { to: '198.18.3.0/24', via: '198.18.0.9' },
          { to: '198.18.3.0/24', via: '198.18.0.8' },
        ],
      },
      objects: { 'routes.1': /routes\[0\]/ },
    },
    'not: these': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24', '2001:db8:1::fe/64'] } },
        slip: { sl0: { host: '198.18.9.254', guest: '198.18.9.1' } },
        guests: { one: guest('tap0', '198.18.77.1/32') },
        routes: [
          { to: '198.18.3.0/24', via: '198.18.1.7' },
          { to: '198.18.4.0/24', via: '198.18.0.7', device: 'eth0' },
          { to: '198.18.5.0/24', via: '198.18.9.1' },
          { to: '198.18.6.0/24', via: '198.18.77.1' },
          { to: '198.18.7.0/24', device: 'tap0' },
          { to: '198.18.8.0/24', via: '198.18.7.9' },
          { to: '2001:db8:3::/64', via: 'fe80::1', device: 'tap0' },
          { to: 'default', via: '2001:db8:1::1' },
          { to: 'default', via: '198.18.0.1' },
        ],
      },
    },
    'not: by the bridge that the NIC moves to': {
      file: {
        bridges: { br0: { ports: ['eth0'], confirm: true } },
        routes: [{ to: '198.18.3.0/24', via: '198.18.0.9', device: 'br0' }],
      },
    },
    "somebody else's, of IPv6: its metric is 1024 when nothing is said": {
      file: {
        taps: { tap0: { addresses: ['2001:db8:1::fe/64'] } },
        routes: [
          { to: 'default', via: '2001:db8:1::1' },
          { to: '2001:db8:3::/64', via: '2001:db8:1::1' },
          { to: '2001:db8:4::/64', via: '2001:db8:1::1' },
        ],
      },
      on: reality({
        routes: [
          route('::/0', { via: 'fe80::1', device: 'eth0', metric: 1024 }),
          route('2001:db8:3::/64', { via: '2001:db8::1', device: 'eth0', metric: 1024 }),
          route('2001:db8:4::/64', { via: '2001:db8::1', device: 'eth0', metric: 100 }),
        ],
      }),
      objects: {
        'routes.0': /this host has a route to default already, via fe80::1 by eth0/,
        'routes.1': /this host has a route to 2001:db8:3::\/64 already, via 2001:db8::1 by eth0/,
      },
    },
    "somebody else's of several ways": {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        routes: [{ to: 'default', via: '198.18.1.1' }],
      },
      on: reality({ routes: [route('default', { raw: { nexthops: [{ dev: 'eth0' }, { dev: 'eth1' }] } })] }),
      objects: { 'routes.0': /this host has a route to default already, by several devices or none/ },
    },
    'not: what an earlier up made there': {
      file: { routes: [{ to: '2001:db8:3::/64', via: '2001:db8::2' }] },
      on: reality({
        routes: [route('2001:db8:3::/64', { via: '2001:db8::1', device: 'eth0', metric: 1024 })],
      }),
      facts: {
        made: [{ kind: 'route', params: { to: '2001:db8:3::/64', via: '2001:db8::1', device: null } }],
      },
    },
    'a host route that leads to another device': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        guests: { one: guest('tap0', '198.18.1.77/24') },
      },
      on: { ...realityWith(tap('tap9')), routes: [route('198.18.1.77/32', { device: 'tap9' })] },
      objects: {
        'guests.one.addresses.0': /route to 198\.18\.1\.77 already, by tap9: the guest would steal/,
      },
    },
  },
  guests: {
    'behind nothing': {
      file: { guests: { one: guest('tap0', '198.18.1.1/24') } },
      objects: { 'guests.one.device': /no device tap0/ },
    },
    'without a host of its family': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        guests: { one: guest('tap0', '2001:db8:1::1/128') },
      },
      on: realityWith(link('eth0', ['198.18.0.5/24', 'fe80::5/64'])),
      objects: { 'guests.one.addresses.0': /this host has no IPv6 address on tap0.*taps\.tap0\.addresses/ },
    },
    'not: far from every net of its tap, by a host route, with the address of another device': {
      file: { taps: { tap0: {} }, guests: { one: guest('tap0', '198.18.77.1/32') } },
    },
    'not: behind a bridge without addresses': {
      file: {
        taps: { tap0: {} },
        bridges: { br0: { ports: ['tap0', 'eth1'] } },
        guests: { one: guest('tap0', '2001:db8:7::1/64') },
      },
      on: realityWith(link('eth0', ['198.18.0.5/24'])),
    },
    'a net where its tap is none': {
      file: {
        taps: { tap0: { addresses: ['198.18.0.254/32', '198.18.1.254/24'] } },
        guests: { one: { device: 'tap0', addresses: ['198.18.0.77/24', '198.18.1.1/25', '198.18.1.2/23'] } },
      },
      objects: {
        'guests.one.addresses.0':
          /tap0 is not in the net 198\.18\.0\.0\/24: the guest would look.*198\.18\.0\.77\/32/,
        'guests.one.addresses.2': /not in the net 198\.18\.0\.0\/23/,
      },
    },
    'an IPv6 host on another device, which answers there alone': {
      file: {
        taps: { tap0: {}, tap1: { addresses: ['fe80::1/64'] } },
        guests: { one: guest('tap0', '2001:db8:1::1/128'), two: guest('tap1', '2001:db8:1::2/128') },
      },
      objects: { 'guests.one.addresses.0': /no IPv6 address on tap0/ },
    },
    'another address than its line': {
      file: {
        slip: { sl0: { host: '198.18.9.254', guest: '198.18.9.1' } },
        guests: { one: { device: 'sl0', addresses: ['198.18.9.2/32', '2001:db8:1::1/64'] } },
      },
      objects: {
        'guests.one.addresses.0':
          /198\.18\.9\.2 is not the address at the end of sl0, which is 198\.18\.9\.1/,
        'guests.one.addresses.1': /sl0 carries IPv4 alone/,
      },
    },
    'a LAN that is not there, that is its own, that it is on, that has no ARP': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] }, tap1: {} },
        bridges: { br0: { ports: ['tap1', 'eth1'] } },
        forwarding: ['ipv4'],
        guests: {
          a: guest('tap0', '198.18.0.71/32', { lan: 'eth7' }),
          b: guest('tap0', '198.18.0.72/32', { lan: 'tap0' }),
          c: guest('tap1', '198.18.0.73/24', { lan: 'eth0' }),
          d: guest('tap0', '198.18.0.74/32', { lan: 'lo' }),
          e: guest('tap0', '198.18.0.75/32', { lan: 'eth1' }),
        },
      },
      objects: {
        'guests.a.lan': /no device eth7/,
        'guests.b.lan': /tap0 is the guest's own device/,
        'guests.c.lan': /behind br0 the guest is on the LAN itself/,
        'guests.d.lan': /nobody asks for addresses on lo/,
        'guests.e.lan': /eth1 is a port of br0.*write br0/,
      },
    },
    'a LAN of another net': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        forwarding: ['ipv4'],
        guests: { a: guest('tap0', '198.18.1.71/24', { lan: 'eth0' }) },
      },
      objects: {
        'guests.a.lan': /on eth0 nobody asks for the guest: none of its addresses is in 198\.18\.0\.5\/24/,
      },
    },
    'resolvers of a family that it has not': {
      file: {
        taps: { tap0: {} },
        guests: { one: guest('tap0', '198.18.1.1/32', { resolvers: ['198.18.0.53', '2001:db8::53'] }) },
      },
      objects: { 'guests.one.resolvers.1': /2001:db8::53 is an IPv6 address, and the guest has none/ },
    },
    gateways: {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] }, tap1: {} },
        bridges: { br0: { ports: ['tap1', 'eth1'] } },
        guests: {
          a: guest('tap0', '198.18.1.1/24', { gateway: '2001:db8::1' }),
          b: guest('tap0', '198.18.1.2/24', { gateway: '198.18.1.2' }),
          c: guest('tap0', '198.18.1.3/24', { gateway: '198.18.1.7' }),
          d: guest('tap1', '198.18.7.3/24', { gateway: '198.18.8.1' }),
          e: guest('tap1', '198.18.7.4/24', { gateway: '198.18.7.1' }),
          f: guest('tap0', '198.18.1.5/24', { gateway: '198.18.0.5' }),
        },
      },
      objects: {
        'guests.a.gateway': /family that the guest has no address of/,
        'guests.b.gateway': /the guest's own address/,
        'guests.c.gateway': /no address of this host, which is the guest's only neighbour/,
        'guests.d.gateway': /in none of the guest's nets/,
      },
    },
    proxies: {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        forwarding: ['ipv4'],
        guests: { one: guest('tap0', '198.18.0.71/32', { lan: 'eth0' }) },
        proxy_arp: [
          { address: '198.18.0.9', device: 'eth9' },
          { address: '198.18.0.5', device: 'eth1' },
          { address: '198.18.0.8', device: 'eth0' },
          { address: '198.18.0.8', device: 'eth0' },
          { address: '198.18.0.71', device: 'eth0' },
        ],
      },
      objects: {
        'proxy_arp.0.device': /no device eth9; did you mean eth0|no device eth9/,
        'proxy_arp.1.address': /this host's own address, on eth0/,
        'proxy_arp.3': /in the list already/,
        'proxy_arp.4': /by guests\.one\.lan already/,
      },
    },
  },
  'what crosses this host': {
    'forwarding that is missing, for a LAN': {
      file: {
        taps: { tap0: { addresses: ['198.18.0.254/32'] } },
        guests: {
          one: guest('tap0', '198.18.0.77/32', { lan: 'eth0' }),
          two: guest('tap0', '198.18.0.78/32', { lan: 'eth0' }),
        },
      },
      objects: {
        'guests.one.lan':
          /so that the guest one and eth0 reach each other, this host has to forward IPv4.*add the line: forwarding: \[ipv4\]/,
      },
    },
    'for masquerading': {
      file: { masquerade: [{ from: '2001:db8:1::/64', out: 'eth0' }], forwarding: ['ipv4'] },
      objects: { 'masquerade.0': /forward IPv6.*forwarding: \[ipv4, ipv6\]/ },
    },
    'for port forwards': {
      file: { port_forwards: [{ port: 80, to: '198.18.0.9' }] },
      objects: { 'port_forwards.0': /forward IPv4/ },
    },
    'not: a guest that has its host alone': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] } },
        guests: { one: guest('tap0', '198.18.1.1/24') },
      },
    },
    masquerading: {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24'] }, tap1: {} },
        bridges: { br0: { ports: ['tap1'] } },
        forwarding: ['ipv4'],
        masquerade: [
          { from: '198.18.1.0/24', out: 'eth9' },
          { from: '198.18.1.0/24', out: 'tap0' },
          { from: '198.18.1.0/24', out: 'tap1' },
          { from: '198.18.1.0/24', out: 'eth0' },
          { from: '198.18.1.0/24', out: 'eth0' },
          { from: '0.0.0.0/0', out: 'eth1' },
        ],
      },
      objects: {
        'masquerade.0.out': /no device eth9/,
        'masquerade.1.out': /tap0 is in 198\.18\.1\.0\/24 itself/,
        'masquerade.2.out': /tap1 is a port of br0/,
        'masquerade.4': /twice/,
      },
    },
    'port forwards': {
      file: {
        taps: { tap0: { addresses: ['198.18.1.254/24', '2001:db8:1::fe/64'] } },
        forwarding: ['ipv4', 'ipv6'],
        port_forwards: [
          { port: 80, to: '198.18.1.1' },
          { port: 80, to: '198.18.1.2' },
          { port: 80, to: '198.18.1.2', protocol: 'udp' },
          { port: 80, to: '2001:db8:1::1' },
          { port: 81, to: '198.18.1.1', device: 'eth0' },
          { port: 81, to: '198.18.1.2', device: 'eth1' },
          { port: 81, to: '198.18.1.2' },
          { port: 82, to: '198.18.1.254' },
          { port: 83, to: '198.18.1.1', device: 'eth9' },
          { port: 84, to: '2001:db8:7::1' },
        ],
      },
      objects: {
        'port_forwards.1.port': /tcp port 80 leads to 198\.18\.1\.1 already \(port_forwards\[0\]\)/,
        'port_forwards.6.port': /tcp port 81 leads to 198\.18\.1\.1 already/,
        'port_forwards.7.to': /this host itself \(tap0\)/,
        'port_forwards.8.device': /no device eth9/,
        'port_forwards.9.to': /2001:db8:7::1 can't be reached/,
      },
    },
    'a tap of two switches': {
      file: {
        taps: { tap0: {}, tap1: { queues: 2 } },
        bridges: { br0: {} },
        switches: {
          a: { ports: ['tuntap,tap0', 'tuntap,tap1', 'mcast'] },
          b: {
            ports: [
              'eth0=tuntap,tap0',
              { transport: 'tuntap', device: 'tap1' },
              'tuntap',
              'tuntap',
              'tuntap,br0',
            ],
          },
        },
      },
      objects: {
        'switches.b.ports.0': /tap0 is a port of a already.*taps\.tap0\.queues: 2/,
        'switches.b.ports.4': /br0 is a bridge in this file/,
      },
    },
  },
}

for (const [subject, group] of Object.entries(cases)) {
  describe(`objections: ${subject}`, () => {
    for (const [name, { file, on, facts, objects = {} }] of Object.entries(group)) {
      it(name, () => {
        const found = object(file, on, facts)
        const said = Object.fromEntries(
          found.map(({ path, message, remedy }) => [path.join('.'), `${message}; ${remedy ?? ''}`]),
        )
        assert.deepEqual(
          Object.keys(said).sort(),
          Object.keys(objects).sort(),
          JSON.stringify(found, null, 1),
        )
        assert.equal(found.length, Object.keys(objects).length, JSON.stringify(found, null, 1))
        for (const [path, pattern] of Object.entries(objects)) assert.match(said[path]!, pattern)
        for (const { message, remedy } of found) {
          assert.doesNotMatch(`${message}${remedy}`, /undefined|NaN|\[object|\n/)
          assert.notEqual(remedy, undefined)
        }
      })
    }
  })
}
