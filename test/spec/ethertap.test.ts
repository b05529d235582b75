/**
 * Specs of `ethertap`: the grammar of `tuntap`, but for the device, which must be named.
 */

import assert from 'node:assert/strict'
import { formatSpec, notices, parseSpec } from '../../lib/spec/index.js'
import { itRefuses } from './refusal.js'

const NAME_FORM = "allowed are 1 to 15 octets without '/', ':', '%', ',', '=' or spaces"

describe('spec: ethertap', () => {
  it('is read and printed, and has the defaults of tuntap', () => {
    const spec = parseSpec('eth0=ethertap,tap0,fe:fd:0:0:0:1,198.18.0.1')
    assert.deepEqual(spec, {
      transport: 'ethertap',
      device: 'tap0',
      mac: 'fe:fd:00:00:00:01',
      hostIp: '198.18.0.1',
      mtu: 'auto',
      offload: 'auto',
      persist: false,
    })
    assert.equal(formatSpec(spec), 'ethertap,tap0,fe:fd:00:00:00:01,198.18.0.1')
    assert.equal(
      formatSpec(parseSpec('ethertap,tap7,mtu=1400,offload=off')),
      'ethertap,tap7,mtu=1400,offload=off',
    )
  })

  it('tells that an owner does little for a tap that goes, by its own name', () => {
    assert.match(notices(parseSpec('ethertap,tap0,owner=1000')).join(), /^ethertap: option owner does little/)
  })

  describe('refuses', () => {
    itRefuses([
      ['ethertap', 'ethertap: device is missing: give one, as in ethertap,tap0'],
      ['ethertap,,fe:fd:0:0:0:1', 'ethertap: device is missing: give one, as in ethertap,tap0'],
      [{ transport: 'ethertap' }, 'ethertap: device is missing: give one, as in ethertap,tap0'],
      ['ethertap,a/b', `ethertap: device a/b is no name of a device: ${NAME_FORM}`],
      [
        'ethertap,198.18.0.1',
        'ethertap: device 198.18.0.1 is an IP address: device and mac stand before it, as in ethertap,tap0,,198.18.0.1',
      ],
      [
        'ethertap,fe:fd:0:0:0:1',
        'ethertap: device fe:fd:0:0:0:1 is a MAC address: device stands before it, as in ethertap,tap0,fe:fd:0:0:0:1',
      ],
      [
        'ethertap,tap0,,198.18.0.0',
        "ethertap: hostIp 198.18.0.0 is the address of a net of /24: give one host's, as 198.18.0.1",
      ],
      [
        'ethertap,tap0,,,x',
        'ethertap: extra field x stands after the last one: allowed are device, mac, hostIp, then options as key=value',
      ],
    ])
  })
})
