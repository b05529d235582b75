/** Specs of `stream` and `dgram`: what they become, and what is refused with which words. */

import assert from 'node:assert/strict'
import { formatSpec, parseSpec } from '../../lib/spec/index.js'
import { itRefuses } from './refusal.js'

describe('stream and dgram specs', () => {
  it('have every default filled in', () => {
    const common = { transport: 'stream', clients: 1024, reconnect: true, wait: false }
    assert.deepEqual(parseSpec('stream,listen=/tmp/lan.sock'), { ...common, listen: '/tmp/lan.sock' })
    assert.deepEqual(parseSpec('eth0=stream,connect=localhost:1234,wait=on,mtu=1500'), {
      ...common,
      connect: '127.0.0.1:1234',
      wait: true,
      mtu: 1500,
    })
    assert.deepEqual(parseSpec('dgram,local=a/b,remote=./c'), {
      transport: 'dgram',
      local: 'a/b',
      remote: './c',
      mss: 'auto',
      offload: 'auto',
    })
  })

  it('are printed in their canonical form', () => {
    for (const [given, canonical] of [
      ['stream,wait=off,connect=[2001:DB8:0:0::7]:9,reconnect=on', 'stream,connect=[2001:db8::7]:9'],
      ['stream,listen=./s,mode=660,clients=1024', 'stream,listen=./s,mode=0660'],
      ['dgram,remote=localhost:2,local=127.0.0.1:1', 'dgram,local=127.0.0.1:1,remote=127.0.0.1:2'],
    ] as const) {
      assert.equal(formatSpec(given), canonical)
    }
  })

  describe('refused', () => {
    const form = 'is neither a path (with a slash, as ./lan.sock) nor HOST:PORT (as 127.0.0.1:1234)'
    itRefuses(
      Object.entries({
        stream:
          'stream: listen or connect is missing: give one, as in stream,listen=/tmp/lan.sock or stream,connect=127.0.0.1:1234',
        'stream,listen=/a,connect=/b':
          'stream: listen and connect are both given: keep one; the other end has the other, or make two ports',
        'stream,/tmp/lan.sock':
          'stream: extra field /tmp/lan.sock has no key: allowed are buffer, clients, connect, group, listen, mac, mode, mtu, reconnect, wait, each as key=value',
        'stream,listen=lan.sock': `stream: listen lan.sock ${form}`,
        'stream,listen=127.0.0.1':
          'stream: listen 127.0.0.1 has no port: write HOST:PORT, as in 192.0.2.7:1234 or [2001:db8::7]:1234',
        'stream,connect=example.org:80':
          'stream: connect example.org:80 names no IP address: allowed are one as 127.0.0.1:1234 or [::1]:1234, and localhost; names are not looked up',
        'stream,connect=127.0.0.1:0':
          'stream: connect 127.0.0.1:0 has no port that can be: allowed are 1 to 65535',
        'stream,connect=0.0.0.0:1234':
          'stream: connect 0.0.0.0:1234 is no address of one host: give that of the other side, as 127.0.0.1:1234',
        'stream,connect=239.1.2.3:1234':
          'stream: connect 239.1.2.3:1234 is a multicast group: for a group there is mcast',
        'stream,connect=[fe80::1]:1234':
          'stream: connect "[fe80::1]:1234" is an address of one link only: give one that needs no interface, or use ucast with interface=',
        'stream,connect=/tmp/s,mode=0660': 'stream: mode has no meaning with connect=: leave it out',
        'stream,connect=/tmp/s,clients=3': 'stream: clients has no meaning with connect=: leave it out',
        'stream,listen=/tmp/s,wait=on': 'stream: wait has no meaning with listen=: leave it out',
        'stream,listen=127.0.0.1:1234,mode=0660':
          'stream: mode is for a path: whoever reaches 127.0.0.1:1234 may connect',
        'stream,listen=/tmp/s,clients=0': 'stream: clients 0 is out of range: allowed are 1 to 60000',
        'dgram,local=/a':
          'dgram: remote is missing: give one, as in dgram,local=/tmp/one.sock,remote=/tmp/two.sock',
        'dgram,local=/a,remote=/a': 'dgram: local and remote are the same, /a: each side has its own',
        'dgram,local=/a,remote=127.0.0.1:1': 'dgram: local and remote must both be paths, or both HOST:PORT',
        'dgram,local=127.0.0.1:1,remote=[::1]:1': 'dgram: local and remote must both be IPv4, or both IPv6',
        'dgram,local=127.0.0.1:1,remote=239.1.1.1:1':
          'dgram: remote 239.1.1.1:1 is a multicast group: for a group there is mcast',
        'dgram,local=/a,remote=/b,mss=1400': 'dgram: mss is for UDP: paths have no use for it',
        'dgram,local=127.0.0.1:1,remote=127.0.0.1:2,mode=0600':
          'dgram: mode is for paths: whoever reaches the port may send',
      }),
    )
  })
})
