/** Specs of the lines of IPv4 packets, slip and slirp: what they mean, how they print, what is refused. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { formatSpec, hasStationMac, parseSpec } from '../../lib/spec/index.js'
import { slipSpec, slirpSpec } from './arbitrary_lines.js'
import { itRefuses } from './refusal.js'

describe('specs of slip and slirp', () => {
  it('any spec comes back from its string as it was', () => {
    fc.assert(
      fc.property(fc.oneof(slipSpec(), slirpSpec()), (spec) => {
        const parsed = parseSpec(spec)
        assert.deepEqual(parseSpec(formatSpec(spec)), parsed)
        assert.equal(formatSpec(formatSpec(spec)), formatSpec(spec))
      }),
    )
  })

  it('read as in UML', () => {
    assert.deepEqual(parseSpec('eth0=slip,192.168.0.254'), {
      transport: 'slip',
      hostIp: '192.168.0.254',
      line: 'pty',
      mtu: 1500,
      reconnect: true,
      wait: false,
    })
    assert.deepEqual(parseSpec('eth0=slirp,fe:fd:0:0:0:1,slirp,-b_115200,mtu=3,,x'), {
      transport: 'slirp',
      mac: 'fe:fd:00:00:00:01',
      program: 'slirp',
      args: ['-b 115200', 'mtu=3', '', 'x'],
      hostIp: '10.0.2.2',
      mtu: 1500,
      reconnect: true,
    })
  })

  it('their mac is their own', () => {
    for (const spec of ['slip', 'slirp']) assert.ok(hasStationMac(parseSpec(spec)))
    assert.ok(!hasStationMac(parseSpec('mcast')))
  })

  it('99 arguments are allowed, as in UML', () => {
    const many = (count: number) => `slirp,,x,${Array.from({ length: count }, (_, at) => `a${at}`).join(',')}`
    parseSpec(many(99))
    assert.throws(() => parseSpec(many(100)), { field: 'args' })
  })

  itRefuses([
    ['slip,2001:db8::1', 'slip: hostIp 2001:db8::1 is an IPv6 address: the far end takes IPv4 alone'],
    [
      'slip,,line=tun',
      'slip: hostIp is missing: line=tun gives it to the device, as in slip,198.18.1.254,line=tun',
    ],
    ['slip,,line=stdio,wait=on', 'slip: wait has no meaning with line=stdio: leave it out'],
    ['slip,,line=/dev/ttyS0,link=/tmp/x', 'slip: link has no meaning with line=PATH: leave it out'],
    [
      'slip,198.18.1.1,gateway=198.18.2.1',
      'slip: gateway 198.18.2.1 is not in the net of hostIp, 198.18.1.1/24: it could not be reached',
    ],
    [
      'slip,,peer=198.18.1',
      'slip: peer 198.18.1 is no IPv4 address or net: write one as in 198.18.1.7, a net as in 198.18.1.4/30',
    ],
    [
      'slip,,peer=224.0.0.0/4',
      'slip: peer 224.0.0.0/4 has addresses that are no hosts: allowed are 1.0.0.0 to 223.255.255.255 without 127',
    ],
    [
      'slirp,mtu=1400',
      "slirp: option mtu is for the object form alone, as in { transport: 'slirp', mtu: … }",
    ],
    [
      { transport: 'slirp', program: '/opt/my_slirp' },
      "slirp: program /opt/my_slirp has an underscore, which means a space in UML's grammar: use a link or script of another name",
    ],
    [
      { transport: 'slirp', args: ['a,b'] },
      'slirp: args "a,b" has a comma, which ends the field in UML\'s grammar: use a link or script of another name',
    ],
  ])
})
