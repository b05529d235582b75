/**
 * Spec objects, and what is no spec at all, that are refused, each with its exact message; and what else the error carries.
 */

import assert from 'node:assert/strict'
import { itRefuses, KNOWN, refusal } from './refusal.js'

const MCAST_KEYS = 'allowed are buffer, group, interface, loop, mac, mss, mtu, offload, port, source, ttl'

describe('what is no spec', () =>
  itRefuses([
    [
      undefined,
      "spec: a spec is a string or an object, not undefined: write 'mcast' or { transport: 'mcast' }",
    ],
    [null, "spec: a spec is a string or an object, not null: write 'mcast' or { transport: 'mcast' }"],
    [[], "spec: a spec is a string or an object, not an array: write 'mcast' or { transport: 'mcast' }"],
    [1102, "spec: a spec is a string or an object, not 1102: write 'mcast' or { transport: 'mcast' }"],
    [{}, "spec: the key transport is missing: give one, as in { transport: 'mcast' }"],
    [
      { trasnport: 'mcast' },
      "spec: the key transport is missing: give one, not trasnport, as in { transport: 'mcast' }",
    ],
    [{ transport: 5 }, `spec: transport must be a string, not 5: ${KNOWN}`],
  ]))

describe('spec objects refused for a key', () =>
  itRefuses([
    [{ transport: 'mcast', prot: 1 }, `mcast: key "prot" is unknown: did you mean port? (${MCAST_KEYS})`],
    [
      { transport: 'ucast', remote: '10.0.0.1', listen_port: 1 },
      'ucast: key "listen_port" is unknown: did you mean listenPort? (allowed are buffer, interface, listenPort, mac, mss, mtu, offload, remote, remotePort)',
    ],
    [JSON.parse('{"transport":"mcast","__proto__":1}'), `mcast: key "__proto__" is unknown: ${MCAST_KEYS}`],
    [{ transport: 'ucast' }, 'ucast: remote is missing: give one, as in ucast,,192.0.2.1'],
  ]))

describe('spec objects refused for a value', () =>
  itRefuses([
    [
      { transport: 'mcast', port: '1102' },
      'mcast: port must be a number, not the string "1102": write 1102 without quotes',
    ],
    [{ transport: 'mcast', ttl: null }, 'mcast: ttl must be a number, not null: allowed are 0 to 255'],
    [{ transport: 'mcast', ttl: 1.5 }, 'mcast: ttl 1.5 is not a whole number: allowed are 0 to 255'],
    [{ transport: 'mcast', port: 70000 }, 'mcast: port 70000 is out of range: allowed are 1 to 65535'],
    [{ transport: 'mcast', mac: 5254 }, 'mcast: mac must be a string, not 5254: put it in quotes'],
    [{ transport: 'mcast', group: ['x'] }, 'mcast: group must be a string, not an array'],
    [{ transport: 'mcast', group: '' }, 'mcast: group "" is empty: leave the key out for the default'],
    [{ transport: 'mcast', loop: 'on' }, 'mcast: loop must be true or false, not the string "on"'],
    [
      { transport: 'mcast', offload: false },
      "mcast: offload must be a string, not false: allowed are 'auto', 'off'",
    ],
    [
      { transport: 'mcast', mss: '1400' },
      "mcast: mss must be a word or a number, not the string \"1400\": allowed are 'auto', 'off' and 536 to 65495",
    ],
    [
      { transport: 'mcast', interface: {} },
      'mcast: interface must be a string or a number, not an object: give a name, an index or an address',
    ],
    [
      { transport: 'mcast', interface: 'a,b' },
      "mcast: interface \"a,b\" is not an interface: allowed are a name without '/', ':', ',' or spaces, an index or an address",
    ],
    [
      { transport: 'mcast', interface: 'l\to' },
      'mcast: interface has the character U+0009 at position 2: allowed is one line without control characters',
    ],
    [{ transport: 'host', maxFrame: 13 }, 'host: maxFrame 13 is out of range: allowed are 14 to 65535'],
    [
      { transport: 'host', ringOctets: 100000 },
      'host: ringOctets 100000 is not a power of two: allowed are 65536, 131072 and so on',
    ],
    [
      { transport: 'host', ringOctets: 65536 },
      'host: ringOctets 65536 is too small for maxFrame 65535: allowed are 262144 and more',
    ],
  ]))

describe('a refusal', () => {
  for (const [spec, field, value] of [
    ['mcats,,', 'transport', 'mcats'],
    ['vec0=mcast', 'prefix', 'vec0'],
    ['mcast,1:2:3:4:5:6', 'mac', '1:2:3:4:5:6'],
    ['mcast,,10.0.0.1', 'group', '10.0.0.1'],
    ['mcast,,,70000', 'port', '70000'],
    ['mcast,,,,256', 'ttl', '256'],
    ['mcast,,,,,x', 'extra field', 'x'],
    ['mcast,interfce=lo', 'interfce', 'lo'],
    ['ucast', 'remote', undefined],
    ['ucast,,10.0.0.1,0', 'listenPort', '0'],
    ['ucast,,10.0.0.1,1,0', 'remotePort', '0'],
    [{ transport: 'mcast', port: 70000 }, 'port', 70000],
    [{ transport: 'mcast', prot: 1102 }, 'prot', 1102],
    [{ transport: 'mcast', ttl: null }, 'ttl', null],
    [{ transport: 'mcast', interface: -1 }, 'interface', -1],
    [null, 'spec', null],
  ] as const) {
    it(`of ${JSON.stringify(spec)} names ${field} and its value`, () => {
      const error = refusal(spec)
      assert.deepEqual({ field: error.field, value: error.value }, { field, value })
    })
  }
})
