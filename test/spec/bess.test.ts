/** Specs of `bess` and `fd`: their spellings, and what is refused. */

import assert from 'node:assert/strict'
import { EthercastError, formatSpec, parseSpec } from '../../lib/spec/index.js'
import type { SpecObject } from '../../lib/spec/index.js'

function refuses(spec: unknown, field: string, message: RegExp): void {
  assert.throws(
    () => parseSpec(spec as SpecObject),
    (error: unknown) => {
      assert.ok(error instanceof EthercastError)
      assert.deepEqual([error.code, error.field], ['ERR_ETHERCAST_FIELD', field])
      assert.match(error.message, message)
      return true
    },
    JSON.stringify(spec),
  )
}

describe('specs of bess', () => {
  it('have every default filled in, and a canonical string without them', () => {
    assert.deepEqual(parseSpec('bess,listen=/run/lan.sock'), {
      transport: 'bess',
      listen: '/run/lan.sock',
      clients: 1024,
      reconnect: true,
      wait: false,
    })
    const spec = 'bess,wait=on,reconnect=off,mtu=9000,mac=FE:fd:0:0:0:1,connect=./a=b.sock,buffer=1M'
    assert.equal(
      formatSpec(spec),
      'bess,buffer=1048576,connect=./a=b.sock,mac=fe:fd:00:00:00:01,mtu=9000,reconnect=off,wait=on',
    )
    assert.equal(
      formatSpec('bess,mode=660,listen=/l,group=kvm,clients=3'),
      'bess,clients=3,group=kvm,listen=/l,mode=0660',
    )
  })

  it('name one role, and options of that role alone', () => {
    refuses('bess', 'listen', /listen or connect is missing: give one, as in bess,listen=/)
    refuses('bess,listen=/a,connect=/b', 'connect', /are both given/)
    refuses('bess,listen=/a,reconnect=off', 'reconnect', /no meaning with listen=/)
    refuses('bess,listen=/a,wait=on', 'wait', /no meaning with listen=/)
    refuses('bess,connect=/a,mode=0660', 'mode', /no meaning with connect=/)
    refuses('bess,connect=/a,group=kvm', 'group', /no meaning with connect=/)
    refuses('bess,connect=/a,clients=5', 'clients', /no meaning with connect=/)
  })

  it('have paths, modes and numbers that can be', () => {
    refuses('bess,/run/lan.sock', 'extra field', /has no key/)
    refuses('bess,listen=/run/', 'listen', /names a folder/)
    refuses(`bess,listen=/${'x'.repeat(107)}`, 'listen', /too long, 108 octets/)
    refuses({ transport: 'bess', listen: '/a,b' }, 'listen', /has a comma/)
    refuses('bess,listen=/a,mode=0888', 'mode', /three octal digits/)
    refuses({ transport: 'bess', listen: '/a', mode: 660 }, 'mode', /quotes/)
    refuses('bess,listen=/a,clients=0', 'clients', /1 to 60000/)
    refuses('bess,listen=/a,mtu=67', 'mtu', /68 to 65521/)
    refuses('bess,listen=/a,mac=01:0:0:0:0:1', 'mac', /odd|group|first octet/i)
    refuses('bess,dst=/a', 'dst', /option dst is unknown/)
  })
})

describe('specs of fd', () => {
  it('have a number and a MAC by place, or neither', () => {
    assert.deepEqual(parseSpec('fd'), { transport: 'fd', type: 'seqpacket' })
    assert.deepEqual(parseSpec('fd,3'), { transport: 'fd', fd: 3, type: 'seqpacket' })
    assert.equal(formatSpec('fd,7,fe:fd:0:0:0:1,mtu=1500'), 'fd,7,fe:fd:00:00:00:01,mtu=1500')
    assert.equal(formatSpec('fd,,,type=dgram'), 'fd,type=dgram')
    assert.equal(formatSpec({ transport: 'fd', fd: 12 }), 'fd,12')
  })

  it('are refused for standard descriptors, and for a type that is given already', () => {
    for (const number of ['0', '1', '2', '2147483648']) refuses(`fd,${number}`, 'fd', /3 to 2147483647/)
    refuses('fd,x', 'fd', /decimal/)
    refuses('fd,fd=3', 'fd', /has a place, not a key: write fd,3/)
    refuses('fd,3,,type=dgram', 'type', /descriptor 3 has one/)
    refuses('fd,,,type=stream', 'type', /allowed are seqpacket, dgram|unknown/)
  })
})
