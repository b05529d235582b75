/** Specs of switch daemons: what they become, and what is refused, each with its exact message. */

import assert from 'node:assert/strict'
import { formatSpec, parseSpec } from '../../lib/spec/index.js'
import { itRefuses } from './refusal.js'

describe('spec: daemon and switch', () => {
  it("a guest's own command line is a spec", () => {
    assert.deepEqual(parseSpec('eth0=daemon,fe:fd:0:0:0:1,unix,/tmp/uml.ctl'), {
      transport: 'daemon',
      mac: 'fe:fd:00:00:00:01',
      socketType: 'unix',
      socket: '/tmp/uml.ctl',
      reconnect: true,
      wait: false,
    })
  })

  it('defaults', () => {
    assert.deepEqual(parseSpec('daemon'), {
      transport: 'daemon',
      socketType: 'unix',
      reconnect: true,
      wait: false,
    })
    assert.deepEqual(parseSpec('switch'), {
      transport: 'switch',
      socketType: 'unix',
      socket: '/tmp/uml.ctl',
      mode: '0600',
      clients: 1024,
    })
  })

  it('canonical strings', () => {
    for (const [given, canonical] of [
      ['daemon,,unix', 'daemon'],
      ['daemon,,,/x/ctl', 'daemon,,unix,/x/ctl'],
      ['daemon,,unix,/run/vde/', 'daemon,,unix,/run/vde'],
      ['daemon,wait=on,reconnect=off', 'daemon,reconnect=off,wait=on'],
      ['switch,,unix,/tmp/uml.ctl', 'switch'],
      ['switch,,,/x/a=b', 'switch,,unix,/x/a=b'],
      ['switch,,unix,/x/ctl,mode=660,clients=20', 'switch,,unix,/x/ctl,clients=20,mode=0660'],
      ['switch,mode=umask,clients=1024', 'switch,mode=umask'],
    ] as const) {
      assert.equal(formatSpec(given), canonical)
      assert.equal(formatSpec(canonical), canonical)
    }
  })

  itRefuses([
    ['daemon,,tcp', 'daemon: socketType tcp is unknown: allowed are unix'],
    ['daemon,,unix,/', 'daemon: socket / names a folder, not a socket: add a name, as in /tmp/lan.sock'],
    [
      'daemon,,unix,/x,/tmp/uml.data',
      'daemon: extra field /tmp/uml.data stands after the last one: allowed are mac, socketType, socket, then options as key=value',
    ],
    ['daemon,,unix,/x,mtu=65522', 'daemon: mtu 65522 is out of range: allowed are 68 to 65521'],
    ['daemon,,unix,/x,mode=0600', 'daemon: option mode is unknown: allowed are buffer, mtu, reconnect, wait'],
    ['switch,,unix,/x,clients=0', 'switch: clients 0 is out of range: allowed are 1 to 60000'],
    ['switch,,unix,/x,mode=rw', 'switch: mode rw is no mode: allowed are three octal digits, as in 0660'],
    [
      { transport: 'switch', socket: 'a=b/c' },
      'switch: socket a=b/c looks like an option: write ./ before it',
    ],
    [{ transport: 'daemon', socket: 7 }, 'daemon: socket must be a string, not 7: put it in quotes'],
  ])
})
