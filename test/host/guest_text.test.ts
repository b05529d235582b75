// What to type inside the guests: for each way in which one can be behind this host.
import assert from 'node:assert/strict'
import type { HostConfigInput } from '../../lib/host/config.js'
import { guestTexts } from '../../lib/host/guest_text.js'
import type { Reality } from '../../lib/host/reality.js'
import { config, link, reality, realityWith, route } from './realities.js'

function lines(file: HostConfigInput, on: Reality = reality()): string[] {
  const [first] = guestTexts(config(file), on)
  return first!.lines
}
const typed = (file: HostConfigInput, on?: Reality) =>
  lines(file, on).filter((line) => !line.startsWith('# UML'))
const told = (file: HostConfigInput, on?: Reality) =>
  lines(file, on).filter((line) => line.startsWith('# UML'))
const guests = (device: string, addresses: string[], more: object = {}) => ({
  one: { device, addresses, ...more },
})

describe('what to type inside a guest', () => {
  const routed: HostConfigInput = {
    taps: { tap0: { addresses: ['198.18.1.254/24', '2001:db8:1::fe/64'], mtu: 1458 } },
    guests: guests('tap0', ['198.18.1.1/24', '2001:db8:1::1/64'], {
      resolvers: ['198.18.0.53', '2001:db8::53'],
    }),
  }

  it('behind a tap with a net', () => {
    assert.deepEqual(lines(routed), [
      '# UML: eth0=tuntap,tap0',
      '# UML from 6.16 on: vec0:transport=tap,ifname=tap0,gro=1, and vec0 for eth0 below',
      'ip link set eth0 mtu 1458 up',
      'ip addr add 198.18.1.1/24 dev eth0',
      'ip addr add 2001:db8:1::1/64 dev eth0',
      'ip route add default via 198.18.1.254',
      'ip -6 route add default via 2001:db8:1::fe',
      'echo nameserver 198.18.0.53 >> /etc/resolv.conf',
      'echo nameserver 2001:db8::53 >> /etc/resolv.conf',
    ])
  })

  it('behind a tap with one address: a route to the gateway first', () => {
    const file: HostConfigInput = {
      taps: { tap0: { addresses: ['198.18.0.254/32', 'fe80::1/64', '2001:db8::fe/128'] } },
      guests: guests('tap0', ['198.18.0.77/32', '2001:db8::77/128'], { lan: 'eth0' }),
    }
    assert.deepEqual(typed(file), [
      'ip link set eth0 up',
      'ip addr add 198.18.0.77/32 dev eth0',
      'ip addr add 2001:db8::77/128 dev eth0',
      'ip route add 198.18.0.254 dev eth0',
      'ip route add default via 198.18.0.254 dev eth0',
      'ip -6 route add 2001:db8::fe dev eth0',
      'ip -6 route add default via 2001:db8::fe dev eth0',
    ])
  })

  it("behind a tap without addresses: another device's", () => {
    const file: HostConfigInput = { taps: { tap0: {} }, guests: guests('tap0', ['198.18.77.1/32']) }
    assert.deepEqual(typed(file).slice(2), [
      'ip route add 198.18.0.5 dev eth0',
      'ip route add default via 198.18.0.5 dev eth0',
    ])
  })

  it('a gateway that the file names', () => {
    const file: HostConfigInput = {
      taps: { tap0: { addresses: ['198.18.1.254/24', '198.18.1.253/24'] } },
      guests: guests('tap0', ['198.18.1.1/24'], { gateway: '198.18.1.253' }),
    }
    assert.equal(typed(file).at(-1), 'ip route add default via 198.18.1.253')
  })

  it('on a bridged LAN: its router, before `up` and after it', () => {
    const file: HostConfigInput = {
      taps: { tap0: {} },
      bridges: { br0: { ports: ['eth0', 'tap0'], confirm: true } },
      guests: guests('tap0', ['198.18.0.78/24', '2001:db8::78/64']),
    }
    const expected = [
      'ip link set eth0 up',
      'ip addr add 198.18.0.78/24 dev eth0',
      'ip addr add 2001:db8::78/64 dev eth0',
      'ip route add default via 198.18.0.1',
      'ip -6 route add fe80::99 dev eth0',
      'ip -6 route add default via fe80::99 dev eth0',
    ]
    const six = (device: string) => route('::/0', { via: 'fe80::99', device })
    const before = reality()
    assert.deepEqual(typed(file, { ...before, routes: [...before.routes, six('eth0')] }), expected)
    const after: Reality = {
      ...realityWith(
        link('eth0', [], { master: 'br0' }),
        link('br0', ['198.18.0.5/24', '2001:db8::5/64'], { kind: 'bridge' }),
      ),
      routes: [route('default', { via: '198.18.0.1', device: 'br0' }), six('br0')],
    }
    assert.deepEqual(typed(file, after), expected)
    assert.match(told(file)[0]!, /eth0=tuntap,tap0/)
  })

  it('on a bridge of guests alone: this host', () => {
    const file: HostConfigInput = {
      taps: { tap0: {}, tap1: { mtu: 1400 } },
      bridges: { br0: { ports: ['tap0', 'tap1'], addresses: ['198.18.1.254/24'], mtu: 1400 } },
      forwarding: ['ipv4'],
      guests: guests('br0', ['198.18.1.1/24']),
    }
    assert.equal(
      typed({ ...file, forwarding: ['ipv6'] }).at(-1),
      '# no IPv4 router is known on that LAN: no default route',
    )
    assert.deepEqual(lines(file), [
      '# UML: eth0=tuntap,TAP, where TAP is a port of br0; a tap of its own: tap0, tap1',
      'ip link set eth0 mtu 1400 up',
      'ip addr add 198.18.1.1/24 dev eth0',
      'ip route add default via 198.18.1.254',
    ])
  })

  it('on a LAN whose router nobody knows', () => {
    const file: HostConfigInput = {
      taps: { tap0: {} },
      bridges: { br0: { ports: ['eth1', 'tap0'] } },
      guests: guests('tap0', ['198.18.7.1/24']),
    }
    assert.equal(typed(file).at(-1), '# no IPv4 router is known on that LAN: no default route')
    const known = { ...file, routes: [{ to: 'default', via: '198.18.7.254' }] }
    assert.equal(typed(known).at(-1), 'ip route add default via 198.18.7.254')
  })

  it('at the end of a line', () => {
    const file: HostConfigInput = {
      slip: { sl0: { host: '198.18.9.254', guest: '198.18.9.1', mtu: 1006 } },
      guests: guests('sl0', ['198.18.9.1/32'], { resolvers: ['198.18.0.53'] }),
    }
    assert.deepEqual(lines(file), [
      '# UML: eth0=slirp,,/usr/bin/ethercast,slirp,--host-ip=198.18.9.1/24,--gateway=198.18.9.254,--peer=198.18.9.1,slip,198.18.9.254/32,line=tun,device=sl0',
      'ip link set eth0 mtu 1006 up',
      'ip addr add 198.18.9.1 peer 198.18.9.254 dev eth0',
      'ip route add default via 198.18.9.254',
      'echo nameserver 198.18.0.53 >> /etc/resolv.conf',
    ])
  })

  it('at the end of a line, neighbours: the least net around both', () => {
    const hostIp = (host: string, guest: string) =>
      /--host-ip=([^,]*),/.exec(
        told({ slip: { sl0: { host, guest } }, guests: guests('sl0', [`${guest}/32`]) })[0]!,
      )?.[1]
    assert.equal(hostIp('198.18.9.2', '198.18.9.1'), '198.18.9.1/30')
    assert.equal(hostIp('198.18.0.5', '198.18.9.1'), '198.18.9.1/20')
    assert.equal(hostIp('9.18.0.5', '198.18.9.1'), '198.18.9.1/1')
  })

  it('on a switch whose port the tap is: by its other ports', () => {
    const file = (...ports: string[]): HostConfigInput => ({
      taps: { tap0: { addresses: ['198.18.1.254/24'] } },
      switches: { a: { ports: ['tuntap,tap0', ...ports] } },
      guests: guests('tap0', ['198.18.1.1/24']),
    })
    assert.deepEqual(told(file('mcast,,239.192.168.9,1103,2,interface=lo')), [
      '# UML: eth0=mcast,,239.192.168.9,1103,2',
    ])
    assert.deepEqual(told(file('mcast', 'switch,,unix,/tmp/s.ctl')), [
      '# UML: eth0=mcast',
      '# UML: eth0=daemon,,unix,/tmp/s.ctl',
    ])
    assert.deepEqual(lines(file('bess,listen=/tmp/b')).slice(0, 2), [
      '# UML: vec0:transport=bess,dst=/tmp/b',
      'ip link set vec0 up',
    ])
    assert.deepEqual(lines(file('fd,3')).slice(0, 2), [
      '# by a port of the switch that has tap0',
      'ip link set eth0 up',
    ])
  })
})
